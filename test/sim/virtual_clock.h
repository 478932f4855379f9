// Time that moves only when nothing else is left to do: hours of a runtime's life pass in milliseconds, the
// same way every time.
#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/resume.h"

namespace polysync::sim {

class VirtualClock final : public Clock {
  public:
    explicit VirtualClock(SystemTime start) : start_(start), now_(start) {}

    SystemTime now() const override { return now_ + jump_; }
    SteadyTime steady_now() const override { return steady_; }
    Async<void> sleep_until(SteadyTime deadline) override;

    // Runs everything that is ready, then lets time pass to the next deadline, and so on, until `deadline`
    // (false) or until `stop` says so. `step` does one thing that is ready, false where nothing is; `other`
    // is the next moment that somebody beside the sleepers waits for (max: none).
    template <class Step, class Other, class Stop>
    bool run(const Step& step, const Other& other, SteadyTime deadline, const Stop& stop) {
        while (!stop()) {
            if (step()) continue;
            auto next = other();
            if (!sleepers_.empty()) next = std::min(next, sleepers_.begin()->first);
            advance_to(std::min(next, deadline));
            wake_due();
            if (next > deadline) return false;
        }
        return true;
    }
    template <class Stop>
    bool run(boost::asio::io_context& io, SteadyTime deadline, const Stop& stop) {
        io.restart();
        return run([&] { return io.poll_one() > 0; }, [] { return SteadyTime::max(); }, deadline, stop);
    }
    // Before anything has looked at it.
    void start_at(SystemTime start) { start_ = now_ = start; }
    // The calendar jumps; the steady clock does not.
    void jump(Millis by) {
        latest_ = latest();
        jump_ += by;
        if (by.count() > 0) jumped_forward_ += by;
    }
    // Everything that sleeps belongs to a runtime that has crashed; or what sleeps on this io_context does.
    void drop_sleepers() { sleepers_.clear(); }
    void drop_sleepers(const boost::asio::io_context& io);

    // The time of others, who do not jump with us.
    [[nodiscard]] SystemTime true_time() const { return now_; }
    // The latest that the calendar has ever said.
    [[nodiscard]] SystemTime latest() const { return std::max(latest_, now()); }
    // What has passed at most, by any calendar that a rule may have looked at.
    [[nodiscard]] Millis forward() const { return now_ - start_ + jumped_forward_; }

  private:
    struct Sleeper {
        std::unique_ptr<Continuation> continuation;
    };
    struct Hand;
    struct Wake;
    void advance_to(SteadyTime time);
    void wake_due();

    SystemTime start_, now_, latest_{};
    Millis jump_{0}, jumped_forward_{0};
    SteadyTime steady_{std::chrono::hours(1)};
    std::multimap<SteadyTime, std::shared_ptr<Sleeper>> sleepers_;
};

}  // namespace polysync::sim
