// What DescribeJobs and ListJobs say of a job.
#include <fmt/format.h>

#include "sandbox/services/batch.h"
#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::uint64_t scramble = 0x9e3779b97f4a7c15ULL;  // odd, so multiplication can be undone

std::string arn(const CallContext& context, std::string_view service, std::string_view rest) {
    return fmt::format("arn:{}:{}:{}:{}:{}", context.partition, service, context.region, context.account,
                       rest);
}

// How the container ended, where it has: a stop of ours, or the script's failure.
struct End {
    std::string status_reason;
    std::string container_reason;
    std::optional<int> exit_code;
};

End end_of_attempt(BatchState& state, const BatchJob& job, const BatchWork& work, const BatchMoment& at,
                   int attempt) {
    const bool last = attempt + 1 == at.attempts_ended;
    if (at.forced && last) return {state.reasons[work.reason], "", 143};
    if (last && at.status == "SUCCEEDED") return {"Essential container in task exited", "", 0};
    BatchFailure failure = batch_failure(*job.outcome, job.plan(work).timed_out);
    return {std::move(failure.status_reason), std::move(failure.container_reason), failure.exit_code};
}

std::string status_reason(BatchState& state, const BatchJob& job, const BatchWork& work,
                          const BatchMoment& at) {
    if (at.forced) return state.reasons[work.reason];
    if (at.status == "FAILED" && work.dependency_failed) return "Dependent Job failed";
    if (at.status == "RUNNABLE" && job.outcome->stuck) return job.outcome->reason;
    if (at.status == "SUCCEEDED" || at.status == "FAILED") {
        return end_of_attempt(state, job, work, at, at.attempts_ended - 1).status_reason;
    }
    return {};
}

void put_times(JsonObject& view, const BatchJob& job, const BatchWork& work, const BatchMoment& at) {
    if (at.attempts_begun > 0) {
        view["startedAt"] = millis(BatchState::running_since(job, work, at.attempts_begun - 1));
    }
    if (at.status == "SUCCEEDED" || at.status == "FAILED") view["stoppedAt"] = millis(at.ended);
}

void put_flags(JsonObject& view, BatchWork::Asked asked) {
    // Only where true: AWS leaves the others out.
    if (asked == BatchWork::Asked::cancel) view["isCancelled"] = true;
    if (asked == BatchWork::Asked::terminate) view["isTerminated"] = true;
}

JsonObject status_summary(const BatchState& state, const BatchJob& job, SandboxTime now) {
    JsonObject summary;
    for (const char* status :
         {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"}) {
        summary[status] = 0;
    }
    if (now < job.spawned) return summary;
    for (const BatchWork& work : job.works) {
        auto& count = summary[state.moment(job, work, now).status];
        count = count.get_int64() + 1;
    }
    return summary;
}

JsonArray attempts_view(BatchState& state, const BatchJob& job, int child, const BatchWork& work,
                        const BatchMoment& at, const CallContext& context) {
    JsonArray attempts;
    const std::uint32_t index = state.index_of(job);
    for (int attempt = 0; attempt < at.attempts_ended; ++attempt) {
        const SandboxTime started = BatchState::running_since(job, work, attempt);
        const bool last = attempt + 1 == at.attempts_ended;
        const bool over = at.status == "SUCCEEDED" || at.status == "FAILED";
        const SandboxTime stopped = last && over ? at.ended : started + job.plan(work).running;
        const End end = end_of_attempt(state, job, work, at, attempt);
        JsonObject container{{"logStreamName", batch_log_stream(job, index, child, attempt)},
                             {"taskArn", arn(context, "ecs",
                                             fmt::format("task/AWSBatch-{}/{}", job.queue->name,
                                                         batch_task_id(index, child, attempt)))},
                             {"networkInterfaces", JsonArray()}};
        if (end.exit_code) container["exitCode"] = *end.exit_code;
        if (!end.container_reason.empty()) container["reason"] = end.container_reason;
        attempts.emplace_back(JsonObject{{"container", std::move(container)},
                                         {"startedAt", millis(started)},
                                         {"stoppedAt", millis(stopped)},
                                         {"statusReason", end.status_reason}});
    }
    return attempts;
}

JsonObject container_view(BatchState& state, const BatchJob& job, int child, const BatchWork& work,
                          const BatchMoment& at, const CallContext& context) {
    const JsonObject* properties = object_in(job.definition->detail, "containerProperties");
    JsonObject container = properties ? *properties : JsonObject();
    std::string missing;
    container["command"] = batch_command(*job.definition, job.request, missing);
    if (const JsonObject* overrides = object_in(job.request, "containerOverrides")) {
        copy_members(*overrides, container,
                     {"environment", "resourceRequirements", "instanceType", "vcpus", "memory"});
    }
    if (at.attempts_begun == 0) return container;
    const std::uint32_t index = state.index_of(job);
    const int attempt = at.attempts_begun - 1;
    container["logStreamName"] = batch_log_stream(job, index, child, attempt);
    const std::string task = batch_task_id(index, child, attempt);
    container["taskArn"] = arn(context, "ecs", fmt::format("task/AWSBatch-{}/{}", job.queue->name, task));
    if (text(job.queue->detail, "jobQueueType", "ECS") == "ECS") {
        container["containerInstanceArn"] =
            arn(context, "ecs",
                fmt::format("container-instance/AWSBatch-{}/{}", job.queue->name,
                            batch_task_id(index / 4, -1, 0)));
    }
    if (at.attempts_ended > 0 && at.attempts_ended == at.attempts_begun) {
        const End end = end_of_attempt(state, job, work, at, attempt);
        if (end.exit_code) container["exitCode"] = *end.exit_code;
        if (!end.container_reason.empty()) container["reason"] = end.container_reason;
    }
    return container;
}

// The members that summary and detail of an array's parent share.
void put_parent(JsonObject& view, BatchState& state, const BatchJob& job, const CallContext& context) {
    const std::string_view status = state.status(job, context.now);
    view["status"] = status;
    view["createdAt"] = millis(job.created);
    if (status == "SUCCEEDED" || status == "FAILED") {
        view["stoppedAt"] = millis(state.end_of(job));
        if (status == "FAILED") {
            const bool asked = job.asked != BatchWork::Asked::nothing;
            const bool dependency = job.works.front().dependency_failed && !asked;
            view["statusReason"] = asked        ? state.reasons[job.reason]
                                   : dependency ? "Dependent Job failed"
                                                : "Array Child Job failed";
        }
    }
    put_flags(view, job.asked);
}

void put_child(JsonObject& view, BatchState& state, const BatchJob& job, int child,
               const CallContext& context) {
    const BatchWork& work = job.works[std::size_t(std::max(child, 0))];
    const BatchMoment at = state.moment(job, work, context.now);
    view["status"] = at.status;
    view["createdAt"] = millis(child < 0 ? job.created : job.spawned);
    put_times(view, job, work, at);
    if (std::string reason = status_reason(state, job, work, at); !reason.empty())
        view["statusReason"] = reason;
    put_flags(view, work.asked);
}

void put_names(JsonObject& view, const BatchJob& job, int child, const CallContext& context) {
    const std::string id = child < 0 ? job.id : fmt::format("{}:{}", job.id, child);
    view["jobId"] = id;
    view["jobArn"] = arn(context, "batch", "job/" + id);
    view["jobName"] = job.name;
    view["jobDefinition"] = job.definition->arn;
    copy_members(job.request, view, {"shareIdentifier"});
}

}  // namespace

