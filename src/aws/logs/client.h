// Amazon CloudWatch Logs (aws-facts 7.2).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

class Connection;

namespace logs {

struct LogEvent {
    SystemTime timestamp{};
    std::optional<SystemTime> ingestion_time;
    std::string message;
    std::string stream;    // FilterLogEvents only
    std::string event_id;  // FilterLogEvents only
};

struct GetEventsRequest {
    std::string group;  // name or ARN; an ARN's trailing ":*" is cut off
    std::string stream;
    std::optional<SystemTime> start, end;  // start inclusive, end exclusive
    bool start_from_head = true;
    int limit = 0;  // 0: AWS's 10,000
};

struct GetEventsAnswer {
    std::vector<LogEvent> events;  // an empty page in the middle is normal
    std::string forward_token, backward_token;
    bool at_end = false;  // the forward token equals the one that was sent
};

struct FilterEventsRequest {
    std::string group;                 // name or ARN; an ARN's trailing ":*" is cut off
    std::vector<std::string> streams;  // at most 100, or
    std::string stream_prefix;
    std::optional<SystemTime> start, end;  // both inclusive
    std::string pattern;
    int limit = 0;  // 0: AWS's 10,000
};

struct FilterEventsAnswer {
    std::vector<LogEvent> events;
    std::string next_token;  // empty at the end
};

}  // namespace logs

class LogsClient {
  public:
    explicit LogsClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    // Errors: not_found (group or stream not there yet, which is normal for a fresh run).
    [[nodiscard]] Async<Result<logs::GetEventsAnswer>> get_log_events(logs::GetEventsRequest request,
                                                                      std::string next_token);
    [[nodiscard]] Async<Result<logs::FilterEventsAnswer>> filter_log_events(logs::FilterEventsRequest request,
                                                                            std::string next_token);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
