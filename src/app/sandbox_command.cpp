#include "app/sandbox_command.h"

#include <charconv>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/result.h"
#include "cli/exit_code.h"
#include "sandbox/command.h"

namespace polysync::app {
namespace {

constexpr std::uint16_t default_port = 4570;

Error bad(const cli::NameValue& option, std::string_view wanted) {
    return make_error(ErrorKind::invalid_input, "bad_option",
                      fmt::format("{} takes {}", option.name, wanted));
}

// The whole text as a number in the range.
template <class Number>
bool parse_number(const std::string& text, Number low, Number high, Number& out) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= low && out <= high;
}

// "127.0.0.1:4570", "[::1]:0"
Status read_listen(const cli::NameValue& option, sandbox::SandboxOptions& options) {
    std::size_t colon = option.value.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return bad(option, "ADDRESS:PORT, for instance 127.0.0.1:4570");
    options.address = option.value.substr(0, colon);
    if (options.address.starts_with('[') && options.address.ends_with(']')) {
        options.address = options.address.substr(1, options.address.size() - 2);
    }
    if (options.address == "localhost") options.address = "127.0.0.1";
    int port = 0;
    if (!parse_number(option.value.substr(colon + 1), 0, 65535, port))
        return bad(option, "a port from 0 to 65535");
    options.port = std::uint16_t(port);
    return success();
}

Status read_milliseconds(const cli::NameValue& option, std::chrono::milliseconds& out) {
    long count = 0;
    if (!parse_number(option.value, 0L, 86'400'000L, count)) return bad(option, "milliseconds");
    out = std::chrono::milliseconds(count);
    return success();
}

Status apply(const cli::NameValue& option, sandbox::SandboxOptions& options) {
    auto& durations = options.settings.durations;
    if (option.name == "--listen") return read_listen(option, options);
    if (option.name == "--queued-ms") return read_milliseconds(option, durations.queued);
    if (option.name == "--starting-ms") return read_milliseconds(option, durations.starting);
    if (option.name == "--running-ms") return read_milliseconds(option, durations.running);
    if (option.name == "--stopping-ms") return read_milliseconds(option, durations.stopping);
    if (option.name == "--list-delay-ms")
        return read_milliseconds(option, options.settings.consistency.list_delay);
    if (option.name == "--describe-delay-ms") {
        return read_milliseconds(option, options.settings.consistency.describe_delay);
    }
    if (option.name == "--time-scale") {
        if (!parse_number(option.value, 0.001, 1e6, options.settings.time_scale))
            return bad(option, "a factor, 0.001 to 1000000");
    } else if (option.name == "--seed") {
        if (!parse_number<std::uint64_t>(option.value, 0, UINT64_MAX, options.seed))
            return bad(option, "a whole number");
    } else if (option.name == "--tls-certificate") {
        options.tls_certificate_file = option.value;
    } else if (option.name == "--tls-key") {
        options.tls_key_file = option.value;
    } else if (option.name == "--quotas") {
        options.enforce_quotas = true;
    } else if (option.name == "--strict-members") {
        options.settings.strict_members = true;
    } else if (option.name == "--allow-remote") {
        options.allow_remote = true;
    }
    return success();
}

}  // namespace

std::vector<cli::SandboxOption> sandbox_options() {
    return {{"--listen", "ADDRESS:PORT", "Where to listen (default 127.0.0.1:4570); port 0 takes a free one"},
            {"--allow-remote", "", "Listen beyond this machine; the admin endpoint asks for no password"},
            {"--tls-certificate", "FILE", "Serve HTTPS with this certificate (PEM)"},
            {"--tls-key", "FILE", "Its key (PEM)"},
            {"--time-scale", "FACTOR", "Runs take their course this many times as fast (default 1)"},
            {"--queued-ms", "MS", "How long runs wait in queues (default 500)"},
            {"--starting-ms", "MS", "How long runs start (default 500)"},
            {"--running-ms", "MS", "How long runs run (default 2000)"},
            {"--stopping-ms", "MS", "How long runs take to stop (default 500)"},
            {"--list-delay-ms", "MS", "New runs show in lists after this time (default 0)"},
            {"--describe-delay-ms", "MS", "New executions can be described after this time (default 0)"},
            {"--quotas", "", "Enforce AWS's request quotas"},
            {"--strict-members", "", "Refuse request members that AWS's models do not know"},
            {"--seed", "NUMBER", "Seed of ids and tokens, for repeatable runs"},
            {"--ready-file", "FILE", "Write address and process id there, as JSON, when it listens"}};
}

int run_sandbox(const cli::SandboxCommand& command) {
    sandbox::SandboxOptions options;
    options.port = default_port;
    std::string ready_file;
    for (const auto& option : command.options) {
        if (option.name == "--ready-file") ready_file = option.value;
        auto applied = apply(option, options);
        if (applied) continue;
        fmt::print(stderr, "error: {}\n", applied.error().message);
        return cli::exit_bad_input;
    }
    return sandbox::run_sandbox_command(options, ready_file);
}

}  // namespace polysync::app
