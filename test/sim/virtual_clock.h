// Time that moves only when nothing else is left to do: hours of a runtime's life pass in milliseconds, the
// same way every time.
#pragma once

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

    // Runs everything that is ready, then lets time pass to the next deadline, and so on, until `deadline` or
    // until `stop` says so.
    template <class Stop>
    void run(boost::asio::io_context& io, SteadyTime deadline, const Stop& stop) {
        io.restart();
        while (!stop()) {
            if (io.poll_one() > 0) continue;
            if (sleepers_.empty() || sleepers_.begin()->first > deadline) return advance_to(deadline);
            advance_to(sleepers_.begin()->first);
            wake_due();
        }
    }
    // For those who run several io_contexts: the next deadline of anybody (max: none), and the way there.
    [[nodiscard]] SteadyTime next_deadline() const {
        return sleepers_.empty() ? SteadyTime::max() : sleepers_.begin()->first;
    }
    void pass_to(SteadyTime time) {
        advance_to(time);
        wake_due();
    }
    // Before anything has looked at it.
    void start_at(SystemTime start) { start_ = now_ = start; }
    // The calendar jumps; the steady clock does not.
    void jump(Millis by) {
        jump_ += by;
        if (by.count() > 0) jumped_forward_ += by;
    }
    // Everything that sleeps belongs to a runtime that has crashed; or what sleeps on this io_context does.
    void drop_sleepers() { sleepers_.clear(); }
    void drop_sleepers(const boost::asio::io_context& io);

    // The time of others, who do not jump with us.
    [[nodiscard]] SystemTime true_time() const { return now_; }
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

    SystemTime start_, now_;
    Millis jump_{0}, jumped_forward_{0};
    SteadyTime steady_{std::chrono::hours(1)};
    std::multimap<SteadyTime, std::shared_ptr<Sleeper>> sleepers_;
};

}  // namespace polysync::sim
