// A runtime and all that it lives on, in virtual time: definitions, a store in memory, an AWS with books, a
// process that can crash and start again. Stories and the simulator tell their tales on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "engine/catalog.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "test/sim/fake_aws.h"
#include "test/sim/virtual_clock.h"
#include "test/support/run_async.h"

namespace polysync::sim {

class World {
  public:
    World(std::uint64_t seed, SystemTime start);
    ~World();

    // Applies definitions, as `polysync apply` does: a new version, tokens of removed edges dropped. Ids of
    // what is new are above all that were there.
    // Platforms get an AWS of the kind that `kinds` says (by list without).
    void define(const engine::CatalogInput& input);
    [[nodiscard]] const engine::Catalog& catalog() const { return *catalog_; }

    void start();  // a process
    void stop();   // in good order
    void crash();  // everything in memory is gone
    // No process, and time goes on all the same.
    void stay_down(Millis time);
    [[nodiscard]] bool is_running() const { return process_ != nullptr; }

    void run_for(Millis time);
    // False where it does not come true within `most`.
    bool run_until(const std::function<bool()>& what, Millis most);

    [[nodiscard]] runtime::Operations& operations();
    [[nodiscard]] runtime::Runtime& runtime();
    // Runs a coroutine of the process while time goes on.
    template <class T>
    T call(Async<T> work) {
        auto result = std::make_shared<std::optional<T>>();
        spawn(test::detail::keep_result<T>(std::move(work), result));
        run_until([&] { return result->has_value(); }, std::chrono::hours(1));
        return std::move(result->value());
    }
    void spawn(Async<void> work);

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
    std::function<bool(std::string_view)> crash_point;  // whether to crash there
    runtime::SecretResolver secrets;
    runtime::Pace pace;
    [[nodiscard]] bool crashed() const { return crashed_; }

  private:
    struct Process;
    bool may_crash(std::string_view where);
    [[nodiscard]] Status keep_objects(store::Transaction& transaction, const engine::CatalogInput& input);

    std::unique_ptr<store::Store> store_;
    std::map<std::int64_t, std::shared_ptr<const engine::Catalog>> catalogs_;  // by definitions_version
    std::shared_ptr<const engine::Catalog> catalog_;
    ObjectId last_object_{};
    std::unique_ptr<Process> process_;
    bool crashed_ = false;
};

}  // namespace polysync::sim
