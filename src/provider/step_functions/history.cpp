#include "provider/step_functions/history.h"

#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "base/utf8.h"

namespace polysync::step_functions {

namespace {

constexpr std::size_t longest_part = 2000;

void append_part(std::string& line, std::string_view before, std::string_view part) {
    if (part.empty()) return;
    line += before;
    if (part.size() <= longest_part) {
        line += part;
        return;
    }
    line += utf8_prefix(part, longest_part);
    line += " …";
}

std::string text_of(const aws::states::HistoryEvent& event) {
    std::string line = event.type;
    append_part(line, " ", event.resource);
    append_part(line, " ", event.error);
    append_part(line, ": ", event.cause);
    append_part(line, " input ", event.input);
    append_part(line, " output ", event.output);
    return line;
}

}  // namespace

std::string encode_cursor(const HistoryCursor& cursor) {
    return fmt::format("h1:{}:{}", cursor.last_id, cursor.page_token);
}

Result<HistoryCursor> decode_history_cursor(std::string_view text) {
    HistoryCursor out;
    if (text.empty()) return out;
    constexpr std::string_view prefix = "h1:";
    constexpr std::size_t longest = 4096;  // page tokens have at most 1,024 characters
    auto bad =
        make_error(ErrorKind::invalid_input, "bad_cursor", "this is no cursor of an execution's history");
    if (!text.starts_with(prefix) || text.size() > longest) return bad;
    text.remove_prefix(prefix.size());
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.last_id);
    auto used = std::size_t(end - text.data());
    if (error != std::errc() || out.last_id < 0 || used >= text.size() || text[used] != ':') return bad;
    out.page_token = text.substr(used + 1);
    return out;
}

std::vector<LogLine> to_log_lines(std::span<const aws::states::HistoryEvent> events, long long last_id) {
    std::vector<LogLine> lines;
    // An event belongs to the state of the event before it, until a state is entered or left.
    std::unordered_map<long long, std::string_view> state_of;
    SystemTime last_time{};
    for (const auto& event : events) {
        std::string_view state = event.name;
        if (state.empty()) {
            auto before = state_of.find(event.previous_id);
            if (before != state_of.end()) state = before->second;
        }
        if (event.type.starts_with("Execution")) state = {};
        state_of[event.id] = state;
        if (event.timestamp) last_time = *event.timestamp;
        if (event.id <= last_id) continue;
        LogLine line;
        line.time = last_time;
        line.stream = state;
        line.text = text_of(event);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace polysync::step_functions
