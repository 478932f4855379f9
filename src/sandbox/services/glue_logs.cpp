// The CloudWatch log streams of simulated Glue: one stream per run, named like it, in an output and an error
// group.
#include <fmt/format.h>

#include "sandbox/services/glue.h"

namespace polysync::sandbox {

namespace {

struct Group {
    bool python;
    bool error;
};

std::optional<Group> group_of(std::string_view name) {
    if (name == "/aws-glue/jobs/output") return Group{false, false};
    if (name == "/aws-glue/jobs/error") return Group{false, true};
    if (name == "/aws-glue/python-jobs/output") return Group{true, false};
    if (name == "/aws-glue/python-jobs/error") return Group{true, true};
    return std::nullopt;
}

bool in_group(const GlueRun& run, const Group& group, SandboxTime now) {
    // The stream comes into being when the script starts.
    return !run.waiting && (run.job->command == "pythonshell") == group.python && now >= run.running &&
           run.ends >= run.running;
}

std::vector<LogLine> output_lines(const GlueRun& run, SandboxTime until) {
    if (!run.outcome->log_lines.empty()) {
        return spread_lines(run.outcome->log_lines, run.running, run.planned_end, until);
    }
    const std::string& job = run.job->name;
    return spread_lines({fmt::format("{}: starting", job), fmt::format("{}: reading source", job),
                         fmt::format("{}: 18234 rows read", job), fmt::format("{}: writing target", job)},
                        run.running, run.planned_end, until);
}

std::vector<LogLine> error_lines(const GlueRun& run, SandboxTime until) {
    auto lines = run.job->command == "pythonshell"
                     ? std::vector<LogLine>()
                     : spread_lines({"INFO SparkContext: Running Spark version 3.3.0-amzn-1",
                                     "INFO GlueContext: GlueMetrics configured and enabled"},
                                    run.running, run.planned_end, until);
    if (run.final_state == "FAILED" && run.ends <= until) {
        const std::string& reason = run.outcome->reason;
        lines.push_back(
            {run.ends, fmt::format("ERROR ProcessLauncher: Error from Python:Traceback (most recent call "
                                   "last):\n{}",
                                   reason.empty() ? "SystemExit: 1" : reason)});
    }
    return lines;
}

}  // namespace

bool GlueService::has_log_group(std::string_view group, const CallContext& context) {
    (void)context;
    return group_of(group).has_value();
}

std::optional<std::vector<LogLine>> GlueService::log_stream(std::string_view group, std::string_view stream,
                                                            const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const auto kind = group_of(group);
    const GlueRun* run = kind ? state.find(stream) : nullptr;
    if (!run) return std::nullopt;
    state.settle(*run->job, context.now, settings_);
    if (!in_group(*run, *kind, context.now)) return std::nullopt;
    const SandboxTime until = std::min(context.now, run->ends);
    return kind->error ? error_lines(*run, until) : output_lines(*run, until);
}

void GlueService::each_log_stream(std::string_view group, SandboxTime from, const CallContext& context,
                                  const std::function<bool(const std::string&)>& visit) {
    GlueState& state = places_.at(*this, context);
    const auto kind = group_of(group);
    if (!kind) return;
    for (auto& [name, job] : state.jobs) {
        if ((job.command == "pythonshell") != kind->python) continue;
        state.settle(job, context.now, settings_);
        for (const std::uint32_t index : job.runs) {
            const GlueRun& run = state.run(index);
            if (in_group(run, *kind, context.now) && run.ends >= from && !visit(run.id)) return;
        }
    }
}

}  // namespace polysync::sandbox
