// CloudWatch Logs' answers as tables of members.
#pragma once

#include "aws/core/json_reader.h"
#include "aws/logs/client.h"

namespace polysync::aws::logs {

[[nodiscard]] const ObjectShape& get_log_events_shape();     // GetEventsAnswer
[[nodiscard]] const ObjectShape& filter_log_events_shape();  // FilterEventsAnswer

}  // namespace polysync::aws::logs
