#include "base/error.h"

#include <fmt/format.h>

namespace polysync {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid_input:
            return "invalid_input";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::access_denied:
            return "access_denied";
        case ErrorKind::credentials:
            return "credentials";
        case ErrorKind::clock_skew:
            return "clock_skew";
        case ErrorKind::throttled:
            return "throttled";
        case ErrorKind::contention:
            return "contention";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::rejected:
            return "rejected";
        case ErrorKind::transient:
            return "transient";
        case ErrorKind::unclear:
            return "unclear";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::internal:
            return "internal";
    }
    return "internal";
}

std::string Error::describe() const {
    std::string text = code.empty() ? std::string(to_string(kind)) : code;
    if (!message.empty()) text += ": " + message;
    if (!operation.empty()) text += fmt::format(" ({} {})", service, operation);
    if (!request_id.empty()) text += fmt::format(" [request {}]", request_id);
    return text;
}

Error make_error(ErrorKind kind, std::string code, std::string message, std::string remedy) {
    Error error;
    error.kind = kind;
    error.code = std::move(code);
    error.message = std::move(message);
    error.remedy = std::move(remedy);
    return error;
}

}  // namespace polysync
