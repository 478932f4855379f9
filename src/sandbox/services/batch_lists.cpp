// Batch ListJobs in its three forms: a queue by status, a queue by one filter, the children of an array.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "sandbox/services/batch.h"
#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_page = 1000;
constexpr std::int64_t max_filtered_page = 100;
constexpr auto token_lifetime = std::chrono::hours(24);
constexpr auto visible_after_end = std::chrono::days(7);

ServiceAnswer refuse_client(std::string message) { return refuse("ClientException", std::move(message)); }

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

// One page of a listing that runs over job indices downwards.
struct Page {
    JsonArray items;
    std::size_t size = 0;
    bool full() const { return items.size() >= size; }
};

struct Filter {
    std::string name;
    std::string value;
    bool prefix = false;
    SandboxTime time;
};

std::string read_filter(const JsonObject& input, Filter& filter) {
    const JsonArray* filters = list_in(input, "filters");
    if (!filters || filters->size() != 1) return "Only one filter can be used at a time.";
    const JsonObject& entry = (*filters)[0].as_object();
    filter.name = text(entry, "name");
    const auto values = texts(entry, "values");
    if (values.size() != 1) return "A filter takes exactly one value.";
    filter.value = values[0];
    if (filter.name == "BEFORE_CREATED_AT" || filter.name == "AFTER_CREATED_AT") {
        std::int64_t time = 0;
        const auto [stop, error] =
            std::from_chars(filter.value.data(), filter.value.data() + filter.value.size(), time);
        if (error != std::errc() || stop != filter.value.data() + filter.value.size() || time < 0) {
            return fmt::format("The value of filter {} must be a time in milliseconds.", filter.name);
        }
        filter.time = SandboxTime(Millis(time));
        return {};
    }
    if (filter.name != "JOB_NAME" && filter.name != "JOB_DEFINITION" && filter.name != "SHARE_IDENTIFIER") {
        return fmt::format("Unknown filter name: {}", filter.name);
    }
    if (filter.name == "JOB_NAME") filter.value = lower(filter.value);
    if (filter.value.ends_with('*') && filter.name != "SHARE_IDENTIFIER") {
        filter.prefix = true;
        filter.value.pop_back();
        if (filter.value.starts_with("arn:")) return "A wildcard cannot be used with an ARN.";
    }
    return {};
}

bool matches(const Filter& filter, const BatchJob& job) {
    if (filter.name == "BEFORE_CREATED_AT") return job.created < filter.time;
    if (filter.name == "AFTER_CREATED_AT") return job.created > filter.time;
    if (filter.name == "SHARE_IDENTIFIER") return text(job.request, "shareIdentifier") == filter.value;
    const std::string& name = job.definition->name;
    if (filter.prefix) return name.starts_with(filter.value);
    return filter.value == name || filter.value == job.definition->arn ||
           filter.value == fmt::format("{}:{}", name, job.definition->revision) ||
           (filter.value.starts_with("arn:") && job.definition->arn.starts_with(filter.value + ":"));
}

bool listed(BatchState& state, BatchJob& job, const Settings& settings, SandboxTime now) {
    if (job.created + settings.consistency.list_delay > now) return false;
    const SandboxTime end = state.end_of(job);
    return end == batch_unknown || end + visible_after_end >= now;
}

// Jobs of `list` before `position.at`, newest first, until the page is full. False where nothing is left.
template <class Wanted>
bool fill(Page& page, const std::vector<std::uint32_t>& list, PagePosition& position, const Wanted& wanted,
          BatchState& state, const CallContext& context) {
    auto it = std::lower_bound(list.begin(), list.end(), std::uint32_t(position.at));
    while (it != list.begin()) {
        if (page.full()) return true;
        BatchJob& job = state.job(*--it);
        position.at = *it;
        state.resolve(job, context.now);
        if (wanted(job)) page.items.emplace_back(batch_job_summary(state, job, -1, context));
    }
    return false;
}

ServiceAnswer page_answer(Page& page, bool more, const PagePosition& position, const std::string& scope,
                          SandboxTime now) {
    JsonObject body{{"jobSummaryList", std::move(page.items)}};
    if (more) body["nextToken"] = make_page_token(position, scope, now);
    return answer(std::move(body));
}

constexpr std::int64_t from_the_newest = 0xffffffff;

}  // namespace

