#include "runtime/context.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aws/core/call_options.h"
#include "base/log.h"
#include "engine/test_hooks.h"

namespace polysync::runtime {

namespace asio = boost::asio;

Async<void> Signal::wait_until(SteadyTime deadline) {
    if (!given_) {
        auto cancellation = std::make_shared<asio::cancellation_signal>();
        waiting_ = cancellation;
        auto executor = co_await asio::this_coro::executor;
        auto token = asio::bind_cancellation_slot(cancellation->slot(), asio::use_awaitable);
        co_await asio::co_spawn(executor, clock_.sleep_until(deadline), std::move(token));
    }
    given_ = false;
}

void Signal::give() {
    given_ = true;
    if (auto cancellation = waiting_.lock()) cancellation->emit(asio::cancellation_type::terminal);
}

Context::Context(RuntimeParts given)
    : parts(std::move(given)),
      owner(parts.node),
      dispatch(*parts.clock),
      schedule(*parts.clock),
      housekeep(*parts.clock),
      keep_logs(*parts.clock) {}

bool Context::holds(const std::string& of) const {
    if (engine::is_planted(engine::Fault::lease_is_ignored)) return true;
    return of == owner && clock().steady_now() < lease.until && clock().now() < lease.until_shared;
}

Context::Lease Context::lease_for(Millis time) const {
    return {clock().steady_now() + time, clock().now() + time};
}

Status check_catalog(store::ReadTransaction& transaction, const Premise& premise) {
    if (!premise.shared) return success();
    POLYSYNC_TRY(auto version, transaction.definitions_version());
    if (version == premise.catalog_version) return success();
    return make_error(ErrorKind::conflict, definitions_changed,
                      "the definitions have just been changed on another node", "Try again.");
}

Status check_lease(store::ReadTransaction& transaction, const Premise& premise) {
    if (!premise.shared) return success();
    POLYSYNC_TRY(auto nodes, transaction.nodes());
    for (const auto& node : nodes)
        if (node.owner() == premise.owner) return success();
    return make_error(ErrorKind::conflict, aws::lease_lost, "other nodes have taken over from this one");
}

Async<Status> write_current(Context& context, store::Work work, std::vector<RunId> reads) {
    if (!context.parts.shared_store)
        co_return co_await context.store().write(std::move(work), std::move(reads));
    store::Work checked = [work = std::move(work),
                           premise = context.premise()](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(check_catalog(transaction, premise));
        return work(transaction);
    };
    auto done = co_await context.store().write(std::move(checked), std::move(reads));
    if (!done && done.error().code == definitions_changed) {
        auto loaded = co_await context.reload();
        if (!loaded) co_return loaded;
    }
    co_return done;
}

void log_failure(std::string_view what, const Error& error) {
    bool passes = error.code == definitions_changed || error.code == aws::lease_lost;
    if (!passes) log::error("{}: {}", what, error.describe());
}

}  // namespace polysync::runtime