std::string batch_task_id(std::uint32_t job, int child, int attempt) {
    const std::uint64_t packed =
        std::uint64_t(job) << 20 | std::uint64_t(child + 1) << 5 | std::uint64_t(attempt);
    const std::string first = fmt::format("{:016x}", packed * scramble);
    return fmt::format("{}{:016x}", first, fnv1a(first));
}

std::string batch_log_stream(const BatchJob& job, std::uint32_t index, int child, int attempt) {
    return fmt::format("{}/default/{}", job.definition->name.substr(0, 200),
                       batch_task_id(index, child, attempt));
}

JsonObject batch_job_summary(BatchState& state, const BatchJob& job, int child, const CallContext& context) {
    JsonObject view;
    put_names(view, job, child, context);
    if (job.array && child < 0) {
        put_parent(view, state, job, context);
        view["arrayProperties"] = {{"size", std::int64_t(job.works.size())}};
        return view;
    }
    put_child(view, state, job, child, context);
    if (child >= 0) view["arrayProperties"] = {{"index", child}};
    if (const JsonObject* nodes = object_in(job.definition->detail, "nodeProperties")) {
        view["nodeProperties"] = {{"isMainNode", false}, {"numNodes", integer(*nodes, "numNodes", 1)}};
    }
    const BatchWork& work = job.works[std::size_t(std::max(child, 0))];
    const BatchMoment at = state.moment(job, work, context.now);
    if (at.attempts_ended > 0 && at.attempts_ended == at.attempts_begun) {
        const End end = end_of_attempt(state, job, work, at, at.attempts_ended - 1);
        JsonObject container;
        if (end.exit_code) container["exitCode"] = *end.exit_code;
        if (!end.container_reason.empty()) container["reason"] = end.container_reason;
        view["container"] = std::move(container);
    }
    return view;
}

JsonObject batch_job_detail(BatchState& state, const BatchJob& job, int child, const CallContext& context) {
    JsonObject view;
    put_names(view, job, child, context);
    view["jobQueue"] = job.queue->arn;
    view["dependsOn"] = list_in(job.request, "dependsOn") ? *list_in(job.request, "dependsOn") : JsonArray();
    JsonObject parameters;
    if (const JsonObject* defaults = object_in(job.definition->detail, "parameters")) parameters = *defaults;
    if (const JsonObject* own = object_in(job.request, "parameters")) {
        for (const auto& parameter : *own) parameters[parameter.key()] = parameter.value();
    }
    view["parameters"] = std::move(parameters);
    copy_members(job.definition->detail, view,
                 {"retryStrategy", "timeout", "platformCapabilities", "propagateTags", "schedulingPriority"});
    copy_members(job.request, view, {"retryStrategy", "timeout", "propagateTags", "tags"});
    if (has(job.request, "schedulingPriorityOverride")) {
        view["schedulingPriority"] = integer(job.request, "schedulingPriorityOverride");
    }
    const BatchWork& work = job.works[std::size_t(std::max(child, 0))];
    const bool parent = job.array && child < 0;
    const BatchMoment at = parent ? BatchMoment() : state.moment(job, work, context.now);
    view["container"] = container_view(state, job, child, work, at, context);
    if (parent) {
        put_parent(view, state, job, context);
        view["attempts"] = JsonArray();
        view["arrayProperties"] = {{"size", std::int64_t(job.works.size())},
                                   {"statusSummary", status_summary(state, job, context.now)},
                                   {"statusSummaryLastUpdatedAt", millis(context.now)}};
        return view;
    }
    put_child(view, state, job, child, context);
    view["attempts"] = attempts_view(state, job, child, work, at, context);
    if (child >= 0) view["arrayProperties"] = {{"index", child}};
    if (has(job.definition->detail, "nodeProperties")) {
        view["nodeProperties"] = job.definition->detail.at("nodeProperties");
    }
    return view;
}

}  // namespace polysync::sandbox
