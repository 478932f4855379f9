// The history of a STANDARD execution as log lines, with a cursor that stays valid over restarts
// (GetExecutionHistory). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/states/client.h"
#include "base/result.h"
#include "provider/provider.h"

namespace polysync::step_functions {

// How far a history was read: the page token that gave the last page (empty: the first), and the last event
// given out. Events keep their ids, so a token that AWS no longer knows costs only reading from the start
// again.
struct HistoryCursor {
    long long last_id = 0;
    std::string page_token;
};

[[nodiscard]] std::string encode_cursor(const HistoryCursor& cursor);
// Empty text is the start. Errors: invalid_input.
[[nodiscard]] Result<HistoryCursor> decode_history_cursor(std::string_view text);

// The events after `last_id` as lines: type, what it concerns, error, cause, input and output, cut to a
// readable length. A line's stream is the state that the event belongs to, where the page tells it.
[[nodiscard]] std::vector<LogLine> to_log_lines(std::span<const aws::states::HistoryEvent> events,
                                                long long last_id);

}  // namespace polysync::step_functions
