// CloudWatch Logs' operations (aws-facts 1.1, 7.2).
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::logs {

inline constexpr ServiceInfo service{
    "logs", "CLOUDWATCH_LOGS", "logs", "logs", Protocol::json_1_1, "Logs_20140328.", ""};

inline constexpr Operation get_log_events{&service, "GetLogEvents",     "Logs_20140328.GetLogEvents",
                                          "/",      RepeatSafety::read, Priority::background};
inline constexpr Operation filter_log_events{&service, "FilterLogEvents",  "Logs_20140328.FilterLogEvents",
                                             "/",      RepeatSafety::read, Priority::background};

}  // namespace polysync::aws::logs
