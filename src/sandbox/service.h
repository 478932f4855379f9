// What one simulated AWS service is to the sandbox: validated input in, answer out. Single-threaded: the
// sandbox calls every service from its one I/O thread, so services need no locks.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace polysync::sandbox {

using SandboxTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Who calls, where and when. `now` is the sandbox's own time (it can run faster than the wall clock).
struct CallContext {
    std::string account = "123456789012";
    std::string region;
    std::string partition = "aws";
    std::string access_key_id;
    std::string caller_arn;
    std::string request_id;
    SandboxTime now;
};

// What a service answers. `body` holds the members of the operation's output shape as the AWS model names
// them, in the wire form of its protocol (JSON 1.x: timestamps as seconds, fractional; Batch and Logs:
// integer milliseconds).
struct ServiceAnswer {
    boost::json::object body;
    // An error where code is not empty; `body` then holds extra members beside the message ("reason", …).
    std::string error_code;
    std::string error_message;
    int http_status = 200;  // errors: 0 means the model's status, else 400
    // The answer is sent this much later, in sandbox time (StartSyncExecution).
    std::chrono::milliseconds delay{0};

    [[nodiscard]] bool failed() const { return !error_code.empty(); }
};

[[nodiscard]] inline ServiceAnswer answer(boost::json::object body) {
    ServiceAnswer made;
    made.body = std::move(body);
    return made;
}

[[nodiscard]] inline ServiceAnswer refuse(std::string code, std::string message, int http_status = 0) {
    ServiceAnswer made;
    made.error_code = std::move(code);
    made.error_message = std::move(message);
    made.http_status = http_status;
    return made;
}

// State is kept per account and region by the service itself.
class Service {
  public:
    virtual ~Service() = default;
    // The model's file name without ending, which is also how faults, quotas and the admin endpoint call it:
    // glue, batch, sagemaker, stepfunctions, logs, sts.
    [[nodiscard]] virtual std::string_view name() const = 0;
    // `input` has passed the model: required members, types, lengths, ranges, patterns, enums.
    [[nodiscard]] virtual ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                               const CallContext& context) = 0;
    // POST /_sandbox/<name>/<kind>: adds or changes a resource ("job", "queue", "definition", "pipeline",
    // "state_machine", "outcome", …). Unknown kinds and members are refused with a message that names the
    // known ones.
    [[nodiscard]] virtual ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                              const CallContext& context) = 0;
    // Starts of work per token (Glue's --polysync-run-token, Batch's job name, SageMaker's
    // ClientRequestToken, an execution's name) → how many runs were really started under it. The books of GET
    // /_sandbox/books.
    [[nodiscard]] virtual boost::json::object submissions() const = 0;
    // The most runs that were under way at once, per "account/region": {"all": n, "jobs": {name: n}}. Books,
    // too.
    [[nodiscard]] virtual boost::json::object most_in_flight() const { return {}; }
};

}  // namespace polysync::sandbox
