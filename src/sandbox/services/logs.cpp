#include "sandbox/services/logs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "sandbox/services/filter_pattern.h"
#include "sandbox/services/input.h"
#include "sandbox/services/page_token.h"

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_events = 10'000;
constexpr std::size_t max_page_bytes = 1'048'576;
constexpr std::size_t event_overhead = 26;  // what AWS counts for an event beside its text
constexpr auto token_lifetime = std::chrono::hours(24);
constexpr Millis ingestion_delay{20};
constexpr std::uint64_t checksum_limit = 10'000'000'000'000'000ULL;

ServiceAnswer invalid(std::string message) { return refuse("InvalidParameterException", std::move(message)); }

// A stream position as AWS writes it: "f/", 56 digits, "/s".
struct StreamToken {
    bool forward = true;
    std::int64_t at = 0;
    std::uint32_t page = 0;
};

std::string stream_token(const StreamToken& token, const std::string& scope, SandboxTime now) {
    const std::string body = fmt::format("{:020}{:06}{:014}", token.at, token.page % 1'000'000, millis(now));
    return fmt::format("{}/{}{:016}/s", token.forward ? "f" : "b", body,
                       fnv1a(body, fnv1a(scope)) % checksum_limit);
}

std::optional<StreamToken> read_stream_token(std::string_view text, const std::string& scope,
                                             SandboxTime now) {
    if (text.size() != 60 || text.substr(58) != "/s" || (text[0] != 'f' && text[0] != 'b') ||
        text[1] != '/') {
        return std::nullopt;
    }
    const std::string_view body = text.substr(2, 40);
    if (text.substr(42, 16) != fmt::format("{:016}", fnv1a(body, fnv1a(scope)) % checksum_limit))
        return std::nullopt;
    StreamToken token;
    std::int64_t issued = 0;
    token.forward = text[0] == 'f';
    std::from_chars(body.data(), body.data() + 20, token.at);
    std::from_chars(body.data() + 20, body.data() + 26, token.page);
    std::from_chars(body.data() + 26, body.data() + 40, issued);
    if (SandboxTime(Millis(issued)) + token_lifetime < now) return std::nullopt;
    return token;
}

// The group's name from logGroupName or from logGroupIdentifier (a name or an ARN).
std::string group_name(const JsonObject& input, std::string& wrong) {
    const bool named = has(input, "logGroupName");
    if (named == has(input, "logGroupIdentifier")) {
        wrong = "Exactly one of logGroupName and logGroupIdentifier must be specified.";
        return {};
    }
    std::string name = text(input, named ? "logGroupName" : "logGroupIdentifier");
    constexpr std::string_view mark = ":log-group:";
    if (name.starts_with("arn:")) {
        const std::size_t at = name.find(mark);
        name = at == std::string::npos ? "" : name.substr(at + mark.size());
        if (name.empty() || name.ends_with('*')) wrong = "Invalid logGroupIdentifier.";
    }
    return name;
}

SandboxTime time_or(const JsonObject& input, std::string_view name, SandboxTime fallback) {
    return has(input, name) ? SandboxTime(Millis(integer(input, name))) : fallback;
}

JsonObject event_view(const LogLine& line) {
    return {{"timestamp", millis(line.at)},
            {"message", line.message},
            {"ingestionTime", millis(line.at + ingestion_delay)}};
}

// How many of the events from `begin` on (or, backwards, up to `begin`) fit into one page.
std::size_t page_length(const std::vector<LogLine>& lines, std::size_t begin, std::size_t limit,
                        bool forward) {
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (count < limit && (forward ? begin + count < lines.size() : count < begin)) {
        bytes += lines[forward ? begin + count : begin - count - 1].message.size() + event_overhead;
        if (bytes > max_page_bytes && count > 0) break;
        ++count;
    }
    return count;
}

}  // namespace

ServiceAnswer LogsService::handle(std::string_view operation, const JsonObject& input,
                                  const CallContext& context) {
    if (operation == "GetLogEvents") return get_log_events(input, context);
    if (operation == "FilterLogEvents") return filter_log_events(input, context);
    return unknown_operation(operation);
}

bool LogsService::has_group(const std::string& group, const CallContext& context) {
    if (own_.at(*this, context).groups.contains(group)) return true;
    return std::any_of(sources_.begin(), sources_.end(),
                       [&](LogSource* source) { return source->has_log_group(group, context); });
}

