#include "sandbox/protocol.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "sandbox/query.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view coral = "com.amazon.coral.service";
constexpr std::string_view coral_validation = "com.amazon.coral.validate";

constexpr ServiceProfile profiles[] = {
    {"glue", "glue", Wire::json_1_1, "AWSGlue.", "com.amazonaws.glue", true, "ValidationException",
     "ThrottlingException", 400, "Rate exceeded", "InternalServiceException", 500},
    {"batch", "batch", Wire::rest_json, "", "", false, "ClientException", "TooManyRequestsException", 429,
     "Too Many Requests", "ServerException", 500},
    {"sagemaker", "sagemaker", Wire::json_1_1, "SageMaker.", "", true, "ValidationException",
     "ThrottlingException", 400, "Rate exceeded", "InternalFailure", 500},
    {"stepfunctions", "states", Wire::json_1_0, "AWSStepFunctions.", "com.amazonaws.swf.service.v2.model",
     false, "ValidationException", "ThrottlingException", 400, "Rate exceeded", "InternalFailure", 500},
    {"logs", "logs", Wire::json_1_1, "Logs_20140328.", "", false, "InvalidParameterException",
     "ThrottlingException", 400, "Rate exceeded", "ServiceUnavailableException", 503},
    {"sts", "sts", Wire::query, "", "", false, "ValidationError", "Throttling", 400, "Rate exceeded",
     "InternalFailure", 500},
};

constexpr std::string_view sts_namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

std::string_view content_type(const ServiceProfile& profile) {
    switch (profile.wire) {
        case Wire::json_1_0:
            return "application/x-amz-json-1.0";
        case Wire::json_1_1:
            return "application/x-amz-json-1.1";
        case Wire::rest_json:
            return "application/json";
        case Wire::query:
            return "text/xml";
    }
    return "";
}

// JSON 1.x services answer 400 for everything that the caller can mend, Batch and STS 403 (aws-facts 1.5).
int forbidden_status(const ServiceProfile& profile) {
    return profile.wire == Wire::rest_json || profile.wire == Wire::query ? 403 : 400;
}

// Errors of the framework in front of the services carry its name space and "message"; the services' own
// carry theirs.
std::string_view framework_namespace(std::string_view code) {
    if (code == "ValidationException") return coral_validation;
    static constexpr std::string_view own[] = {
        "SerializationException",       "UnknownOperationException", "InvalidSignatureException",
        "UnrecognizedClientException",  "ExpiredTokenException",     "MissingAuthenticationTokenException",
        "IncompleteSignatureException", "AccessDeniedException"};
    for (auto name : own)
        if (name == code) return coral;
    return {};
}

HttpAnswer begin(const ServiceProfile& profile, int status, std::string_view request_id) {
    HttpAnswer made;
    made.status = status;
    made.content_type = content_type(profile);
    made.headers.emplace_back("x-amzn-RequestId", request_id);
    return made;
}

}  // namespace

std::span<const ServiceProfile> service_profiles() { return profiles; }

const ServiceProfile* find_profile(std::string_view name) {
    for (auto& profile : profiles)
        if (profile.name == name) return &profile;
    return nullptr;
}

WireError auth_error(const ServiceProfile& profile, const AuthRefusal& refusal) {
    bool query = profile.wire == Wire::query;
    std::string_view code;
    switch (refusal.failure) {
        case AuthFailure::missing_token:
            code = query ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException";
            break;
        case AuthFailure::incomplete:
            code = query ? "IncompleteSignature" : "IncompleteSignatureException";
            break;
        case AuthFailure::unknown_key:
            code = query ? "InvalidClientTokenId" : "UnrecognizedClientException";
            break;
        case AuthFailure::bad_signature:
            code = query ? "SignatureDoesNotMatch" : "InvalidSignatureException";
            break;
        case AuthFailure::expired_credentials:
            code = query ? "ExpiredToken" : "ExpiredTokenException";
            break;
    }
    bool malformed = refusal.failure == AuthFailure::incomplete;
    return {std::string(code), refusal.message, malformed ? 400 : forbidden_status(profile), {}};
}

