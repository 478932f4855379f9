// From an HTTP answer that is no success to an Error (aws-facts 1.4). Never fails: bodies may be empty, HTML,
// XML or cut.
#pragma once

#include <optional>
#include <string>

#include "aws/core/operation.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/http_client.h"

namespace polysync::aws {

// `now` turns a Retry-After date into a delay. Kind, code, message, hint, service, operation, request id and
// status are set; the kind is the error taxonomy's (error_codes.h).
[[nodiscard]] Error decode_error_answer(const Operation& operation, const http::Response& response,
                                        SystemTime now);

// From the headers; empty where there is none.
[[nodiscard]] std::string request_id_of(const http::Response& response);

// x-amz-retry-after (milliseconds), else Retry-After (seconds or date); nothing where absent, malformed or
// negative.
[[nodiscard]] std::optional<Millis> retry_hint_of(const http::Response& response, SystemTime now);

}  // namespace polysync::aws
