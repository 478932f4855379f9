// Injected failures: POST /_sandbox/faults. A fault matches calls by service and operation, and acts on some
// of them, by count or by chance from its own seed, so that a failing run can be repeated.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"

namespace polysync::sandbox {

enum class FaultKind {
    error_before,         // an error, nothing happened
    error_after,          // an error, although it happened
    lost_answer,          // it happened, then the connection is reset
    reset_before,         // the connection is reset, nothing happened
    delay,                // the answer comes late
    throttle,             // the service's own throttling error
    expired_credentials,  // the service's own error for them
    truncated_body,       // it happened; the connection closes within the body
    garbage_body,         // it happened; 200 with something that is no answer
    html_503,             // a load balancer's page, nothing happened
    skewed_date,          // it happened; the Date header is off by `delay`
    clock_skew,           // refused as if the caller's clock were wrong by 10 minutes
};

struct Fault {
    std::uint64_t id = 0;
    FaultKind kind = FaultKind::error_before;
    std::string service;         // empty: any
    std::string operation;       // empty: any; "Describe*" matches a prefix
    std::uint64_t skip = 0;      // let so many matching calls pass first
    std::int64_t remaining = 1;  // acts so often; negative: until removed
    double probability = 1;
    std::chrono::milliseconds delay{0};
    // Sent with the answer as x-amz-retry-after (metadata endpoints: Retry-After, in seconds); 0: not sent.
    std::chrono::milliseconds retry_after{0};
    std::string code, message;  // of error_before, error_after; empty: the service's internal error
    int status = 0;
    std::uint64_t matched = 0, acted = 0;
    SeededRandom random{1};
};

class Faults {
  public:
    // {"kind": "error_after", "service": "glue", "operation": "StartJobRun", "count": 2, …}; answers the new
    // fault's id. Fails with invalid_input naming what is wrong and what is known.
    [[nodiscard]] Result<std::uint64_t> add(const boost::json::object& described);
    bool remove(std::uint64_t id);
    void clear() { faults_.clear(); }

    // The faults that act on this call, in the order they were added. Counts the call.
    [[nodiscard]] std::vector<const Fault*> take(std::string_view service, std::string_view operation);

    [[nodiscard]] boost::json::array to_json() const;

  private:
    std::vector<std::unique_ptr<Fault>> faults_;
    std::uint64_t last_id_ = 0;
};

}  // namespace polysync::sandbox