WireError access_denied(const ServiceProfile& profile, std::string message) {
    return {profile.wire == Wire::query ? "AccessDenied" : "AccessDeniedException",
            std::move(message),
            forbidden_status(profile),
            {}};
}

WireError throttled(const ServiceProfile& profile) {
    return {std::string(profile.throttling_code),
            std::string(profile.throttling_message),
            profile.throttling_status,
            {}};
}

WireError internal_failure(const ServiceProfile& profile) {
    return {std::string(profile.internal_code),
            "An internal error has occurred. Please retry your request later.",
            profile.internal_status,
            {}};
}

WireError unknown_operation(const ServiceProfile& profile, std::string_view operation) {
    if (profile.wire == Wire::query)
        return {"InvalidAction",
                fmt::format("Could not find operation {} for version 2011-06-15", operation.substr(0, 128)),
                400,
                {}};
    return {"UnknownOperationException", "", profile.wire == Wire::rest_json ? 404 : 400, {}};
}

WireError bad_serialization(const ServiceProfile& profile, std::string message) {
    return {profile.wire == Wire::query ? "MalformedQueryString" : "SerializationException",
            std::move(message),
            400,
            {}};
}

Result<json::object> read_input(const ServiceProfile& profile, const Operation& operation,
                                std::string_view body) {
    if (profile.wire == Wire::query) {
        POLYSYNC_TRY(auto form, parse_form(body));
        return form_to_members(form, operation.input);
    }
    if (body.empty()) return json::object();
    json::error_code error;
    json::value parsed = json::parse({body.data(), body.size()}, error);
    if (error)
        return make_error(ErrorKind::invalid_input, "SerializationException",
                          "Unexpected character or end of input");
    if (!parsed.is_object())
        return make_error(ErrorKind::invalid_input, "SerializationException", "Unexpected field type");
    return std::move(parsed.get_object());
}

HttpAnswer write_answer(const ServiceProfile& profile, std::string_view operation, const json::object& body,
                        std::string_view request_id) {
    auto made = begin(profile, 200, request_id);
    if (profile.wire == Wire::query) {
        made.body = fmt::format("<{0}Response xmlns=\"{1}\">\n  <{0}Result>", operation, sts_namespace);
        append_xml(made.body, body);
        made.body += fmt::format(
            "</{0}Result>\n  <ResponseMetadata><RequestId>{1}</RequestId></ResponseMetadata>\n"
            "</{0}Response>\n",
            operation, request_id);
    } else {
        made.body = json::serialize(body);
    }
    return made;
}

HttpAnswer write_error(const ServiceProfile& profile, const WireError& error, std::string_view request_id) {
    auto made = begin(profile, error.status ? error.status : 400, request_id);
    if (profile.wire == Wire::query) {
        made.body = fmt::format(
            "<ErrorResponse xmlns=\"{}\">\n  <Error>\n    <Type>{}</Type>\n    <Code>{}</Code>\n"
            "    <Message>{}</Message>\n  </Error>\n  <RequestId>{}</RequestId>\n</ErrorResponse>\n",
            sts_namespace, made.status >= 500 ? "Receiver" : "Sender", error.code, xml_escape(error.message),
            request_id);
        return made;
    }
    json::object body = error.extra;
    auto framework = framework_namespace(error.code);
    if (profile.wire == Wire::rest_json) {
        made.headers.emplace_back("x-amzn-ErrorType", error.code);
        body["message"] = error.message;
    } else {
        auto space = framework.empty() ? profile.error_namespace : framework;
        body["__type"] = space.empty() ? error.code : std::string(space).append("#").append(error.code);
        if (!error.message.empty())
            body[framework.empty() && profile.capital_message ? "Message" : "message"] = error.message;
    }
    made.body = json::serialize(body);
    return made;
}

}  // namespace polysync::sandbox
