#include "sandbox/services/glue.h"

#include <fmt/format.h>

#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::size_t default_page = 100;
constexpr std::size_t max_names_per_batch = 25;
constexpr auto token_lifetime = std::chrono::hours(24);

ServiceAnswer bad_token() { return refuse("InvalidInputException", "Invalid NextToken"); }

bool has_tags(const GlueJob& job, const JsonObject* wanted) {
    if (!wanted) return true;
    for (const auto& tag : *wanted) {
        const auto it = job.tags.find(tag.key());
        if (it == job.tags.end() || it->value() != tag.value()) return false;
    }
    return true;
}

JsonObject stop_error(const std::string& job, const std::string& run, std::string_view code,
                      std::string message) {
    return {{"JobName", job},
            {"JobRunId", run},
            {"ErrorDetail", {{"ErrorCode", code}, {"ErrorMessage", std::move(message)}}}};
}

}  // namespace

GlueService::GlueService(const Settings& settings, PlaceSetup setup, std::uint64_t seed)
    : settings_(settings), random_(seed), places_(std::move(setup)) {}

ServiceAnswer GlueService::handle(std::string_view operation, const JsonObject& input,
                                  const CallContext& context) {
    if (operation == "ListJobs" || operation == "GetJobs") return list_jobs(operation, input, context);
    if (operation == "GetJob") return get_job(input, context);
    if (operation == "BatchGetJobs") return batch_get_jobs(input, context);
    if (operation == "StartJobRun") return start_job_run(input, context);
    if (operation == "GetJobRun") return get_job_run(input, context);
    if (operation == "GetJobRuns") return get_job_runs(input, context);
    if (operation == "BatchStopJobRun") return batch_stop_job_run(input, context);
    return unknown_operation(operation);
}

