#include "sandbox/services/batch.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_page = 100;
constexpr auto token_lifetime = std::chrono::hours(24);
constexpr std::size_t max_described = 100;

ServiceAnswer refuse_client(std::string message) { return refuse("ClientException", std::move(message)); }

// The page size of the describe calls, or a refusal in `refusal`.
std::size_t page_size(const JsonObject& input, std::optional<ServiceAnswer>& refusal) {
    const std::int64_t size = integer(input, "maxResults", max_page);
    if (size < 1 || size > max_page) {
        refusal = refuse_client(fmt::format("maxResults must be between 1 and {}.", max_page));
    }
    return std::size_t(size);
}

// What is wrong with dependsOn for a job of `size` works, or nothing and the dependencies in `found`.
std::string read_dependencies(const JsonObject& input, BatchState& state, SandboxTime now, std::size_t size,
                              std::vector<BatchDependency>& found) {
    const JsonArray* list = list_in(input, "dependsOn");
    for (const Json& item : list ? *list : JsonArray()) {
        const JsonObject& entry = item.as_object();
        const std::string type = text(entry, "type");
        const std::string id = text(entry, "jobId");
        BatchDependency dependency;
        if (type == "SEQUENTIAL") {
            dependency.type = BatchDependency::Type::sequential;
            if (size == 1) return "SEQUENTIAL dependency is valid only for array jobs.";
            if (!id.empty()) return "jobId must not be specified for a SEQUENTIAL dependency.";
            found.push_back(dependency);
            continue;
        }
        int child = -1;
        const BatchJob* other = state.find_visible(id, now, child);
        if (!other) return fmt::format("Job {} in dependsOn does not exist.", id);
        if (type == "N_TO_N") {
            dependency.type = BatchDependency::Type::n_to_n;
            if (size == 1 || !other->array || other->works.size() != size) {
                return "N_TO_N dependency is valid only between array jobs of the same size.";
            }
        }
        dependency.job = state.index_of(*other);
        found.push_back(dependency);
    }
    return {};
}

// A queue's time limit for jobs that stay RUNNABLE, where its reason is the job's (jobStateTimeLimitActions).
void limit_waiting(BatchState& state, BatchJob& job) {
    const JsonArray* actions =
        job.outcome->stuck ? list_in(job.queue->detail, "jobStateTimeLimitActions") : nullptr;
    for (const Json& item : actions ? *actions : JsonArray()) {
        const JsonObject* action = item.if_object();
        if (!action || !job.outcome->reason.starts_with(text(*action, "reason"))) continue;
        const auto limit =
            std::chrono::seconds(std::clamp<std::int64_t>(integer(*action, "maxTimeSeconds"), 600, 86400));
        state.reasons.push_back(text(*action, "reason"));
        for (BatchWork& work : job.works) {
            if (work.ready == batch_unknown) continue;
            work.forced_end = work.ready + limit;
            work.reason = std::uint32_t(state.reasons.size() - 1);
        }
    }
}

}  // namespace

BatchService::BatchService(const Settings& settings, PlaceSetup setup, std::uint64_t seed)
    : settings_(settings), random_(seed), places_(std::move(setup)) {}

ServiceAnswer BatchService::handle(std::string_view operation, const JsonObject& input,
                                   const CallContext& context) {
    if (operation == "DescribeJobQueues") return describe_job_queues(input, context);
    if (operation == "DescribeJobDefinitions") return describe_job_definitions(input, context);
    if (operation == "SubmitJob") return submit_job(input, context);
    if (operation == "DescribeJobs") return describe_jobs(input, context);
    if (operation == "ListJobs") return list_jobs(input, context);
    if (operation == "TerminateJob") return end_job(input, BatchWork::Asked::terminate, context);
    if (operation == "CancelJob") return end_job(input, BatchWork::Asked::cancel, context);
    return unknown_operation(operation);
}

BatchQueue* find_batch_queue(BatchState& state, std::string_view name) {
    const std::size_t slash = name.starts_with("arn:") ? name.rfind(":job-queue/") : std::string_view::npos;
    const auto it = state.queues.find(std::string(
        slash == std::string_view::npos ? name
                                        : name.substr(slash + std::string_view(":job-queue/").size())));
    if (it == state.queues.end()) return nullptr;
    return slash != std::string_view::npos && it->second.arn != name ? nullptr : &it->second;
}

