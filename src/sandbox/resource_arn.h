// The ARN that AWS names when it denies a call: "… is not authorized to perform: glue:StartJobRun on
// resource: …".
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sandbox/service.h"

namespace polysync::sandbox {

// Made from the input alone, before it is known whether that exists; "*" for operations that name no
// resource.
[[nodiscard]] std::string resource_arn(std::string_view service, std::string_view operation,
                                       const boost::json::object& input, const CallContext& context);

}  // namespace polysync::sandbox
