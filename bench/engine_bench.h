// A runtime on a store, with platforms of one job and one task each, for benchmarks of the engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "engine/catalog.h"
#include "provider/provider.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace polysync::bench {

// Of the first platform.
inline constexpr ObjectId bench_platform{1}, bench_job{2}, bench_task{3};
[[nodiscard]] ObjectId platform_of(int place);
[[nodiscard]] QualifiedName task_of(int place);

// Ends the program with its message.
[[noreturn]] void fail(const std::string& message);
void check(const Status& status);
template <class T>
T take(Result<T> result) {
    if (!result) fail(result.error().describe());
    return std::move(result.value());
}

class EngineBench {
  public:
    // A new SQLite store in an existing folder, or a node on a PostgreSQL (postgres://…). All runs of a task
    // may be in flight at once. The platforms are alike but for their names, and share the provider.
    EngineBench(const std::string& place, std::shared_ptr<Provider> provider, const Platform& platform,
                int platforms = 1);

    // Adopts what is in flight and starts the loops.
    void start();
    // Lets the loops run until it is true; ends the program after ten minutes.
    void run_until(const std::function<bool()>& what);
    void spawn(Async<void> work);
    void read(store::ReadWork work);
    void write(store::Work work);
    [[nodiscard]] runtime::Operations& operations() { return *operations_; }
    void stop();

  private:
    class OneProvider;
    void finish(Async<Status> work);  // waits for it; ends the program where it fails

    std::unique_ptr<store::Store> store_;
    std::unique_ptr<runtime::ProviderSource> source_;
    std::shared_ptr<const engine::Catalog> catalog_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<runtime::Operations> operations_;
    boost::asio::io_context io_{1};  // last: its coroutines refer to all the above
};

}  // namespace polysync::bench
