#include "api/problem.h"

#include <array>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"

namespace polysync::api {
namespace {

struct CodeStatus {
    std::string_view code;
    int status;
};

// Errors of our own whose code says more than their kind.
constexpr std::array code_statuses{
    CodeStatus{"unauthorized", 401},         CodeStatus{"forbidden_host", 421},
    CodeStatus{"method_not_allowed", 405},   CodeStatus{"version_mismatch", 412},
    CodeStatus{"body_too_large", 413},       CodeStatus{"unsupported_media_type", 415},
    CodeStatus{"request_timeout", 408},      CodeStatus{"headers_too_large", 431},
    CodeStatus{"too_many_connections", 503},
};

int own_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid_input:
            return 400;
        case ErrorKind::not_found:
            return 404;
        case ErrorKind::access_denied:
            return 403;
        case ErrorKind::conflict:
        case ErrorKind::contention:
        case ErrorKind::rejected:
            return 409;
        case ErrorKind::unsupported:
            return 422;
        case ErrorKind::throttled:
            return 429;
        case ErrorKind::credentials:
        case ErrorKind::clock_skew:
            return 502;
        case ErrorKind::transient:
        case ErrorKind::unclear:
        case ErrorKind::cancelled:
            return 503;
        case ErrorKind::internal:
            return 500;
    }
    return 500;
}

// What AWS said is no fault of the caller's request, but that it names something that AWS does not know.
int gateway_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid_input:
        case ErrorKind::not_found:
        case ErrorKind::unsupported:
        case ErrorKind::internal:
            return own_status(kind);
        case ErrorKind::throttled:
        case ErrorKind::contention:
        case ErrorKind::transient:
        case ErrorKind::unclear:
        case ErrorKind::cancelled:
            return 503;
        default:
            return 502;
    }
}

boost::json::object field_json(const FieldProblem& problem) {
    boost::json::object out{{"field", problem.field}, {"code", problem.code}, {"detail", problem.detail}};
    if (!problem.remedy.empty()) out["remedy"] = problem.remedy;
    return out;
}

}  // namespace

int status_of(const Error& error) {
    for (const auto& entry : code_statuses)
        if (entry.code == error.code) return entry.status;
    return error.service.empty() ? own_status(error.kind) : gateway_status(error.kind);
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        default:
            return "Internal Server Error";
    }
}

Response problem_response(const Error& error, const std::vector<FieldProblem>& problems) {
    int status = status_of(error);
    boost::json::object out{
        {"type", "about:blank"}, {"title", reason_phrase(status)}, {"status", status}, {"code", error.code}};
    if (error.kind == ErrorKind::internal) {
        log::error("api: {}", error.describe());
        out["code"] = "internal";
        out["detail"] = "Polysync met an error of its own; its log says more.";
    } else {
        out["detail"] = error.message;
        if (!error.remedy.empty()) out["remedy"] = error.remedy;
        if (!error.service.empty()) out["service"] = error.service;
        if (!error.request_id.empty()) out["request_id"] = error.request_id;
    }
    if (!problems.empty()) {
        out["field"] = problems.front().field;
        if (!problems.front().remedy.empty()) out["remedy"] = problems.front().remedy;
        boost::json::array list;
        for (const auto& problem : problems) list.push_back(field_json(problem));
        out["errors"] = std::move(list);
    }
    Response response{
        .status = status, .content_type = "application/problem+json", .body = boost::json::serialize(out)};
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"polysync\"");
    if (error.retry_after) {
        auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
        response.headers.emplace_back("Retry-After", fmt::format("{}", seconds));
    } else if (status == 429 || status == 503) {
        response.headers.emplace_back("Retry-After", "1");
    }
    return response;
}

}  // namespace polysync::api
