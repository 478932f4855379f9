// Time, injected, so that tests and the simulator run in virtual time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/async.h"
#include "base/result.h"

namespace polysync {

using SystemTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    // Calendar time, milliseconds since 1970 UTC. May jump.
    [[nodiscard]] virtual SystemTime now() const = 0;
    // Never goes back; for time-outs and delays.
    [[nodiscard]] virtual SteadyTime steady_now() const = 0;
    // Returns at `deadline` or when the coroutine is cancelled (Asio per-operation cancellation), without an
    // error.
    [[nodiscard]] virtual Async<void> sleep_until(SteadyTime deadline) = 0;

    [[nodiscard]] Async<void> sleep_for(std::chrono::nanoseconds delay) {
        return sleep_until(steady_now() +
                           std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    }
};

// The machine's clock; safe from any thread. Lives as long as the program.
[[nodiscard]] Clock& system_clock();

// A clock that stands still until told otherwise; single-threaded tests only. `sleep_until` moves time to the
// deadline at once and returns, so code that backs off runs through without waiting; `slept()` says what was
// waited.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(SystemTime start) : now_(start) {}
    [[nodiscard]] SystemTime now() const override { return now_; }
    [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
    [[nodiscard]] Async<void> sleep_until(SteadyTime deadline) override;
    void advance(Millis by);
    void set(SystemTime now) { now_ = now; }  // the calendar only: a clock jump
    [[nodiscard]] Millis slept() const { return slept_; }

  private:
    SystemTime now_;
    SteadyTime steady_{std::chrono::hours(1)};
    Millis slept_{0};
};

// "2026-01-02T03:04:05Z", or with milliseconds where they are not zero.
[[nodiscard]] std::string format_iso8601(SystemTime time);
// Accepts "2026-01-02T03:04:05[.fraction](Z|±hh:mm)"; a zone is required. Fails with invalid_input.
[[nodiscard]] Result<SystemTime> parse_iso8601(std::string_view text);
// "20260102T030405Z"
[[nodiscard]] std::string format_basic(SystemTime time);

}  // namespace polysync
