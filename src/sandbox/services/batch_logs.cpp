// The CloudWatch log streams of simulated Batch: one per attempt, in /aws/batch/job.
#include <charconv>

#include <fmt/format.h>

#include "sandbox/services/batch.h"

namespace polysync::sandbox {

namespace {

constexpr std::string_view default_group = "/aws/batch/job";
constexpr std::uint64_t unscramble = 0xf1de83e19937733dULL;  // the inverse of the task ids' factor modulo
                                                             // 2^64

std::string group_of(const BatchDefinition& definition) {
    const JsonObject* container = object_in(definition.detail, "containerProperties");
    const JsonObject* log = container ? object_in(*container, "logConfiguration") : nullptr;
    const JsonObject* options = log ? object_in(*log, "options") : nullptr;
    return options ? text(*options, "awslogs-group", default_group) : std::string(default_group);
}

struct AttemptKey {
    std::uint32_t job;
    int child;
    int attempt;
};

std::optional<AttemptKey> read_stream_name(std::string_view stream) {
    const std::size_t slash = stream.rfind('/');
    const std::string_view task = slash == std::string_view::npos ? stream : stream.substr(slash + 1);
    std::uint64_t packed = 0;
    if (task.size() != 32) return std::nullopt;
    const auto [stop, error] = std::from_chars(task.data(), task.data() + 16, packed, 16);
    if (error != std::errc() || stop != task.data() + 16) return std::nullopt;
    packed *= unscramble;
    const AttemptKey key{std::uint32_t(packed >> 20), int(packed >> 5 & 0x7fff) - 1, int(packed & 31)};
    if (packed >> 52 != 0 || batch_task_id(key.job, key.child, key.attempt) != task) return std::nullopt;
    return key;
}

std::vector<std::string> lines_of(const BatchJob& job, bool fails) {
    if (!job.outcome->log_lines.empty()) return job.outcome->log_lines;
    std::vector<std::string> lines = {"container started"};
    std::string missing;
    for (const Json& word : batch_command(*job.definition, job.request, missing)) {
        lines.push_back(fmt::format("argument: {}", view(word)));
    }
    lines.emplace_back(fails ? "error: exiting with a failure" : "done");
    return lines;
}

}  // namespace

bool BatchService::has_log_group(std::string_view group, const CallContext& context) {
    if (group == default_group) return true;
    for (const auto& [name, revisions] : places_.at(*this, context).definitions) {
        for (const auto& [revision, definition] : revisions) {
            if (group_of(definition) == group) return true;
        }
    }
    return false;
}

std::optional<std::vector<LogLine>> BatchService::log_stream(std::string_view group, std::string_view stream,
                                                             const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    const auto key = read_stream_name(stream);
    if (!key || key->job >= state.job_count()) return std::nullopt;
    BatchJob& job = state.job(key->job);
    if (std::size_t(std::max(key->child, 0)) >= job.works.size() || job.array != (key->child >= 0))
        return std::nullopt;
    if (batch_log_stream(job, key->job, key->child, key->attempt) != stream) return std::nullopt;
    if (group_of(*job.definition) != group) return std::nullopt;
    state.resolve(job, context.now);
    const BatchWork& work = job.works[std::size_t(std::max(key->child, 0))];
    const BatchMoment at = state.moment(job, work, context.now);
    if (key->attempt >= at.attempts_begun) return std::nullopt;
    const SandboxTime begin = BatchState::running_since(job, work, key->attempt);
    const SandboxTime end = begin + job.plan(work).running;
    const bool fails = !job.plan(work).succeeds || key->attempt + 1 < job.plan(work).attempts;
    const SandboxTime until = at.ended == SandboxTime() ? context.now : std::min(context.now, at.ended);
    return spread_lines(lines_of(job, fails), begin, end, until);
}

void BatchService::each_log_stream(std::string_view group, SandboxTime from, const CallContext& context,
                                   const std::function<bool(const std::string&)>& visit) {
    BatchState& state = places_.at(*this, context);
    for (std::uint32_t index = 0; index < state.job_count(); ++index) {
        BatchJob& job = state.job(index);
        if (group_of(*job.definition) != group) continue;
        state.resolve(job, context.now);
        const SandboxTime end = state.end_of(job);
        if (end != batch_unknown && end < from) continue;
        for (std::size_t i = 0; i < job.works.size(); ++i) {
            const int begun = state.moment(job, job.works[i], context.now).attempts_begun;
            for (int attempt = 0; attempt < begun; ++attempt) {
                if (!visit(batch_log_stream(job, index, job.array ? int(i) : -1, attempt))) return;
            }
        }
    }
}

}  // namespace polysync::sandbox
