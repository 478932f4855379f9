#include "aws/logs/decode.h"

namespace polysync::aws::logs {
namespace {

void read_timestamp(LogEvent& event, JsonValue& value) {
    std::optional<SystemTime> time;
    value.read_millis(time);
    if (time) event.timestamp = *time;
}

const ObjectShape& event_shape() {
    static const ObjectShape shape{
        custom_field<LogEvent, read_timestamp>("timestamp"),
        millis_field<&LogEvent::ingestion_time>("ingestionTime"),
        field<&LogEvent::message>("message"),
        field<&LogEvent::stream>("logStreamName"),
        field<&LogEvent::event_id>("eventId"),
    };
    return shape;
}

}  // namespace

const ObjectShape& get_log_events_shape() {
    static const ObjectShape shape{
        list_field<&GetEventsAnswer::events, event_shape>("events"),
        field<&GetEventsAnswer::forward_token>("nextForwardToken"),
        field<&GetEventsAnswer::backward_token>("nextBackwardToken"),
    };
    return shape;
}

const ObjectShape& filter_log_events_shape() {
    static const ObjectShape shape{
        list_field<&FilterEventsAnswer::events, event_shape>("events"),
        field<&FilterEventsAnswer::next_token>("nextToken"),
    };
    return shape;
}

}  // namespace polysync::aws::logs
