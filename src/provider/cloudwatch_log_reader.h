// Log lines of a run out of CloudWatch Logs, with a cursor that stays valid over restarts (aws-facts 7.2).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/logs/client.h"
#include "base/async.h"
#include "base/result.h"
#include "provider/provider.h"

namespace polysync {

// One place where a run writes: a stream (GetLogEvents), or all streams of a group that begin with a prefix
// (FilterLogEvents). Sources may be added between two reads of one cursor, for instance by a new attempt.
struct LogSource {
    std::string group;
    std::string stream;                    // exact; or
    std::string stream_prefix;             // several streams
    std::optional<SystemTime> start, end;  // bounds, inclusive; without: all
    std::string label;                     // LogLine::stream of its lines
    // For a prefix: the label of a stream's lines; none: the stream belongs to something else.
    std::function<std::optional<std::string>(std::string_view stream)> label_of;
};

// One per provider; one executor. Holds no state between reads.
class CloudWatchLogReader {
  public:
    explicit CloudWatchLogReader(std::shared_ptr<aws::Connection> connection)
        : client_(std::move(connection)) {}

    // What the sources hold after `cursor` (empty: from the start), in order of time within this page; at
    // most about `max_calls` pages of AWS's and `max_lines` lines, the rest in the next read. No line is
    // given twice and none is left out, over restarts and expired tokens too; of lines that reach CloudWatch
    // late, those up to `late_window` behind the newest. A missing group or stream is a note, not an error.
    // Errors: invalid_input for a cursor that is none; what the calls give.
    [[nodiscard]] Async<Result<LogPage>> read(std::vector<LogSource> sources, std::string cursor);

    static constexpr int max_calls = 20;
    static constexpr std::size_t max_lines = 20000;
    static constexpr std::size_t max_bytes = 8 * 1024 * 1024;
    static constexpr Millis late_window = std::chrono::seconds(10);
    static constexpr std::size_t max_seen = 400;  // fingerprints that a source's part of the cursor keeps

  private:
    aws::LogsClient client_;
};

}  // namespace polysync