std::optional<std::vector<LogLine>> LogsService::lines(const std::string& group, const std::string& stream,
                                                       const CallContext& context) {
    auto& groups = own_.at(*this, context).groups;
    if (const auto own = groups.find(group); own != groups.end()) {
        const auto it = own->second.find(stream);
        if (it != own->second.end()) return it->second;
    }
    for (LogSource* source : sources_) {
        if (auto found = source->log_stream(group, stream, context)) return found;
    }
    return std::nullopt;
}

std::vector<std::string> LogsService::streams(const std::string& group, SandboxTime from,
                                              const CallContext& context) {
    std::vector<std::string> names;
    const auto& groups = own_.at(*this, context).groups;
    if (const auto own = groups.find(group); own != groups.end()) {
        for (const auto& [name, events] : own->second) names.push_back(name);
    }
    for (LogSource* source : sources_) {
        source->each_log_stream(group, from, context, [&](const std::string& name) {
            names.push_back(name);
            return true;
        });
    }
    return names;
}

ServiceAnswer LogsService::get_log_events(const JsonObject& input, const CallContext& context) {
    std::string wrong;
    const std::string group = group_name(input, wrong);
    if (!wrong.empty()) return invalid(std::move(wrong));
    if (!has_group(group, context)) {
        return refuse("ResourceNotFoundException", "The specified log group does not exist.");
    }
    const auto found = lines(group, text(input, "logStreamName"), context);
    if (!found) return refuse("ResourceNotFoundException", "The specified log stream does not exist.");
    std::vector<LogLine> all = *found;
    const auto before = [](const LogLine& line, SandboxTime time) { return line.at < time; };
    if (has(input, "endTime")) {
        all.erase(std::lower_bound(all.begin(), all.end(), time_or(input, "endTime", {}), before), all.end());
    }
    const auto first = std::size_t(
        std::lower_bound(all.begin(), all.end(), time_or(input, "startTime", {}), before) - all.begin());
    const auto limit = std::size_t(std::min(integer(input, "limit", max_events), max_events));
    const std::string scope =
        fmt::format("{}\n{}\n{}\n{}", context.account, context.region, group, text(input, "logStreamName"));
    StreamToken from{flag(input, "startFromHead"), 0, 0};
    from.at = std::int64_t(from.forward ? first : all.size());
    const std::string sent = text(input, "nextToken");
    if (!sent.empty()) {
        const auto token = read_stream_token(sent, scope, context.now);
        if (!token) return invalid("The specified nextToken is invalid.");
        from = *token;
    }
    auto at = std::min(std::size_t(from.at), all.size());
    if (from.forward) at = std::max(at, std::min(first, all.size()));
    if (!from.forward && first > 0) {
        all.erase(all.begin(), all.begin() + std::ptrdiff_t(first));
        at = at > first ? at - first : 0;
    }
    std::size_t count = page_length(all, at, limit, from.forward);
    const bool at_end = count == 0;
    // AWS gives empty pages in the middle, now and then; its token still differs from the one sent.
    if (!sent.empty() && from.page % 4 == 2) count = 0;
    const std::size_t begin = from.forward ? at : at - count;
    JsonArray events;
    for (std::size_t i = begin; i < begin + count; ++i) events.emplace_back(event_view(all[i]));
    const auto offset = std::int64_t(from.forward ? 0 : first);
    std::string forward =
        stream_token({true, std::int64_t(begin + count) + offset, from.page + 1}, scope, context.now);
    std::string backward =
        stream_token({false, std::int64_t(begin) + offset, from.page + 1}, scope, context.now);
    if (at_end && !sent.empty()) (from.forward ? forward : backward) = sent;
    return answer({{"events", std::move(events)},
                   {"nextForwardToken", std::move(forward)},
                   {"nextBackwardToken", std::move(backward)}});
}

