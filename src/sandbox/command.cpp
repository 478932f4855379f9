#include "sandbox/command.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "sandbox/identity.h"

namespace polysync::sandbox {
namespace {

void greet(const Sandbox& sandbox) {
    auto endpoint = sandbox.endpoint();
    auto platform = [&](std::string_view name, std::string_view type) {
        return fmt::format(
            "      - {{name: {}, type: {}, region: us-east-1, endpoint: \"{}\", auth: {{method: access_key,\n"
            "         access_key_id: {}, secret_access_key: \"env://AWS_SECRET_ACCESS_KEY\"}}}}\n",
            name, type, endpoint, sample_key_id);
    };
    auto text = fmt::format(
        "The Polysync sandbox answers as Glue, Batch, SageMaker, Step Functions, STS and CloudWatch Logs at\n"
        "\n"
        "    {0}\n"
        "\n"
        "It checks signatures, so clients need the keys of its sample account {1}, which work in every "
        "region:\n"
        "\n"
        "    export AWS_ACCESS_KEY_ID={2}\n"
        "    export AWS_SECRET_ACCESS_KEY={3}\n"
        "    export AWS_DEFAULT_REGION=us-east-1\n"
        "\n"
        "A polysync.yaml for it:\n"
        "\n"
        "    platforms:\n"
        "{4}{5}{6}{7}"
        "\n"
        "Then, in another terminal:\n"
        "\n"
        "    polysync platform test etl\n"
        "    polysync pipeline discover etl\n"
        "    aws --endpoint-url {0} glue list-jobs\n"
        "    curl {0}/_sandbox/books\n"
        "\n"
        "Faults, quotas, more keys and jobs: docs/sandbox.md. Stop with Ctrl-C.\n",
        endpoint, sample_account, sample_key_id, sample_secret, platform("etl", "aws_glue"),
        platform("batch", "aws_batch"), platform("ml", "aws_sagemaker"),
        platform("flows", "aws_step_functions"));
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

// The file appears with its whole content.
bool write_ready_file(const Sandbox& sandbox, const std::string& path) {
    auto text = fmt::format("{{\"endpoint\":\"{}\",\"pid\":{}}}\n", sandbox.endpoint(), ::getpid());
    auto temporary = path + ".new";
    std::FILE* file = std::fopen(temporary.c_str(), "w");
    if (!file) return false;
    bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    written = std::fclose(file) == 0 && written;
    return written && std::rename(temporary.c_str(), path.c_str()) == 0;
}

}  // namespace

int run_sandbox_command(const SandboxOptions& options, const std::string& ready_file) {
    boost::asio::io_context io(1);
    auto sandbox = Sandbox::start(options, io);
    if (!sandbox) {
        auto& error = sandbox.error();
        auto text = fmt::format("polysync sandbox: {}{}{}\n", error.message, error.remedy.empty() ? "" : "\n",
                                error.remedy);
        std::fwrite(text.data(), 1, text.size(), stderr);
        return error.kind == ErrorKind::invalid_input ? 2 : 1;
    }
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    auto& running = *sandbox.value();
    signals.async_wait([&running](const boost::system::error_code& error, int) {
        if (!error) running.stop();
    });
    greet(running);
    if (!ready_file.empty() && !write_ready_file(running, ready_file)) {
        fmt::print(stderr, "polysync sandbox: cannot write {}: {}\n", ready_file, std::strerror(errno));
        return 1;
    }
    io.run();
    return 0;
}

}  // namespace polysync::sandbox
