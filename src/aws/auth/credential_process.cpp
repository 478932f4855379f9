// credential_process: a program prints the keys (aws-facts 9.3).
#include <fmt/format.h>

#include "aws/auth/key_document.h"
#include "aws/auth/sources.h"

namespace polysync::aws {
namespace {

class ProcessSource final : public CredentialsSource {
  public:
    ProcessSource(std::string command_line, std::string profile, AuthEnvironment& auth)
        : command_line_(std::move(command_line)),
          origin_(fmt::format("credential_process of profile {}", profile)),
          auth_(auth) {}

    Async<Result<Credentials>> fetch() override {
        auto words = split_command_line(command_line_);
        if (!words) co_return named(words.error());
        Result<ProcessResult> run = co_await auth_.processes.run(std::move(words).value(), ProcessLimits());
        if (!run) co_return named(run.error());
        co_return read(std::move(run).value());
    }

  private:
    Error named(Error error) const {
        error.message = fmt::format("{}: {}", origin_, error.message);
        return error;
    }

    Result<Credentials> read(ProcessResult run) const {
        if (run.exit_code != 0) {
            // Its error output is shown, as the AWS tools do; what it printed to standard output may hold
            // keys.
            return make_error(
                ErrorKind::credentials, "process_failed",
                fmt::format("{} ended with exit code {}: {}", origin_, run.exit_code, run.error_output));
        }
        POLYSYNC_TRY(KeyDocument document, read_key_document(std::move(run.output), origin_));
        if (document.version != 1) {
            return make_error(ErrorKind::credentials, "process_output_unknown",
                              fmt::format("{} did not print \"Version\": 1", origin_));
        }
        document.code.clear();
        POLYSYNC_TRY(Credentials keys, keys_of(document, origin_));
        keys.source = origin_;
        return keys;
    }

    std::string command_line_;
    std::string origin_;
    AuthEnvironment& auth_;
};

}  // namespace

SourcePtr make_process(std::string command_line, std::string profile, const SourceContext& context) {
    return std::make_unique<ProcessSource>(std::move(command_line), std::move(profile), context.auth);
}

}  // namespace polysync::aws
