// A token that the platform keeps fresh in a file: Kubernetes service accounts (IRSA), AKS workload identity.
#include <fmt/format.h>

#include "aws/auth/sources.h"

namespace polysync::aws {
namespace {

class TokenFile final : public WebTokenSource {
  public:
    TokenFile(std::string path, std::string attribute, AuthEnvironment& auth)
        : path_(std::move(path)), attribute_(std::move(attribute)), auth_(auth) {}

    Async<Result<Secret>> token() override { co_return read(); }
    std::string describe() const override { return fmt::format("token file {}", path()); }

  private:
    std::string path() const {
        return path_.empty() ? auth_.environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") : path_;
    }

    Result<Secret> read() const {
        std::string file = path();
        if (file.empty()) {
            return make_error(ErrorKind::invalid_input, "no_token_file", "No token file is named",
                              "Set token_file, or AWS_WEB_IDENTITY_TOKEN_FILE, to the file that holds the "
                              "workload's token.");
        }
        auto text = auth_.environment.read_file(file, max_secret_bytes);
        if (!text) {
            return make_error(
                ErrorKind::credentials, "token_file_unreadable",
                fmt::format("{}: {}", attribute_, text.error().message),
                "Check that the identity's token is mounted into this machine or pod, and readable.");
        }
        std::string token = std::move(text).value();
        std::size_t begin = token.find_first_not_of(" \t\r\n");
        if (begin == std::string::npos) {
            return make_error(ErrorKind::credentials, "token_file_empty",
                              fmt::format("{}: {} is empty", attribute_, file));
        }
        token.erase(token.find_last_not_of(" \t\r\n") + 1).erase(0, begin);
        register_secret(token, SecretLife::passing);
        return Secret(std::move(token));
    }

    std::string path_;
    std::string attribute_;
    AuthEnvironment& auth_;
};

}  // namespace

WebTokenSourcePtr make_token_file(std::string path, std::string attribute, const SourceContext& context) {
    return std::make_unique<TokenFile>(std::move(path), std::move(attribute), context.auth);
}

}  // namespace polysync::aws
