#include "provider/cloudwatch_log_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "provider/log_cursor.h"

namespace polysync {

namespace {

// A token that AWS no longer takes (24 hours) is refused as an invalid parameter: reading goes on by time
// instead.
bool is_stale_token(const Error& error) { return error.code.starts_with("InvalidParameter"); }

std::string describe_missing(const LogSource& source) {
    if (!source.stream.empty())
        return fmt::format("log stream {} in group {} does not exist (yet)", source.stream, source.group);
    return fmt::format("log group {} does not exist (yet)", source.group);
}

// The lines of one read and what may still be added to them.
struct Budget {
    LogPage page;
    int calls_left = CloudWatchLogReader::max_calls;
    std::size_t bytes = 0;

    [[nodiscard]] bool is_spent() const {
        return calls_left <= 0 || page.lines.size() >= CloudWatchLogReader::max_lines ||
               bytes >= CloudWatchLogReader::max_bytes;
    }
    void add(SystemTime time, std::string stream, std::string text) {
        // One event is one line with or without its newline.
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        bytes += text.size() + 64;
        page.lines.push_back({time, std::move(stream), std::move(text)});
    }
};

// Drops what an earlier read gave out already. A source may hold equal lines at one time: each that was seen
// drops one.
class RepeatFilter {
  public:
    explicit RepeatFilter(SourcePosition& position) : position_(position) {}

    // From here on events come again that were given out before.
    void expect_repeats() {
        pending_.clear();
        for (const SeenEvent& event : position_.seen) pending_.push_back(event.fingerprint);
    }

    // True for a new event, which is then remembered.
    bool take(SystemTime time, std::uint64_t fingerprint) {
        if (auto known = std::ranges::find(pending_, fingerprint); known != pending_.end()) {
            pending_.erase(known);
            return false;
        }
        if (!position_.newest || time > *position_.newest) position_.newest = time;
        position_.seen.push_back({time, fingerprint});
        return true;
    }

    // Forgets what is too old to come back.
    void trim() {
        auto& seen = position_.seen;
        std::ranges::stable_sort(seen, {}, &SeenEvent::time);
        if (position_.newest) {
            SystemTime from = *position_.newest - CloudWatchLogReader::late_window;
            std::erase_if(seen, [from](const SeenEvent& event) { return event.time < from; });
        }
        if (seen.size() > CloudWatchLogReader::max_seen)
            seen.erase(seen.begin(), seen.end() - CloudWatchLogReader::max_seen);
    }

