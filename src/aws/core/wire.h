// The bytes of a request: URL, headers and signature of an operation in its protocol
// (aws-facts 1.1, 1.2, 10.2).
#pragma once

#include <string>
#include <string_view>

#include "aws/auth/credentials.h"
#include "aws/auth/sigv4.h"
#include "aws/core/endpoint.h"
#include "aws/core/operation.h"
#include "base/result.h"
#include "http/http_client.h"

namespace polysync::aws {

// An endpoint taken apart once, for all its requests.
struct Destination {
    std::string origin;       // "https://glue.eu-west-1.amazonaws.com"
    std::string host;         // the Host header: lower case, with the port where it is not the scheme's own
    std::string path_prefix;  // "" or "/base"
    std::string region;       // for signing
};

// Errors: invalid_input, "bad_endpoint".
[[nodiscard]] Result<Destination> make_destination(const Endpoint& endpoint);

// "application/x-amz-json-1.1" and so on.
[[nodiscard]] std::string_view content_type_of(Protocol protocol);

// Unsigned where `credentials` is null. `signing_time` is corrected time.
[[nodiscard]] http::Request make_request(const Operation& operation, const Destination& destination,
                                         const Credentials* credentials, SystemTime signing_time,
                                         Signer& signer, std::string_view user_agent, std::string body);

}  // namespace polysync::aws
