// This machine's clock, set by the store's: nodes agree on the time to some milliseconds, whatever their own
// clocks say.
#pragma once

#include "base/clock.h"
#include "store/store.h"

namespace polysync::store {

class StoreClock final : public Clock {
  public:
    // Both outlive it.
    StoreClock(Clock& clock, const Store& store) : clock_(clock), store_(store) {}
    SystemTime now() const override { return store_.shared_now().value_or(clock_.now()); }
    SteadyTime steady_now() const override { return clock_.steady_now(); }
    Async<void> sleep_until(SteadyTime deadline) override { return clock_.sleep_until(deadline); }

  private:
    Clock& clock_;
    const Store& store_;
};

}  // namespace polysync::store
