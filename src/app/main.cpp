// The one place that names concrete classes: HTTP client, clock, randomness, terminal, sandbox.
#include <csignal>
#include <cstdio>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "app/connector.h"
#include "app/dev_command.h"
#include "app/sandbox_command.h"
#include "app/server_command.h"
#include "app/state_folder.h"
#include "app/terminal_console.h"
#include "base/secret.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/services.h"

namespace polysync::app {
namespace {

// A script that reads what was lost must not take the command for a success.
int after_output(cli::Console& console, int code) {
    std::string error = console.out_error();
    if (error.empty()) return code;
    console.err(fmt::format("error: standard output cannot be written: {}\n", error));
    return code == cli::exit_success ? cli::exit_unreachable : code;
}

int refuse(cli::Refusal refusal, cli::Console& console) {
    cli::Output output(console, refusal.json);
    if (!refusal.out.empty()) output.raw_result(refusal.out);
    if (refusal.message.empty()) return after_output(console, refusal.exit_code);
    if (refusal.json) {
        output.error(make_error(ErrorKind::invalid_input, "usage", refusal.message, refusal.remedy));
    } else {
        output.note(fmt::format("{} {}\n{}", output.paint(cli::Colour::red, "error:", true), refusal.message,
                                refusal.remedy));
    }
    return refusal.exit_code;
}

int run_command(cli::Invocation invocation, boost::asio::io_context& io, cli::Console& console) {
    Connector connector;
    auto journal = cli::make_file_journal(state_folder() + "/tokens");
    auto connect = [&connector](const Platform& platform) { return connector.connect(platform); };
    auto inspect = [&connector](const Platform& platform) { return connector.inspect_token(platform); };
    auto http = [&connector] { return connector.http(); };
    cli::Services services{.console = console,
                           .clock = system_clock(),
                           .random = system_random(),
                           .journal = *journal,
                           .connect = connect,
                           .inspect_token = inspect,
                           .environment = environment_variable,
                           .version = POLYSYNC_VERSION,
                           .sandbox_options = sandbox_options(),
                           .http = http,
                           .state_folder = state_folder()};
    std::optional<int> code;
    std::exception_ptr failure;
    auto done = [&](std::exception_ptr error, int result) {
        failure = error;
        code = result;
        io.stop();
    };
    boost::asio::co_spawn(io, cli::execute(std::move(invocation), services), done);
    io.run();
    if (failure) std::rethrow_exception(failure);
    return after_output(console, code.value_or(cli::exit_unreachable));
}

int run(const std::vector<std::string>& arguments) {
    auto parsed = cli::parse_arguments(arguments, sandbox_options());
    // The sandbox takes over the signals itself.
    if (auto* invocation = std::get_if<cli::Invocation>(&parsed)) {
        if (auto* command = std::get_if<cli::SandboxCommand>(&invocation->command)) {
            log::set_level(invocation->global.log_level);
            return run_sandbox(*command);
        }
    }
    boost::asio::io_context io(1);
    auto console = make_terminal_console(io);
    if (auto* refusal = std::get_if<cli::Refusal>(&parsed)) return refuse(std::move(*refusal), *console);
    auto& invocation = std::get<cli::Invocation>(parsed);
    log::set_level(invocation.global.log_level);
    if (auto* command = std::get_if<cli::ServerCommand>(&invocation.command);
        command && !command->restore_from.empty())
        return run_restore(*command, invocation.global, *console);
    if (auto* command = std::get_if<cli::ServerCommand>(&invocation.command);
        command && !command->move_to.empty())
        return run_move(*command, invocation.global, *console);
    if (auto* command = std::get_if<cli::ServerCommand>(&invocation.command))
        return run_server(*command, invocation.global, io, *console);
    if (auto* command = std::get_if<cli::DevCommand>(&invocation.command))
        return run_dev(*command, invocation.global, io, *console);
    return run_command(std::move(invocation), io, *console);
}

}  // namespace
}  // namespace polysync::app

int main(int argc, char** argv) {
    // `polysync … | head` ends quietly; sockets are never signalled. A file at its limit is a full disk.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        return polysync::app::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::string text = polysync::redact(error.what());
        std::fprintf(stderr, "error: %s\nThis is a bug in polysync; please report it.\n", text.c_str());
        return polysync::cli::exit_unreachable;
    }
}
