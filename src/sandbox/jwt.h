// JSON web tokens, as far as the sandbox's STS needs them: it reads claims and never verifies a signature, so
// the tokens that the sandbox issues carry a fixed text in the signature's place. No real verifier accepts
// them.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace polysync::sandbox {

struct Jwt {
    boost::json::object header, claims;
};

// Fails with invalid_input where it is not three base64url parts with JSON objects in the first two. At most
// 20,000 bytes.
[[nodiscard]] Result<Jwt> decode_jwt(std::string_view token);
[[nodiscard]] std::string make_jwt(const boost::json::object& claims);

}  // namespace polysync::sandbox
