#include "aws/logs/client.h"

#include "aws/core/client_call.h"
#include "aws/core/json_text.h"
#include "aws/logs/decode.h"
#include "aws/logs/operations.h"

namespace polysync::aws {
namespace {

// Names go as names; an ARN as identifier, which does not take the ":*" that configurations carry
// (aws-facts 5.2).
void add_group(JsonObject& body, std::string_view group) {
    if (!group.starts_with("arn:")) {
        body.add("logGroupName", group);
        return;
    }
    if (group.ends_with(":*")) group.remove_suffix(2);
    body.add("logGroupIdentifier", group);
}

void add_range(JsonObject& body, const std::optional<SystemTime>& start,
               const std::optional<SystemTime>& end) {
    if (start) body.add("startTime", static_cast<long long>(start->time_since_epoch().count()));
    if (end) body.add("endTime", static_cast<long long>(end->time_since_epoch().count()));
}

}  // namespace

Async<Result<logs::GetEventsAnswer>> LogsClient::get_log_events(logs::GetEventsRequest request,
                                                                std::string next_token) {
    JsonObject body;
    add_group(body, request.group);
    body.add("logStreamName", request.stream);
    add_range(body, request.start, request.end);
    body.add("startFromHead", request.start_from_head).add_if("limit", request.limit);
    body.add_if("nextToken", next_token);
    POLYSYNC_CO_TRY(auto answer, co_await call_json<logs::GetEventsAnswer>(connection_, logs::get_log_events,
                                                                           std::move(body).text(),
                                                                           logs::get_log_events_shape()));
    const std::string& token = request.start_from_head ? answer.forward_token : answer.backward_token;
    answer.at_end = token.empty() || token == next_token;
    co_return answer;
}

Async<Result<logs::FilterEventsAnswer>> LogsClient::filter_log_events(logs::FilterEventsRequest request,
                                                                      std::string next_token) {
    JsonObject body;
    add_group(body, request.group);
    if (!request.streams.empty()) body.add("logStreamNames", request.streams);
    body.add_if("logStreamNamePrefix", request.stream_prefix);
    add_range(body, request.start, request.end);
    body.add_if("filterPattern", request.pattern)
        .add_if("limit", request.limit)
        .add_if("nextToken", next_token);
    return call_json<logs::FilterEventsAnswer>(connection_, logs::filter_log_events, std::move(body).text(),
                                               logs::filter_log_events_shape());
}

}  // namespace polysync::aws
