// What a node stands on: its machine's clock, its place in the world and its way to the store, each with its
// faults.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "store/shared_time.h"
#include "store/store.h"
#include "test/sim/virtual_clock.h"

namespace polysync::sim {

// A machine's own clocks: its calendar is off from everybody else's, and jumps where somebody sets it; both
// it and the steady clock stand still with the machine.
class MachineClock final : public Clock {
  public:
    // `goes_alone`: no store tells it the time, so it is the one that everything goes by.
    MachineClock(VirtualClock& clock, bool goes_alone) : clock_(clock), goes_alone_(goes_alone) {}

    SystemTime now() const override { return goes_alone_ ? clock_.now() : clock_.true_time() + off_; }
    SteadyTime steady_now() const override { return clock_.steady_now() - lost_; }
    Async<void> sleep_until(SteadyTime deadline) override;
    void jump(Millis by) { off_ += by; }
    void has_stood_still(Millis time) {
        lost_ += time;
        off_ -= time;
    }

  private:
    VirtualClock& clock_;
    bool goes_alone_;
    Millis off_{0}, lost_{0};
};

// How long a process makes no step; or its whole machine, whose clocks then stand still too.
struct Stall {
    Stall(Millis given = Millis(0), bool stops_clocks = false) : time(given), of_machine(stops_clocks) {}
    Millis time;
    bool of_machine;
};

// A process: where it may crash, be paused, be cut off from the store, and wait for it.
struct Standing {
    VirtualClock& clock;
    SeededRandom& random;
    std::function<bool(std::string_view)> crash_point;
    std::function<Millis(std::string_view)> store_wait;  // World::store_wait
    SteadyTime paused_until = SteadyTime::min();
    Millis stood_still{0};  // of the pause, and its machine's clocks do not know yet
    SteadyTime cut_off_until = SteadyTime::min();
    bool crashed = false;

    [[nodiscard]] bool is_cut_off() const { return clock.steady_now() < cut_off_until; }
};

// Passes units on to the real store in the order in which they come, and crashes before or after them. As in
// the stores, one transaction of a node is under way at a time, and all that has come meanwhile goes into the
// next one. Who is cut off while an answer is on its way gets it when the store is back.
class NodeStore final : public store::Store {
  public:
    NodeStore(store::Store& inner, Standing& standing, const MachineClock& machine, bool is_shared)
        : inner_(inner), standing_(standing), machine_(machine), is_shared_(is_shared) {
        auto opened = machine.steady_now();
        time_.note(standing.clock.now(), opened, opened);
    }

    Async<Status> write(store::Work work, std::vector<RunId> reads) override;
    Async<Status> read(store::ReadWork work) override;
    Async<Status> backup(std::string path) override { return inner_.backup(std::move(path)); }
    std::optional<SystemTime> shared_now() const override;
    std::string trouble() const override { return inner_.trouble(); }

  private:
    // The units of one transaction.
    struct Group {
        std::shared_ptr<Group> before;    // must be over first
        std::optional<SteadyTime> asked;  // by the machine; no more units from then on
        SteadyTime begins{};              // the lock is here
        std::optional<SteadyTime> ends;   // the answer is here
    };
    Async<std::shared_ptr<Group>> take_turn();
    Async<Status> perform(Group& group, store::Work work, std::vector<RunId> reads);
    Async<void> lose(Group& group, Millis wait, store::Work work, std::vector<RunId> reads);
    Async<void> sleep_until(SteadyTime time);
    Async<void> never();
    Async<Status> fail();

    store::Store& inner_;
    Standing& standing_;
    const MachineClock& machine_;
    bool is_shared_;
    store::SharedTime time_;
    std::shared_ptr<Group> newest_;
};

}  // namespace polysync::sim
