// A runtime and all that it lives on, in virtual time: definitions, a store in memory, an AWS with books, a
// process that can crash and start again - or several on one store. Stories and the simulator tell their
// tales on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "engine/catalog.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "test/sim/fake_aws.h"
#include "test/sim/node_store.h"
#include "test/sim/virtual_clock.h"
#include "test/support/run_async.h"

namespace polysync::sim {

// A new store that runs inline and goes by this clock.
using StoreMaker = std::function<Result<std::unique_ptr<store::Store>>(Clock&)>;

struct Nodes {
    std::size_t count = 1;
    // They hold their runs by leases and go by the store's clock, as several always do.
    bool share = false;
    StoreMaker store;  // empty: SQLite in memory
};

class World {
  public:
    World(std::uint64_t seed, SystemTime start, const Nodes& nodes = {});
    ~World();

    // Applies definitions, as `polysync apply` does: a new version, tokens of removed edges dropped. Ids of
    // what is new are above all that were there.
    // Platforms get an AWS of the kind that `kinds` says (by list without).
    // One node hears of it at once; the others find out.
    void define(const engine::CatalogInput& input);
    [[nodiscard]] const engine::Catalog& catalog() const { return *catalog_; }

    void start(int node = 0);  // a process
    void stop(int node = 0);   // in good order
    void crash(int node = 0);  // everything in memory is gone
    // The node makes no step for so long, and does not know it; nor does its machine, where that stands
    // still.
    void pause(int node, Millis time, bool of_machine = false);
    // The node cannot reach the store for so long.
    void cut_off(int node, Millis time);
    // Somebody sets the clock of the node's machine, which has no part in the store's time.
    void jump(int node, Millis by);
    // Neither paused nor cut off any more.
    void mend(int node);
    // No process, and time goes on all the same.
    void stay_down(Millis time);
    [[nodiscard]] bool is_running(int node = 0) const { return processes_[std::size_t(node)] != nullptr; }
    [[nodiscard]] int nodes() const { return int(processes_.size()); }  // they count from 0
    [[nodiscard]] bool is_shared() const { return shared_; }

    void run_for(Millis time);
    // False where it does not come true within `most`, or a node crashes.
    bool run_until(const std::function<bool()>& what, Millis most);

    [[nodiscard]] runtime::Operations& operations(int node = 0);
    [[nodiscard]] runtime::Runtime& runtime(int node = 0);
    // Runs a coroutine of the process while time goes on.
    template <class T>
    T call(Async<T> work, int node = 0) {
        auto result = std::make_shared<std::optional<T>>();
        spawn(test::detail::keep_result<T>(std::move(work), result), node);
        run_until([&] { return result->has_value(); }, std::chrono::hours(1));
        return std::move(result->value());
    }
    void spawn(Async<void> work, int node = 0);

    template <class Function>
    void in_store(Function function) {
        auto done = test::run_async(store_->write(function));
        if (!done) throw std::runtime_error("the store: " + done.error().describe());
    }

    VirtualClock clock;
    SeededRandom random;
    Faults faults;
    std::map<ObjectId, StartKind> kinds;
    std::map<ObjectId, std::unique_ptr<FakePlatform>> aws;
    std::function<bool(std::string_view)> crash_point;   // whether to crash there
    std::function<Stall(std::string_view)> stall_point;  // how long to be paused there
    // What a node waits for the store: for the "lock" before a transaction begins, for its "answer" once it
    // is done, before and after a "read"; or until it is done again, because it was "lost".
    std::function<Millis(int node, std::string_view what)> store_wait;
    runtime::SecretResolver secrets;
    runtime::Pace pace;
    [[nodiscard]] bool crashed(int node) const;  // or could not start, which ends a process too
    [[nodiscard]] bool crashed() const;          // any of them

  private:
    struct Process;
    bool may_crash(int node, std::string_view where);
    bool step();
    void wake(int node);
    [[nodiscard]] SteadyTime next_resumption() const;
    [[nodiscard]] Status keep_objects(store::Transaction& transaction, const engine::CatalogInput& input);

    std::unique_ptr<store::Store> store_;
    std::map<std::int64_t, std::shared_ptr<const engine::Catalog>> catalogs_;  // by definitions_version
    std::shared_ptr<const engine::Catalog> catalog_;
    ObjectId last_object_{};
    bool shared_;
    std::vector<std::unique_ptr<MachineClock>> machines_;  // by node
    std::vector<std::unique_ptr<Process>> processes_;      // by node; none: it is down
};

}  // namespace polysync::sim