ServiceAnswer LogsService::filter_log_events(const JsonObject& input, const CallContext& context) {
    std::string wrong;
    const std::string group = group_name(input, wrong);
    if (wrong.empty() && has(input, "logStreamNames") && has(input, "logStreamNamePrefix")) {
        wrong = "logStreamNames and logStreamNamePrefix cannot be used together.";
    }
    if (!wrong.empty()) return invalid(std::move(wrong));
    if (!has_group(group, context)) {
        return refuse("ResourceNotFoundException", "The specified log group does not exist.");
    }
    const auto pattern = FilterPattern::parse(text(input, "filterPattern"));
    if (!pattern) return invalid(pattern.error().message);
    const std::string scope = page_scope("FilterLogEvents", input, context);
    std::optional<PagePosition> from;
    if (has(input, "nextToken")) {
        from = read_page_token(text(input, "nextToken"), scope, context.now, token_lifetime);
        if (!from) return invalid("The specified nextToken is invalid.");
    }
    const SandboxTime start = time_or(input, "startTime", {});
    const SandboxTime end = time_or(input, "endTime", SandboxTime::max());  // inclusive, unlike GetLogEvents
    const std::string prefix = text(input, "logStreamNamePrefix");
    auto names = texts(input, "logStreamNames");
    if (names.empty()) names = streams(group, start, context);
    std::vector<Event> events;
    for (const std::string& name : names) {
        if (!name.starts_with(prefix)) continue;
        const auto found = lines(group, name, context);
        if (!found) {
            if (!has(input, "logStreamNames")) continue;
            return refuse("ResourceNotFoundException", "The specified log stream does not exist.");
        }
        for (std::size_t i = 0; i < found->size(); ++i) {
            const LogLine& line = (*found)[i];
            if (line.at < start || line.at > end || !pattern.value().matches(line.message)) continue;
            events.push_back({line.at, name, i, line.message});
        }
    }
    const bool forward = flag(input, "startFromHead", true);
    std::sort(events.begin(), events.end(), [&](const Event& a, const Event& b) {
        const auto left = std::tie(a.at, a.stream, a.index);
        const auto right = std::tie(b.at, b.stream, b.index);
        return forward ? left < right : right < left;
    });
    // A position is a time and how many events of that time were given.
    std::size_t at = 0;
    if (from) {
        const SandboxTime time{Millis(from->at)};
        while (at < events.size() && (forward ? events[at].at < time : events[at].at > time)) ++at;
        std::size_t given = 0;
        std::from_chars(from->key.data(), from->key.data() + from->key.size(), given);
        while (given > 0 && at < events.size() && events[at].at == time) ++at, --given;
    }
    const std::uint32_t page = from ? from->page : 0;
    // AWS's pages may be empty and still have a token.
    const auto limit =
        page % 4 == 2 ? 0 : std::size_t(std::min(integer(input, "limit", max_events), max_events));
    JsonArray found;
    std::size_t bytes = 0;
    for (; at < events.size() && found.size() < limit; ++at) {
        bytes += events[at].message.size() + event_overhead;
        if (bytes > max_page_bytes && !found.empty()) break;
        JsonObject item = event_view({events[at].at, events[at].message});
        item["logStreamName"] = events[at].stream;
        item["eventId"] = fmt::format("{:020}{:020}{:016}", millis(events[at].at), fnv1a(events[at].stream),
                                      events[at].index);
        found.emplace_back(std::move(item));
    }
    JsonObject body{{"events", std::move(found)}, {"searchedLogStreams", JsonArray()}};
    if (at < events.size()) {
        PagePosition next{from ? from->at : 0, page + 1, from ? from->key : "0"};
        if (at > 0) {
            std::size_t given = 0;
            while (given < at && events[at - 1 - given].at == events[at - 1].at) ++given;
            next = {millis(events[at - 1].at), page + 1, std::to_string(given)};
        }
        body["nextToken"] = make_page_token(next, scope, context.now);
    }
    return answer(std::move(body));
}

ServiceAnswer LogsService::admin(std::string_view kind, const JsonObject& input, const CallContext& context) {
    constexpr std::array<MemberRule, 3> rules = {{{"logGroupName", MemberType::text},
                                                  {"logStreamName", MemberType::text},
                                                  {"messages", MemberType::list}}};
    if (kind != "events") return unknown_kind(kind, "events");
    if (std::string wrong = wrong_members(input, rules); !wrong.empty())
        return refuse_admin(std::move(wrong));
    auto& stream = own_.at(*this, context).groups[text(input, "logGroupName")][text(input, "logStreamName")];
    for (const std::string& message : texts(input, "messages")) stream.push_back({context.now, message});
    return answer({});
}

}  // namespace polysync::sandbox
