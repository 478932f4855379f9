#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/platforms.h"

namespace polysync::cli {
namespace {

// Reads leave nothing behind, so an interrupt ends them at once.
Async<int> until_interrupt(Context& context, Async<int> command) {
    auto code = co_await result_before_interrupt(std::move(command), context.services.console);
    if (code && *code != exit_interrupted) co_return *code;
    context.output.note("interrupted");
    co_return exit_interrupted;
}

int complete_names(Context& context) {
    auto platforms = load_platforms(context.global.file, context.output);
    if (!platforms) return exit_bad_input;
    for (const auto& platform : *platforms) context.output.result(platform.name);
    return exit_success;
}

struct Dispatch {
    Context& context;

    Async<int> operator()(PlatformListCommand) { return list_platforms(context); }
    Async<int> operator()(PlatformTestCommand command) {
        return until_interrupt(context, test_platform(context, std::move(command)));
    }
    Async<int> operator()(PlatformPolicyCommand command) {
        return until_interrupt(context, print_policy(context, std::move(command)));
    }
    Async<int> operator()(DiscoverCommand command) {
        return until_interrupt(context, discover_jobs(context, std::move(command)));
    }
    Async<int> operator()(RunCommand command) { return run_job(context, std::move(command)); }
    Async<int> operator()(StatusCommand command) {
        return until_interrupt(context, show_status(context, std::move(command)));
    }
    Async<int> operator()(CancelCommand command) {
        return until_interrupt(context, cancel_run(context, std::move(command)));
    }
    Async<int> operator()(LogsCommand command) {
        return until_interrupt(context, show_logs(context, std::move(command)));
    }
    Async<int> operator()(RemoteCommand command) {
        return until_interrupt(context, command.execute(context));
    }
    // src/app runs these.
    Async<int> operator()(SandboxCommand) { co_return exit_bad_input; }
    Async<int> operator()(ServerCommand) { co_return exit_bad_input; }
    Async<int> operator()(DevCommand) { co_return exit_bad_input; }
    Async<int> operator()(VersionCommand) {
        if (context.output.json()) {
            context.output.json_result(boost::json::value{{"version", context.services.version}});
        } else {
            context.output.result("polysync " + context.services.version);
        }
        co_return exit_success;
    }
    Async<int> operator()(CompletionCommand command) {
        context.output.raw_result(
            completion_script(command.shell, command_tree(context.services.sandbox_options)));
        co_return exit_success;
    }
    Async<int> operator()(CompleteNamesCommand) { co_return complete_names(context); }
};

}  // namespace

Connected connect(Context& context, const std::string& platform) {
    auto found = find_platform(context.global.file, platform, context.output);
    if (!found) return {nullptr, exit_bad_input};
    auto provider = context.services.connect(*found);
    if (provider) return {std::move(provider.value()), exit_success};
    context.output.error(provider.error());
    return {nullptr, exit_code_of(provider.error())};
}

int report(Context& context, const Provider& provider, Error error) {
    // Only an interrupt cancels; who waits for it says so.
    if (error.kind == ErrorKind::cancelled) return exit_interrupted;
    if (error.remedy.empty()) error = provider.diagnose(std::move(error));
    context.output.error(error);
    return exit_code_of(error);
}

Async<int> execute(Invocation invocation, Services& services) {
    log::set_level(invocation.global.log_level);
    Output output(services.console, invocation.global.json);
    Context context{services, invocation.global, output};
    Dispatch dispatch{context};
    int code = co_await std::visit(dispatch, std::move(invocation.command));
    output.live("");
    co_return code;
}

}  // namespace polysync::cli