ServiceAnswer GlueService::list_jobs(std::string_view operation, const JsonObject& input,
                                     const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const bool whole = operation == "GetJobs";
    const std::string scope = page_scope(operation, input, context);
    auto it = state.jobs.begin();
    if (has(input, "NextToken")) {
        const auto position = read_page_token(text(input, "NextToken"), scope, context.now, token_lifetime);
        if (!position) return bad_token();
        it = state.jobs.upper_bound(position->key);
    }
    const auto size = std::size_t(integer(input, "MaxResults", default_page));
    const JsonObject* tags = object_in(input, "Tags");
    JsonArray found;
    std::string last;
    for (; it != state.jobs.end() && found.size() < size; ++it) {
        last = it->first;
        if (!has_tags(it->second, tags)) continue;
        if (whole) {
            found.emplace_back(it->second.definition);
        } else {
            found.emplace_back(it->first);
        }
    }
    JsonObject body{{whole ? "Jobs" : "JobNames", std::move(found)}};
    if (it != state.jobs.end()) body["NextToken"] = make_page_token({0, 0, last}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer GlueService::get_job(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const std::string name = text(input, "JobName");
    const auto it = state.jobs.find(name);
    if (it == state.jobs.end()) {
        return refuse("EntityNotFoundException", fmt::format("Job with name: {} not found.", name));
    }
    return answer({{"Job", it->second.definition}});
}

ServiceAnswer GlueService::batch_get_jobs(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const auto names = texts(input, "JobNames");
    if (names.size() > max_names_per_batch) {
        return refuse("InvalidInputException",
                      fmt::format("The number of job names must not exceed {}.", max_names_per_batch));
    }
    JsonArray jobs;
    JsonArray missing;
    for (const std::string& name : names) {
        const auto it = state.jobs.find(name);
        if (it == state.jobs.end()) {
            missing.emplace_back(name);
        } else {
            jobs.emplace_back(it->second.definition);
        }
    }
    return answer({{"Jobs", std::move(jobs)}, {"JobsNotFound", std::move(missing)}});
}

std::string GlueService::new_run_id() {
    std::string id = "jr_";
    for (int i = 0; i < 4; ++i) id += fmt::format("{:016x}", random_.next());
    return id;
}

ServiceAnswer GlueService::start_job_run(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const auto it = state.jobs.find(text(input, "JobName"));
    if (it == state.jobs.end()) {
        return refuse("EntityNotFoundException", "Failed to start job run due to missing metadata.");
    }
    GlueJob& job = it->second;
    if (auto refusal = check_glue_start(job, input)) return *refusal;
    const GlueRun* earlier = nullptr;
    if (has(input, "JobRunId")) {
        earlier = state.find(text(input, "JobRunId"));
        if (!earlier || earlier->job != &job) return refuse("EntityNotFoundException", "Job Run not found.");
        if (!GlueState::terminal(*earlier, context.now)) {
            return refuse("InvalidInputException", "The previous job run has not ended.");
        }
    }
    state.settle(job, context.now, settings_);
    const Outcome& next = job.script.next();
    if (!next.refuse_code.empty()) {
        const OutcomePtr taken = job.script.take();
        return refuse(taken->refuse_code, taken->refuse_message);
    }
    const bool queuing = flag(input, "JobRunQueuingEnabled", job.queuing);
    const bool full = job.active.size() + job.waiting.size() >= std::size_t(job.max_concurrent_runs);
    if (full && !queuing) {
        return refuse("ConcurrentRunsExceededException",
                      fmt::format("Concurrent runs exceeded for {}", job.name));
    }
    if (account_limit_ > 0) {
        for (auto& [name, other] : state.jobs) state.settle(other, context.now, settings_);
        if (state.active_runs() >= account_limit_ && !queuing) {
            return refuse("ResourceNumberLimitExceededException",
                          "Exceeded maximum concurrent compute capacity.");
        }
    }

    JsonObject request;
    copy_members(job.definition, request,
                 {"MaxCapacity", "WorkerType", "NumberOfWorkers", "SecurityConfiguration", "ExecutionClass",
                  "NotificationProperty"});
    if (has(input, "WorkerType")) request.erase("MaxCapacity");
    copy_members(input, request,
                 {"Arguments", "MaxCapacity", "WorkerType", "NumberOfWorkers", "SecurityConfiguration",
                  "ExecutionClass", "NotificationProperty", "ExecutionRoleSessionPolicy"});
    request["JobRunQueuingEnabled"] = queuing;
    const int timeout = int(integer(input, "Timeout", job.timeout_minutes));
    GlueRun& run = state.start(job, new_run_id(), std::move(request), timeout, context.now, settings_);
    run.previous = earlier;
    in_flight_.begin(context, job.name, run, [&](GlueRun& other) {
        state.settle(*other.job, context.now, settings_);
        return GlueState::terminal(other, context.now);
    });
    if (const JsonObject* arguments = object_in(input, "Arguments")) {
        const std::string token = text(*arguments, "--polysync-run-token");
        if (!token.empty()) ++submissions_[token];
    }
    return answer({{"JobRunId", run.id}});
}

JsonObject GlueService::run_view(const GlueRun& run, SandboxTime now) {
    const std::string_view state = GlueState::state_of(run, now);
    const bool ended = GlueState::terminal(run, now);
    const bool python = run.job->command == "pythonshell";
    JsonObject view = run.request;
    view["Id"] = run.id;
    view["Attempt"] = run.attempt;
    view["JobName"] = run.job->name;
    view["JobRunState"] = state;
    view["Timeout"] = run.timeout_minutes;
    view["LogGroupName"] = python ? "/aws-glue/python-jobs" : "/aws-glue/jobs";
    view["PredecessorRuns"] = JsonArray();
    copy_members(run.job->definition, view, {"GlueVersion", "JobMode", "MaintenanceWindow"});
    if (run.previous) view["PreviousRunId"] = run.previous->id;
    const SandboxTime changed = ended               ? run.ends
                                : run.waiting       ? run.made
                                : now < run.running ? run.started
                                                    : run.running;
    view["LastModifiedOn"] = seconds(changed);
    std::int64_t execution_seconds = 0;
    if (run.waiting) {
        view["StateDetail"] =
            run.outcome->reason.empty()
                ? "Job run is queued because the concurrent run limit of the job is reached."
                : run.outcome->reason;
    } else {
        view["StartedOn"] = seconds(run.started);
        const SandboxTime until = std::min(now, run.ends);
        if (until > run.running) {
            execution_seconds = std::chrono::duration_cast<std::chrono::seconds>(until - run.running).count();
        }
    }
    view["ExecutionTime"] = execution_seconds;
    if (!ended) return view;
    view["CompletedOn"] = seconds(run.ends);
    view["DPUSeconds"] = double(execution_seconds) * double(integer(view, "NumberOfWorkers", 1));
    if (state == "TIMEOUT") {
        view["ErrorMessage"] = run.outcome->reason.empty() ? "Job run timed out." : run.outcome->reason;
    } else if (state == "EXPIRED") {
        view["ErrorMessage"] = run.outcome->reason.empty() ? "Job run expired." : run.outcome->reason;
    } else if (state == "FAILED" || state == "ERROR") {
        view["ErrorMessage"] = run.outcome->reason.empty() ? "SystemExit: 1" : run.outcome->reason;
    }
    return view;
}

ServiceAnswer GlueService::get_job_run(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const auto job = state.jobs.find(text(input, "JobName"));
    if (job == state.jobs.end()) {
        return refuse("EntityNotFoundException",
                      fmt::format("Job with name: {} not found.", text(input, "JobName")));
    }
    state.settle(job->second, context.now, settings_);
    const GlueRun* run = state.find(text(input, "RunId"));
    if (!run || run->job != &job->second) return refuse("EntityNotFoundException", "Job Run not found.");
    return answer({{"JobRun", run_view(*run, context.now)}});
}

ServiceAnswer GlueService::get_job_runs(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const auto it = state.jobs.find(text(input, "JobName"));
    if (it == state.jobs.end()) {
        return refuse("EntityNotFoundException",
                      fmt::format("Job with name: {} not found.", text(input, "JobName")));
    }
    GlueJob& job = it->second;
    state.settle(job, context.now, settings_);
    const std::string scope = page_scope("GetJobRuns", input, context);
    auto at = std::int64_t(job.runs.size());  // newest first: everything before this index is still to come
    if (has(input, "NextToken")) {
        const auto position = read_page_token(text(input, "NextToken"), scope, context.now, token_lifetime);
        if (!position || position->at > at) return bad_token();
        at = position->at;
    }
    const auto size = std::size_t(integer(input, "MaxResults", default_page));
    JsonArray found;
    while (at > 0 && found.size() < size) {
        const GlueRun& run = state.run(job.runs[std::size_t(--at)]);
        if (run.made + settings_.consistency.list_delay > context.now) continue;
        found.emplace_back(run_view(run, context.now));
    }
    JsonObject body{{"JobRuns", std::move(found)}};
    if (at > 0) body["NextToken"] = make_page_token({at, 0, {}}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer GlueService::batch_stop_job_run(const JsonObject& input, const CallContext& context) {
    GlueState& state = places_.at(*this, context);
    const std::string name = text(input, "JobName");
    const auto it = state.jobs.find(name);
    JsonArray stopped;
    JsonArray errors;
    if (it != state.jobs.end()) state.settle(it->second, context.now, settings_);
    for (const std::string& id : texts(input, "JobRunIds")) {
        GlueRun* run = it == state.jobs.end() ? nullptr : state.find(id);
        if (!run || run->job != &it->second) {
            errors.emplace_back(stop_error(name, id, "EntityNotFoundException", "Job Run not found."));
            continue;
        }
        const std::string_view now_in = GlueState::state_of(*run, context.now);
        if (GlueState::terminal(*run, context.now)) {
            errors.emplace_back(
                stop_error(name, id, "JobRunInvalidStateTransitionException",
                           fmt::format("Job Run is in state {} and cannot be stopped.", now_in)));
            continue;
        }
        if (now_in != "STOPPING") state.stop(*run, context.now, settings_);
        stopped.emplace_back(JsonObject{{"JobName", name}, {"JobRunId", id}});
    }
    JsonObject body{{"SuccessfulSubmissions", std::move(stopped)}};
    if (!errors.empty()) body["Errors"] = std::move(errors);
    return answer(std::move(body));
}

JsonObject GlueService::submissions() const {
    JsonObject books;
    for (const auto& [token, count] : submissions_) books[token] = count;
    return books;
}

}  // namespace polysync::sandbox