BatchDefinition* find_batch_definition(BatchState& state, std::string_view name) {
    constexpr std::string_view mark = ":job-definition/";
    if (name.starts_with("arn:")) {
        const std::size_t at = name.find(mark);
        if (at == std::string_view::npos) return nullptr;
        BatchDefinition* found = find_batch_definition(state, name.substr(at + mark.size()));
        // Another account or region is not this one's definition.
        return found && found->arn.starts_with(name.substr(0, at + mark.size())) ? found : nullptr;
    }
    const std::size_t colon = name.find(':');
    const auto it = state.definitions.find(std::string(name.substr(0, colon)));
    if (it == state.definitions.end()) return nullptr;
    for (auto& [revision, definition] : it->second) {
        const bool wanted =
            colon == std::string_view::npos || name.substr(colon + 1) == std::to_string(revision);
        if (wanted && definition.active) return &definition;
    }
    return nullptr;
}

ServiceAnswer BatchService::describe_job_queues(const JsonObject& input, const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    std::optional<ServiceAnswer> refusal;
    const std::size_t size = page_size(input, refusal);
    if (refusal) return *refusal;
    JsonArray found;
    const auto names = texts(input, "jobQueues");
    if (names.size() > max_described) return refuse_client("A maximum of 100 job queues can be described.");
    if (!names.empty()) {
        for (const std::string& name : names) {
            if (const BatchQueue* queue = find_batch_queue(state, name)) found.emplace_back(queue->detail);
        }
        return answer({{"jobQueues", std::move(found)}});
    }
    const std::string scope = page_scope("DescribeJobQueues", input, context);
    auto it = state.queues.begin();
    if (has(input, "nextToken")) {
        const auto position = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!position) return refuse_client("Invalid nextToken.");
        it = state.queues.upper_bound(position->key);
    }
    std::string last;
    for (; it != state.queues.end() && found.size() < size; ++it) {
        found.emplace_back(it->second.detail);
        last = it->first;
    }
    JsonObject body{{"jobQueues", std::move(found)}};
    if (it != state.queues.end()) body["nextToken"] = make_page_token({0, 0, last}, scope, context.now);
    return answer(std::move(body));
}

ServiceAnswer BatchService::describe_job_definitions(const JsonObject& input, const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    std::optional<ServiceAnswer> refusal;
    const std::size_t size = page_size(input, refusal);
    if (refusal) return *refusal;
    const auto names = texts(input, "jobDefinitions");
    if (names.size() > max_described)
        return refuse_client("A maximum of 100 job definitions can be described.");
    JsonArray found;
    if (!names.empty()) {
        if (has(input, "jobDefinitionName")) {
            return refuse_client("jobDefinitions cannot be combined with jobDefinitionName.");
        }
        for (const std::string& name : names) {
            if (const auto* definition = find_batch_definition(state, name))
                found.emplace_back(definition->detail);
        }
        return answer({{"jobDefinitions", std::move(found)}});
    }
    const std::string scope = page_scope("DescribeJobDefinitions", input, context);
    const std::string only = text(input, "jobDefinitionName");
    const std::string status = text(input, "status");
    PagePosition from;
    if (has(input, "nextToken")) {
        const auto position = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!position) return refuse_client("Invalid nextToken.");
        from = *position;
    }
    JsonObject body;
    for (auto it = state.definitions.lower_bound(only.empty() ? from.key : only);
         it != state.definitions.end(); ++it) {
        if (!only.empty() && it->first != only) break;
        for (const auto& [revision, definition] : it->second) {
            // Revisions run downwards; those of the token's name up to its revision were given already.
            if (it->first == from.key && revision >= from.at) continue;
            if (!status.empty() && status != (definition.active ? "ACTIVE" : "INACTIVE")) continue;
            if (found.size() == size) {
                const JsonObject& last = found.back().as_object();
                body["nextToken"] = make_page_token(
                    {integer(last, "revision"), 0, text(last, "jobDefinitionName")}, scope, context.now);
                body["jobDefinitions"] = std::move(found);
                return answer(std::move(body));
            }
            found.emplace_back(definition.detail);
        }
    }
    body["jobDefinitions"] = std::move(found);
    return answer(std::move(body));
}