ServiceAnswer BatchService::list_jobs(const JsonObject& input, const CallContext& context) {
    const int sources =
        int(has(input, "jobQueue")) + int(has(input, "arrayJobId")) + int(has(input, "multiNodeJobId"));
    if (sources != 1) {
        return refuse_client("Exactly one of jobQueue, arrayJobId and multiNodeJobId must be specified.");
    }
    if (integer(input, "maxResults", 1) < 1) return refuse_client("maxResults must be between 1 and 1000.");
    if (!has(input, "jobQueue")) return list_children(input, context);
    BatchState& state = places_.at(*this, context);
    BatchQueue* queue = find_batch_queue(state, text(input, "jobQueue"));
    if (!queue) return refuse_client(fmt::format("JobQueue {} not found.", text(input, "jobQueue")));
    state.settle(*queue, context.now);
    return has(input, "filters") ? list_filtered(*queue, input, context) : list_queue(*queue, input, context);
}

ServiceAnswer BatchService::list_queue(BatchQueue& queue, const JsonObject& input,
                                       const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    // Without a status only what runs is listed.
    const std::string status = text(input, "jobStatus", "RUNNING");
    const std::string scope = page_scope("ListJobs", input, context);
    PagePosition position{from_the_newest, 0, {}};
    if (has(input, "nextToken")) {
        const auto read = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!read) return refuse_client("Invalid nextToken.");
        position = *read;
    }
    Page page{{}, std::size_t(std::min(integer(input, "maxResults", max_page), max_page))};
    const auto wanted = [&](BatchJob& job) {
        return listed(state, job, settings_, context.now) && state.status(job, context.now) == status;
    };
    const auto& list = status == "SUCCEEDED" ? queue.succeeded
                       : status == "FAILED"  ? queue.failed
                                             : queue.open;
    const bool more = fill(page, list, position, wanted, state, context);
    return page_answer(page, more, position, scope, context.now);
}

ServiceAnswer BatchService::list_filtered(BatchQueue& queue, const JsonObject& input,
                                          const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    Filter filter;
    if (std::string wrong = read_filter(input, filter); !wrong.empty())
        return refuse_client(std::move(wrong));
    const std::string scope = page_scope("ListJobs", input, context);
    PagePosition position{from_the_newest, 0, {}};
    if (has(input, "nextToken")) {
        const auto read = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!read) return refuse_client("Invalid nextToken.");
        position = *read;
    }
    Page page{{}, std::size_t(std::min(integer(input, "maxResults", max_filtered_page), max_filtered_page))};
    // A filter makes Batch ignore jobStatus, but for SHARE_IDENTIFIER.
    const std::string status = filter.name == "SHARE_IDENTIFIER" ? text(input, "jobStatus") : "";
    const auto wanted = [&](BatchJob& job) {
        return listed(state, job, settings_, context.now) &&
               (filter.name == "JOB_NAME" || matches(filter, job)) &&
               (status.empty() || state.status(job, context.now) == status);
    };
    if (filter.name != "JOB_NAME") {
        const bool more = fill(page, queue.all, position, wanted, state, context);
        return page_answer(page, more, position, scope, context.now);
    }
    // Grouped by name, newest first in each group.
    auto it = queue.by_name.lower_bound(std::max(filter.value, position.key));
    for (; it != queue.by_name.end(); ++it) {
        if (filter.prefix ? !it->first.starts_with(filter.value) : it->first != filter.value) break;
        if (it->first != position.key) position = {from_the_newest, 0, it->first};
        if (page.full() || fill(page, it->second, position, wanted, state, context)) {
            return page_answer(page, true, position, scope, context.now);
        }
    }
    return page_answer(page, false, position, scope, context.now);
}

ServiceAnswer BatchService::list_children(const JsonObject& input, const CallContext& context) {
    BatchState& state = places_.at(*this, context);
    if (has(input, "filters")) return refuse_client("Filters can be used with jobQueue only.");
    const bool nodes = has(input, "multiNodeJobId");
    const std::string id = text(input, nodes ? "multiNodeJobId" : "arrayJobId");
    int child = -1;
    BatchJob* job = state.find_visible(id, context.now, child);
    if (!job || child >= 0) return refuse_client(fmt::format("Job {} does not exist.", id));
    const std::string status = text(input, "jobStatus", "RUNNING");
    const std::string scope = page_scope("ListJobs", input, context);
    std::int64_t at = 0;
    if (has(input, "nextToken")) {
        const auto read = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!read) return refuse_client("Invalid nextToken.");
        at = read->at;
    }
    Page page{{}, std::size_t(std::min(integer(input, "maxResults", max_page), max_page))};
    const auto count =
        std::int64_t(job->array && !nodes && context.now >= job->spawned ? job->works.size() : 0);
    for (; at < count && !page.full(); ++at) {
        if (state.moment(*job, job->works[std::size_t(at)], context.now).status != status) continue;
        page.items.emplace_back(batch_job_summary(state, *job, int(at), context));
    }
    return page_answer(page, at < count, {at, 0, {}}, scope, context.now);
}

}  // namespace polysync::sandbox