  private:
    SourcePosition& position_;
    std::vector<std::uint64_t> pending_;
};

// From where a read by time has to start so that it meets everything that `seen` can recognize and nothing
// older.
std::optional<SystemTime> resume_time(const SourcePosition& position, std::optional<SystemTime> start) {
    if (!position.newest || position.seen.empty()) return start;
    if (position.seen.size() < CloudWatchLogReader::max_seen)
        return *position.newest - CloudWatchLogReader::late_window;
    // More events than the cursor keeps: its oldest one's time may hold forgotten ones, so only later times
    // are safe, unless all of them share one time.
    SystemTime oldest = position.seen.front().time;
    return oldest == *position.newest ? oldest : oldest + Millis(1);
}

std::uint64_t fingerprint_of_line(const aws::logs::LogEvent& event) {
    return fingerprint_of(fmt::format("{}\n{}", event.timestamp.time_since_epoch().count(), event.message));
}

// One stream: AWS's forward token is enough to go on; by time only once it is stale.
Async<Result<bool>> read_stream(aws::LogsClient& client, const LogSource& source, SourcePosition& position,
                                Budget& budget) {
    aws::logs::GetEventsRequest request;
    request.group = source.group;
    request.stream = source.stream;
    request.start = source.start;
    if (source.end) request.end = *source.end + Millis(1);
    bool by_time = position.token.empty() && position.newest;
    if (by_time) request.start = resume_time(position, source.start);
    RepeatFilter filter(position);
    if (by_time) filter.expect_repeats();
    while (!budget.is_spent()) {
        --budget.calls_left;
        Result<aws::logs::GetEventsAnswer> answer = co_await client.get_log_events(request, position.token);
        if (!answer) {
            if (position.token.empty() || !is_stale_token(answer.error())) co_return answer.error();
            position.token.clear();
            request.start = resume_time(position, source.start);
            filter.expect_repeats();
            continue;
        }
        for (aws::logs::LogEvent& event : answer.value().events) {
            if (!filter.take(event.timestamp, fingerprint_of_line(event))) continue;
            budget.add(event.timestamp, source.label, std::move(event.message));
        }
        bool is_end = answer.value().at_end || answer.value().forward_token == position.token;
        position.token = std::move(answer.value().forward_token);
        filter.trim();
        if (is_end || position.token.empty()) co_return true;
    }
    co_return false;
}

// Streams by prefix: AWS gives a token only in the middle, bound to the start it was asked with; after the
// end reading goes on by time.
Async<Result<bool>> read_prefix(aws::LogsClient& client, const LogSource& source, SourcePosition& position,
                                Budget& budget) {
    aws::logs::FilterEventsRequest request;
    request.group = source.group;
    request.stream_prefix = source.stream_prefix;
    request.end = source.end;
    RepeatFilter filter(position);
    auto start_by_time = [&source, &position, &filter]() {
        position.token.clear();
        position.token_start = resume_time(position, source.start);
        if (position.newest) filter.expect_repeats();
    };
    if (position.token.empty()) start_by_time();
    while (!budget.is_spent()) {
        --budget.calls_left;
        request.start = position.token_start;
        Result<aws::logs::FilterEventsAnswer> answer =
            co_await client.filter_log_events(request, position.token);
        if (!answer) {
            if (position.token.empty() || !is_stale_token(answer.error())) co_return answer.error();
            start_by_time();
            continue;
        }
        for (aws::logs::LogEvent& event : answer.value().events) {
            std::optional<std::string> label = source.label_of ? source.label_of(event.stream) : source.label;
            if (!label) continue;
            std::uint64_t print =
                event.event_id.empty() ? fingerprint_of_line(event) : fingerprint_of(event.event_id);
            if (!filter.take(event.timestamp, print)) continue;
            budget.add(event.timestamp, std::move(*label), std::move(event.message));
        }
        filter.trim();
        bool is_repeated_token = answer.value().next_token == position.token;
        position.token = std::move(answer.value().next_token);
        if (position.token.empty() || is_repeated_token) {
            position.token.clear();
            co_return true;
        }
    }
    co_return false;
}

// Apart from read(): g++ 12 destroys temporaries twice where a co_await stands in a conditional expression.
Async<Result<bool>> read_source(aws::LogsClient& client, const LogSource& source, SourcePosition& position,
                                Budget& budget) {
    if (source.stream.empty()) co_return co_await read_prefix(client, source, position, budget);
    co_return co_await read_stream(client, source, position, budget);
}

void add_note(LogPage& page, std::string_view note) {
    if (!page.note.empty()) page.note += "; ";
    page.note += note;
}

}  // namespace

Async<Result<LogPage>> CloudWatchLogReader::read(std::vector<LogSource> sources, std::string cursor) {
    Result<LogCursor> decoded = decode_cursor(cursor);
    if (!decoded) co_return decoded.error();
    LogCursor positions = std::move(decoded.value());
    Budget budget;
    budget.page.at_end = true;
    for (const LogSource& source : sources) {
        if (budget.is_spent()) {
            budget.page.at_end = false;
            break;
        }
        SourcePosition& position = positions[source_key(source.group, source.stream, source.stream_prefix)];
        Result<bool> ended = co_await read_source(client_, source, position, budget);
        if (!ended && ended.error().kind == ErrorKind::not_found) {
            add_note(budget.page, describe_missing(source));
        } else if (!ended) {
            // Lines that were read are given out; the failure comes back with the next read, if it lasts.
            if (budget.page.lines.empty()) co_return ended.error();
            budget.page.at_end = false;
            break;
        } else if (!ended.value()) {
            budget.page.at_end = false;
        }
    }
    bool is_untouched =
        std::ranges::none_of(positions, [](const auto& entry) { return entry.second.newest.has_value(); });
    if (is_untouched && budget.page.at_end && budget.page.note.empty())
        budget.page.note = "no log line has been written yet";
    std::ranges::stable_sort(budget.page.lines, {}, &LogLine::time);
    budget.page.cursor = encode_cursor(positions);
    co_return std::move(budget.page);
}

}  // namespace polysync
