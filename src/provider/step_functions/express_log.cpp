#include "provider/step_functions/express_log.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/utf8.h"

namespace polysync::step_functions {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    if (!member) return {};
    if (const auto* text = member->if_string()) return std::string(*text);
    return member->is_null() ? std::string() : json::serialize(*member);
}

long long number_of(const json::object& object, std::string_view name) {
    std::string text = text_of(object, name);
    long long number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string_view status_of(std::string_view type) {
    if (type == "ExecutionSucceeded") return "SUCCEEDED";
    if (type == "ExecutionFailed") return "FAILED";
    if (type == "ExecutionTimedOut") return "TIMED_OUT";
    if (type == "ExecutionAborted") return "ABORTED";
    return {};
}

constexpr std::size_t longest_text = 4000;

std::string shortened(std::string text) {
    if (text.size() <= longest_text) return text;
    text.resize(utf8_prefix(text, longest_text).size());
    return text + " …";
}

}  // namespace

std::optional<ExpressEvent> parse_express_event(std::string_view message) {
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 64;
    json::value root = json::parse(message, error, {}, options);
    if (error || !root.is_object()) return std::nullopt;
    const json::object& object = root.get_object();
    ExpressEvent out;
    out.id = number_of(object, "id");
    out.previous_id = number_of(object, "previous_event_id");
    out.type = text_of(object, "type");
    out.execution_arn = text_of(object, "execution_arn");
    if (long long ms = number_of(object, "event_timestamp"); ms > 0) out.time = SystemTime(Millis(ms));
    if (const auto* member = object.if_contains("details")) {
        if (const auto* details = member->if_object()) {
            out.name = text_of(*details, "name");
            out.resource = text_of(*details, "resource");
            out.error = text_of(*details, "error");
            out.cause = text_of(*details, "cause");
            if (details->if_contains("output")) out.output = text_of(*details, "output");
        }
    }
    return out;
}

ExpressTrace read_trace(std::span<const aws::logs::LogEvent> events, std::string_view execution_arn) {
    ExpressTrace trace;
    trace.execution.arn = execution_arn;
    trace.execution.status = "RUNNING";
    for (const auto& logged : events) {
        auto event = parse_express_event(logged.message);
        if (!event || event->execution_arn != execution_arn) continue;
        trace.seen = true;
        SystemTime time = event->time.value_or(logged.timestamp);
        auto& execution = trace.execution;
        if (!execution.start_date || time < *execution.start_date) execution.start_date = time;
        auto end = status_of(event->type);
        if (end.empty()) continue;
        execution.status = end;
        execution.stop_date = time;
        execution.error = std::move(event->error);
        execution.cause = std::move(event->cause);
        trace.data_logged = event->output.has_value();
        execution.output = std::move(event->output);
    }
    return trace;
}

LogLine to_log_line(const aws::logs::LogEvent& event) {
    LogLine line;
    line.time = event.timestamp;
    auto parsed = parse_express_event(event.message);
    if (!parsed || parsed->type.empty()) {
        line.text = shortened(event.message);
        return line;
    }
    line.time = parsed->time.value_or(event.timestamp);
    line.stream = parsed->name;
    line.text = parsed->type;
    if (!parsed->resource.empty()) line.text += fmt::format(" {}", parsed->resource);
    if (!parsed->error.empty()) line.text += fmt::format(" {}", parsed->error);
    if (!parsed->cause.empty()) line.text += fmt::format(": {}", parsed->cause);
    if (parsed->output) line.text += fmt::format(" output {}", *parsed->output);
    line.text = shortened(std::move(line.text));
    return line;
}

std::string encode_event_cursor(const EventCursor& cursor) {
    if (!cursor.newest) return {};
    return fmt::format("x1:{}:{}", cursor.newest->time_since_epoch().count(), fmt::join(cursor.ids, ","));
}

Result<EventCursor> decode_event_cursor(std::string_view text) {
    EventCursor out;
    if (text.empty()) return out;
    constexpr std::string_view prefix = "x1:";
    constexpr std::size_t longest = 65536;
    auto bad =
        make_error(ErrorKind::invalid_input, "bad_cursor", "this is no cursor of an Express execution's log");
    if (!text.starts_with(prefix) || text.size() > longest) return bad;
    text.remove_prefix(prefix.size());
    long long ms = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
    auto used = std::size_t(end - text.data());
    if (error != std::errc() || ms < 0 || used >= text.size() || text[used] != ':') return bad;
    out.newest = SystemTime(Millis(ms));
    for (text.remove_prefix(used + 1); !text.empty();) {
        auto comma = text.find(',');
        out.ids.emplace_back(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return out;
}

namespace {

// The state that an event belongs to: its own, else that of the event before it.
std::string remember_state(const aws::logs::LogEvent& logged, std::map<long long, std::string>& state_of) {
    auto event = parse_express_event(logged.message);
    if (!event || event->type.starts_with("Execution")) return {};
    std::string state = event->name;
    if (auto before = state_of.find(event->previous_id); state.empty() && before != state_of.end())
        state = before->second;
    state_of[event->id] = state;
    return state;
}

}  // namespace

std::vector<LogLine> take_new_lines(std::vector<aws::logs::LogEvent>& events, EventCursor& cursor) {
    auto earlier = [](const aws::logs::LogEvent& a, const aws::logs::LogEvent& b) {
        return a.timestamp < b.timestamp;
    };
    std::stable_sort(events.begin(), events.end(), earlier);
    std::vector<LogLine> lines;
    std::map<long long, std::string> state_of;  // as far as these events tell
    for (const auto& event : events) {
        std::string state = remember_state(event, state_of);
        if (cursor.newest && event.timestamp < *cursor.newest) continue;
        if (!cursor.newest || event.timestamp > *cursor.newest) {
            cursor.newest = event.timestamp;
            cursor.ids.clear();
        }
        if (std::find(cursor.ids.begin(), cursor.ids.end(), event.event_id) != cursor.ids.end()) continue;
        cursor.ids.push_back(event.event_id);
        lines.push_back(to_log_line(event));
        lines.back().stream = std::move(state);
    }
    return lines;
}

std::string phrase_pattern(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace polysync::step_functions
