#include "test/sim/node_store.h"

#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "engine/test_hooks.h"

namespace polysync::sim {
namespace {

Error connection_lost() {
    return make_error(ErrorKind::transient, "connection_lost", "the store cannot be reached");
}

}  // namespace

Async<void> MachineClock::sleep_until(SteadyTime deadline) {
    co_await clock_.sleep_until(deadline + lost_);
    // Whoever was woken before does not go on sleeping.
    auto state = co_await boost::asio::this_coro::cancellation_state;
    while (steady_now() < deadline && state.cancelled() == boost::asio::cancellation_type::none)
        co_await clock_.sleep_until(deadline + lost_);
}

std::optional<SystemTime> NodeStore::shared_now() const {
    if (!is_shared_) return std::nullopt;
    return time_.at(machine_.steady_now());
}

Async<Status> NodeStore::write(store::Work work, std::vector<RunId> reads) {
    if (standing_.crash_point("store.before_commit")) co_await never();
    auto group = co_await take_turn();
    if (standing_.is_cut_off()) {
        if (!group->ends) group->ends = standing_.clock.steady_now();
        co_return co_await fail();
    }
    auto lost = standing_.store_wait("lost");
    if (lost.count() > 0) co_await lose(*group, lost, work, reads);
    co_return co_await perform(*group, std::move(work), std::move(reads));
}

Async<std::shared_ptr<NodeStore::Group>> NodeStore::take_turn() {
    if (!newest_ || newest_->asked) {
        auto next = std::make_shared<Group>();
        next->before = std::exchange(newest_, next);
    }
    auto group = newest_;
    while (group->before) {
        auto before = group->before;
        bool is_over = before->ends && *before->ends <= standing_.clock.steady_now();
        if (is_over) {
            group->before.reset();
        } else {
            auto until = before->ends.value_or(before->begins);
            co_await standing_.clock.sleep_until(until);
        }
    }
    if (!group->asked) {
        group->asked = machine_.steady_now();
        group->begins = standing_.clock.steady_now() + standing_.store_wait("lock");
    }
    while (group->begins > standing_.clock.steady_now()) co_await standing_.clock.sleep_until(group->begins);
    co_return group;
}

Async<Status> NodeStore::perform(Group& group, store::Work work, std::vector<RunId> reads) {
    auto told = std::make_shared<std::optional<SystemTime>>();
    auto local = standing_.clock.now();
    store::Work timed = [told, local, work = std::move(work)](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(*told, transaction.shared_time(local));
        return work(transaction);
    };
    auto done = co_await inner_.write(std::move(timed), std::move(reads));
    if (!group.ends) group.ends = standing_.clock.steady_now() + standing_.store_wait("answer");
    if (standing_.crash_point("store.after_commit")) co_await never();
    co_await sleep_until(*group.ends);
    while (standing_.is_cut_off()) {
        group.ends = standing_.cut_off_until;
        co_await sleep_until(*group.ends);
    }
    if (*told) time_.note(**told, *group.asked, machine_.steady_now());
    co_return done;
}

// Nothing of it is there, and nobody has seen it.
Async<void> NodeStore::lose(Group& group, Millis wait, store::Work work, std::vector<RunId> reads) {
    auto moved = std::exchange(engine::test_hooks.moved, {});
    auto random = standing_.random;  // the two stores ask for it differently often
    store::Work lost = [work = std::move(work)](store::Transaction& transaction) -> Status {
        [[maybe_unused]] auto done = work(transaction);
        return connection_lost();
    };
    [[maybe_unused]] auto nothing = co_await inner_.write(std::move(lost), std::move(reads));
    standing_.random = random;
    engine::test_hooks.moved = std::move(moved);
    group.begins = standing_.clock.steady_now() + wait;
    co_await sleep_until(group.begins);
}

Async<Status> NodeStore::read(store::ReadWork work) {
    if (standing_.is_cut_off()) co_return co_await fail();
    co_await sleep_until(standing_.clock.steady_now() + standing_.store_wait("read"));
    auto done = co_await inner_.read(std::move(work));
    co_await sleep_until(standing_.clock.steady_now() + standing_.store_wait("read"));
    co_return done;
}

Async<void> NodeStore::sleep_until(SteadyTime time) {
    if (time > standing_.clock.steady_now()) co_await standing_.clock.sleep_until(time);
}

Async<void> NodeStore::never() { co_await standing_.clock.sleep_until(SteadyTime::max()); }

Async<Status> NodeStore::fail() {
    co_await standing_.clock.sleep_for(std::chrono::seconds(5));
    co_return connection_lost();
}

}  // namespace polysync::sim
