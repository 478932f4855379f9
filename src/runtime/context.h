// What the loops of one runtime share. One executor; outlives every loop.
#pragma once

#include <memory>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "runtime/runtime.h"

namespace polysync::runtime {

// Wakes one loop early. Waiting goes through the injected clock, so that virtual time works.
class Signal {
  public:
    explicit Signal(Clock& clock) : clock_(clock) {}
    // Returns at `deadline`, or at once when the signal was given since the last wait.
    [[nodiscard]] Async<void> wait_until(SteadyTime deadline);
    void give();

  private:
    Clock& clock_;
    bool given_ = false;
    std::weak_ptr<boost::asio::cancellation_signal> waiting_;
};

struct Context {
    explicit Context(RuntimeParts given);

    RuntimeParts parts;
    boost::asio::any_io_executor executor;  // the runtime's; set when it starts
    std::shared_ptr<const engine::Catalog> catalog = std::make_shared<engine::Catalog>();
    bool stopping = false;
    std::size_t live = 0;        // coroutines that the runtime has spawned and that have not ended
    std::set<Signal*> sleepers;  // of sleep_unless_stopping
    Signal dispatch, schedule, housekeep, keep_logs;

    [[nodiscard]] Clock& clock() const { return *parts.clock; }
    [[nodiscard]] store::Store& store() const { return *parts.store; }
};

}  // namespace polysync::runtime
