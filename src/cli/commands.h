// The commands, one coroutine each; they return the exit code and have printed everything.
#pragma once

#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/services.h"

namespace polysync::cli {

struct Context {
    Services& services;
    GlobalOptions global;
    Output& output;
};

[[nodiscard]] Async<int> list_platforms(Context& context);
[[nodiscard]] Async<int> test_platform(Context& context, PlatformTestCommand command);
[[nodiscard]] Async<int> print_policy(Context& context, PlatformPolicyCommand command);
[[nodiscard]] Async<int> discover_jobs(Context& context, DiscoverCommand command);
[[nodiscard]] Async<int> run_job(Context& context, RunCommand command);
[[nodiscard]] Async<int> show_status(Context& context, StatusCommand command);
[[nodiscard]] Async<int> cancel_run(Context& context, CancelCommand command);
[[nodiscard]] Async<int> show_logs(Context& context, LogsCommand command);

// The platform of that name and its provider; what went wrong was printed, with the exit code to return.
struct Connected {
    std::unique_ptr<Provider> provider;
    int exit_code = 0;
};
[[nodiscard]] Connected connect(Context& context, const std::string& platform);

// Prints the error with the platform's diagnosis and returns its exit code.
[[nodiscard]] int report(Context& context, const Provider& provider, Error error);

// A set of one, for Provider::statuses (g++ 12 refuses braced lists inside co_await).
[[nodiscard]] inline std::vector<RunReference> one_run(RunReference run) {
    std::vector<RunReference> runs;
    runs.push_back(std::move(run));
    return runs;
}

}  // namespace polysync::cli
