#include "runtime/spawn.h"

#include <exception>

#include <boost/asio/co_spawn.hpp>

#include "base/log.h"

namespace polysync::runtime {
namespace {

struct EndsWithoutError {
    void operator()(std::exception_ptr error) const {
        if (error) std::rethrow_exception(error);
    }
};

Async<void> counted(Context& context, Async<void> work) {
    ++context.live;
    co_await std::move(work);
    --context.live;
}

}  // namespace

void spawn(Context& context, Async<void> work) {
    boost::asio::co_spawn(context.executor, counted(context, std::move(work)), EndsWithoutError{});
}

Result<std::shared_ptr<Provider>> provider_of(Context& context, ObjectId platform) {
    auto found = context.catalog->platforms.find(platform);
    if (found == context.catalog->platforms.end())
        return make_error(ErrorKind::transient, "platform_gone", "the run's platform is no longer defined",
                          "Define it again, or cancel the run.");
    return context.parts.providers->provider(found->second);
}

Async<Status> complete_intent(Context& context, Provider& provider, const TaskRun& run,
                              StoredIntent& intent) {
    if (intent.intent.from_definition.empty()) co_return success();
    POLYSYNC_CO_TRY(intent.intent, co_await provider.complete(intent.intent));
    Attempt row{.run = run.id,
                .attempt = run.attempt,
                .token = run.token,
                .intent = write_intent(intent),
                .called_at = context.clock().now()};
    store::Work work = [row = std::move(row), fence = run.fence](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto runs, transaction.runs(std::span(&row.run, 1)));
        bool is_ours =
            !runs.empty() && runs.front().fence == fence && runs.front().state == RunState::submitting;
        if (!is_ours)
            return make_error(ErrorKind::conflict, aws::lease_lost, "the run is no longer this attempt's");
        return transaction.put_attempts(std::span(&row, 1));
    };
    std::vector<RunId> reads{run.id};
    co_return co_await context.store().write(std::move(work), std::move(reads));
}

aws::LeaveToSend leave_to_send(const Context& context, const TaskRun& run) {
    if (!context.parts.shared_store) return {};
    return [&context, owner = run.node] { return context.holds(owner); };
}

Async<bool> sleep_unless_stopping(Context& context, Millis delay) {
    if (context.stopping) co_return false;
    Signal wake(context.clock());
    context.sleepers.insert(&wake);
    co_await wake.wait_until(context.clock().steady_now() + delay);
    context.sleepers.erase(&wake);
    co_return !context.stopping;
}

}  // namespace polysync::runtime
