// Rate limits on this side: one adaptive token bucket per account, region and operation, shared by all
// callers of a process (aws-facts 12.3).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/core/limiter_stats.h"
#include "aws/core/operation.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

// Whom a limit belongs to.
struct LimiterKey {
    std::string_view account;  // account id, or an identity's key id until the account is known
    std::string_view region;
    std::string_view service;  // as in ServiceInfo and Operation
    std::string_view operation;
};

// One thread (the loops' executor), which also outlives all waiting. Waiters go in order of priority; among
// equals the callers (platforms) take turns, and each caller's waiters go in order of arrival. Waiting goes
// through the injected clock.
class LimiterRegistry {
  public:
    explicit LimiterRegistry(Clock& clock);
    LimiterRegistry(const LimiterRegistry&) = delete;
    LimiterRegistry& operator=(const LimiterRegistry&) = delete;
    ~LimiterRegistry();

    // Takes a permit where one is free and nobody waits; never suspends.
    [[nodiscard]] bool try_acquire(const LimiterKey& key);
    // Returns when the call may be made. `caller` is the platform's name. Errors: cancelled (Asio
    // per-operation cancellation).
    [[nodiscard]] Async<Result<void>> acquire(LimiterKey key, Priority priority, std::string caller = {});
    // What AWS said to a call that was let through.
    void on_throttle(const LimiterKey& key);
    void on_success(const LimiterKey& key);
    // Overrides the default rate of one operation ("*": of every other one of the service) in every account
    // and region, from now on.
    void set_rate(std::string service, std::string operation, double burst, double per_s);
    // From now on this process is one of so many that share all rates equally (at least one).
    void share_with(std::size_t processes);
    // Sorted by account, region, service, operation.
    [[nodiscard]] std::vector<LimiterStats> stats() const;
    // Of one account in one region.
    [[nodiscard]] std::vector<LimiterStats> stats(std::string_view account, std::string_view region) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace polysync::aws
