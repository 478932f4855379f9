// The one error type of the project. `kind` alone decides what the caller does next; everything else is for
// people.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace polysync {

enum class ErrorKind {
    invalid_input,  // the user's input can never work; no call was made for it
    not_found,      // the named thing does not exist
    access_denied,  // authenticated, but not allowed
    credentials,    // no credentials, or refused ones (expired, unknown key, bad signature)
    clock_skew,     // refused because of this machine's clock
    throttled,      // "too many requests": nothing happened, try later
    contention,     // a limit on concurrent work: nothing was started, try later (PLAT-8)
    conflict,       // something of that name or token exists already
    rejected,       // any other definite refusal: nothing happened and a repeat would not help
    transient,      // unreachable, 5xx, time-out of a read: no lasting effect is possible, try again
    unclear,        // the call may or may not have had its effect: look up before repeating (SAFE-1)
    unsupported,    // the service cannot do this at all (Express executions, for instance)
    cancelled,      // the caller asked to stop waiting
    internal,       // a bug, or an answer that cannot be understood
};

// "invalid_input" and so on; stable, used in JSON output.
[[nodiscard]] std::string_view to_string(ErrorKind kind);

struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string code;     // AWS's own code as it came, else one of ours in snake_case
    std::string message;  // for people; never holds a secret
    std::string remedy;   // what to do about it, may be empty (PLAT-6)
    std::optional<std::chrono::milliseconds> retry_after;  // the server's hint
    std::string service;                                   // "glue"; empty where no call was made
    std::string operation;                                 // "StartJobRun"
    std::string request_id;                                // AWS's request id, for support cases
    int http_status = 0;                                   // 0: no HTTP answer

    // One line: code, message, and where known service, operation and request id.
    [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Error make_error(ErrorKind kind, std::string code, std::string message,
                               std::string remedy = {});

}  // namespace polysync