ServiceAnswer BatchService::submit_job(const JsonObject& input, const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    const std::string queue_name = text(input, "jobQueue");
    BatchQueue* queue = find_batch_queue(state, queue_name);
    if (!queue) return refuse_client(fmt::format("JobQueue {} not found.", queue_name));
    const std::string definition_name = text(input, "jobDefinition");
    const BatchDefinition* definition = find_batch_definition(state, definition_name);
    if (!definition) {
        return refuse_client(fmt::format("JobDefinition {}{} does not exist or is not in ACTIVE status",
                                         definition_name.starts_with("arn:") ? "" : "name ",
                                         definition_name));
    }
    if (auto refusal = check_batch_submit(*queue, *definition, input)) return *refusal;

    const JsonObject* array = object_in(input, "arrayProperties");
    BatchJob job;
    job.array = array && has(*array, "size");
    const auto size = std::size_t(job.array ? integer(*array, "size") : 1);
    std::string wrong = read_dependencies(input, state, context.now, size, job.dependencies);
    if (!wrong.empty()) return refuse_client(std::move(wrong));

    OutcomeScript& script = state.scripts[definition->name];
    job.outcome = script.take();
    if (!job.outcome->refuse_code.empty())
        return refuse(job.outcome->refuse_code, job.outcome->refuse_message);
    job.id = make_guid(random_);
    job.name = text(input, "jobName");
    job.request = input;
    job.definition = definition;
    job.queue = queue;
    job.good = make_batch_plan(*job.outcome, false, input, definition->detail, settings_.durations);
    job.bad = make_batch_plan(*job.outcome, true, input, definition->detail, settings_.durations);
    job.created = context.now;
    job.spawned = context.now + job.outcome->queue.value_or(settings_.durations.queued) * 2 / 5;
    job.works.resize(size);
    const bool free = job.dependencies.empty();
    const auto& chosen = job.outcome->failing_children;
    for (std::size_t i = 0; i < size; ++i) {
        BatchWork& work = job.works[i];
        work.fails =
            job.outcome->fails(0) && (!job.array || chosen.empty() ||
                                      std::binary_search(chosen.begin(), chosen.end(), std::int64_t(i)));
        // Children come in four waves, as they do where the compute environment is smaller than the array.
        if (free)
            work.ready = job.spawned + job.good.running / 2 * std::int64_t(job.array ? i * 4 / size : 0);
    }
    job.unresolved = free ? 0 : std::uint32_t(size);
    limit_waiting(state, job);
    state.settle(*queue, context.now);
    BatchJob& added = state.add(std::move(job));
    ++submissions_[added.name];
    in_flight_.begin(context, definition->name, added, [&](BatchJob& other) {
        return other.listed_end != batch_unknown && other.listed_end <= context.now;
    });
    return answer({{"jobArn", fmt::format("arn:{}:batch:{}:{}:job/{}", context.partition, context.region,
                                          context.account, added.id)},
                   {"jobName", added.name},
                   {"jobId", added.id}});
}

ServiceAnswer BatchService::describe_jobs(const JsonObject& input, const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    const auto ids = texts(input, "jobs");
    if (ids.size() > max_described) return refuse_client("Maximum number of jobs supported is 100");
    JsonArray found;
    for (const std::string& id : ids) {
        int child = -1;
        const BatchJob* job = state.find_visible(id, context.now, child);
        if (job) found.emplace_back(batch_job_detail(state, *job, child, context));
    }
    return answer({{"jobs", std::move(found)}});
}

// Both calls answer 200 for jobs that have ended and for ids that never were.
ServiceAnswer BatchService::end_job(const JsonObject& input, BatchWork::Asked what,
                                    const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    int child = -1;
    BatchJob* job = state.find_visible(text(input, "jobId"), context.now, child);
    if (!job) return answer({});
    const auto reason = std::uint32_t(state.reasons.size());
    state.reasons.push_back(text(input, "reason"));
    const std::string_view status = state.status(*job, context.now);
    if (child >= 0) {
        state.ask(*job, job->works[std::size_t(child)], what, reason, context.now, settings_);
    } else if (status != "SUCCEEDED" && status != "FAILED") {
        for (BatchWork& work : job->works) state.ask(*job, work, what, reason, context.now, settings_);
        job->asked = what;
        job->reason = reason;
    }
    state.note_end(*job);
    return answer({});
}

JsonObject BatchService::submissions() const {
    JsonObject books;
    for (const auto& [name, count] : submissions_) books[name] = count;
    return books;
}

}  // namespace polysync::sandbox
