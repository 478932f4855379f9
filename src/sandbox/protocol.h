// The wire forms of the simulated services: which service a request is for, its input as JSON, and its answer
// or error in the service's own shape (aws-facts 1).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "sandbox/http.h"
#include "sandbox/model.h"
#include "sandbox/service.h"
#include "sandbox/signature.h"

namespace polysync::sandbox {

enum class Wire { json_1_0, json_1_1, rest_json, query };

struct ServiceProfile {
    std::string_view name;          // the model's
    std::string_view signing_name;  // in the credential scope, and the prefix of IAM actions
    Wire wire;
    std::string_view target_prefix;    // of X-Amz-Target, with the dot
    std::string_view error_namespace;  // before '#' in __type of modelled errors; empty: none
    bool capital_message;              // "Message" in modelled errors
    std::string_view validation_code;  // what a broken constraint is called
    std::string_view throttling_code;
    int throttling_status;
    std::string_view throttling_message;
    std::string_view internal_code;
    int internal_status;
};

[[nodiscard]] std::span<const ServiceProfile> service_profiles();
// By name ("glue"); null where unknown.
[[nodiscard]] const ServiceProfile* find_profile(std::string_view name);

// An error before it has a shape. Built with `http_status` 0, it gets the status that the service gives that
// code.
struct WireError {
    std::string code;
    std::string message;
    int status = 0;
    boost::json::object extra;
};

// The code and status that this protocol has for a refused signature.
[[nodiscard]] WireError auth_error(const ServiceProfile& profile, const AuthRefusal& refusal);
[[nodiscard]] WireError access_denied(const ServiceProfile& profile, std::string message);
[[nodiscard]] WireError throttled(const ServiceProfile& profile);
[[nodiscard]] WireError internal_failure(const ServiceProfile& profile);
[[nodiscard]] WireError unknown_operation(const ServiceProfile& profile, std::string_view operation);
[[nodiscard]] WireError bad_serialization(const ServiceProfile& profile, std::string message);

// Reads the request's body into the members of `operation`'s input. Fails with invalid_input where it is no
// such thing.
[[nodiscard]] Result<boost::json::object> read_input(const ServiceProfile& profile,
                                                     const Operation& operation, std::string_view body);

[[nodiscard]] HttpAnswer write_answer(const ServiceProfile& profile, std::string_view operation,
                                      const boost::json::object& body, std::string_view request_id);
[[nodiscard]] HttpAnswer write_error(const ServiceProfile& profile, const WireError& error,
                                     std::string_view request_id);

}  // namespace polysync::sandbox
