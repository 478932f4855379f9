// What the CloudWatch log of an Express state machine tells about one execution (SFN-9, aws-facts 5.2). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/logs/client.h"
#include "aws/states/client.h"
#include "provider/provider.h"

namespace polysync::step_functions {

// One event as Step Functions logs it: a JSON object; members that are missing or of another type are empty.
struct ExpressEvent {
    long long id = 0;
    std::string type;  // "ExecutionStarted", "TaskStateEntered", "ExecutionSucceeded" …
    std::string execution_arn;
    std::optional<SystemTime> time;  // event_timestamp
    long long previous_id = 0;
    std::string name, resource, error, cause;  // of `details`
    std::optional<std::string> output;
};

// Nothing for text that is no JSON object.
[[nodiscard]] std::optional<ExpressEvent> parse_express_event(std::string_view message);

// The parts of an execution that its events tell: status RUNNING until an end event was seen. Events of other
// executions are skipped.
struct ExpressTrace {
    bool seen = false;         // any event at all
    bool data_logged = false;  // the end event carries its output (includeExecutionData)
    aws::states::Execution execution;
};
[[nodiscard]] ExpressTrace read_trace(std::span<const aws::logs::LogEvent> events,
                                      std::string_view execution_arn);

// A line for people.
[[nodiscard]] LogLine to_log_line(const aws::logs::LogEvent& event);

// How far a log was read: the newest event's time, and which events of that millisecond were given out.
struct EventCursor {
    std::optional<SystemTime> newest;
    std::vector<std::string> ids;
};
[[nodiscard]] std::string encode_event_cursor(const EventCursor& cursor);
// Empty text is the start. Errors: invalid_input.
[[nodiscard]] Result<EventCursor> decode_event_cursor(std::string_view text);
// The lines of `events` that the cursor has not seen, in order of time; moves the cursor.
[[nodiscard]] std::vector<LogLine> take_new_lines(std::vector<aws::logs::LogEvent>& events,
                                                  EventCursor& cursor);

// A FilterLogEvents pattern for the events that hold `text` as one phrase.
[[nodiscard]] std::string phrase_pattern(std::string_view text);

}  // namespace polysync::step_functions
