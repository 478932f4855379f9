// What the loops of one runtime share. One executor; outlives every loop.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

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

// What a unit presumes, to be checked inside it: other nodes may have changed it.
struct Premise {
    bool shared = false;  // else nobody can
    std::string owner;
    std::int64_t catalog_version = 0;
};

struct Context {
    explicit Context(RuntimeParts given);

    RuntimeParts parts;
    boost::asio::any_io_executor executor;  // the runtime's; set when it starts
    std::shared_ptr<const engine::Catalog> catalog = std::make_shared<engine::Catalog>();
    std::function<Async<Status>()> reload;  // of the catalog, where it is no longer the newest
    bool stopping = false;

    // Of the runs that this process follows (NodeLease::owner()); changes when the lease is lost and taken
    // anew. The node's name alone where nobody shares the store.
    std::string owner;
    // A lease ends by two clocks: a machine that stands still may take its steady one along, and the one that
    // nodes share, which each answer of the store sets right, may be set back.
    struct Lease {
        SteadyTime until = SteadyTime::max();
        SystemTime until_shared = SystemTime::max();
    };
    Lease lease;
    // Of this node's name: those before this process that are dead for sure (RuntimeParts::name_lock).
    std::set<std::string> predecessors;
    // Of the live nodes, by name: who does what any of them can do.
    std::size_t rank = 0, nodes = 1;

    std::size_t live = 0;        // coroutines that the runtime has spawned and that have not ended
    std::set<Signal*> sleepers;  // of sleep_unless_stopping
    Signal dispatch, schedule, housekeep, keep_logs;

    [[nodiscard]] Clock& clock() const { return *parts.clock; }
    [[nodiscard]] store::Store& store() const { return *parts.store; }
    // Whether nobody else may act for this owner now. SAFE-1 rests on it: asked right before each start call.
    [[nodiscard]] bool holds(const std::string& of) const;
    // One that would begin now.
    [[nodiscard]] Lease lease_for(Millis time) const;
    [[nodiscard]] Premise premise() const { return {parts.shared_store, owner, catalog->version}; }
};

inline constexpr const char* definitions_changed = "definitions_changed";
// Error: conflict, `definitions_changed`: the catalog that the unit was made with is not the newest.
[[nodiscard]] Status check_catalog(store::ReadTransaction& transaction, const Premise& premise);
// Error: conflict, aws::lease_lost.
[[nodiscard]] Status check_lease(store::ReadTransaction& transaction, const Premise& premise);

// A unit whose rules come from the current catalog. Where that is not the newest, nothing happens, the newest
// is loaded, and the error is that of check_catalog().
[[nodiscard]] Async<Status> write_current(Context& context, store::Work work, std::vector<RunId> reads = {});
// But for what other nodes changed in between, which is looked at again soon.
void log_failure(std::string_view what, const Error& error);

}  // namespace polysync::runtime
