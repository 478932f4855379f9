#include "test/sim/virtual_clock.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace polysync::sim {

namespace asio = boost::asio;

struct VirtualClock::Wake {
    std::weak_ptr<Sleeper> sleeper;
    void operator()(asio::cancellation_type) const {
        auto alive = sleeper.lock();
        if (!alive || !alive->continuation) return;
        ResumeBatches batches;
        batches.add(std::move(alive->continuation));
        batches.flush();
    }
};

struct VirtualClock::Hand {
    template <class Handler>
    void operator()(Handler handler, VirtualClock* clock, SteadyTime deadline) const {
        auto sleeper = std::make_shared<Sleeper>();
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.template emplace<Wake>(Wake{sleeper});
        sleeper->continuation = make_continuation(std::move(handler));
        clock->sleepers_.emplace(deadline, std::move(sleeper));
    }
};

Async<void> VirtualClock::sleep_until(SteadyTime deadline) {
    if (deadline <= steady_) deadline = steady_ + std::chrono::nanoseconds(1);  // every sleep lets others run
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(Hand{}, asio::use_awaitable, this,
                                                                         deadline);
}

void VirtualClock::advance_to(SteadyTime time) {
    if (time <= steady_) return;
    auto before = std::chrono::floor<Millis>(steady_.time_since_epoch());
    steady_ = time;
    now_ += std::chrono::floor<Millis>(steady_.time_since_epoch()) - before;
}

void VirtualClock::wake_due() {
    ResumeBatches batches;
    while (!sleepers_.empty() && sleepers_.begin()->first <= steady_) {
        auto sleeper = std::move(sleepers_.begin()->second);
        sleepers_.erase(sleepers_.begin());
        if (sleeper->continuation) batches.add(std::move(sleeper->continuation));
    }
    batches.flush();
}

void VirtualClock::drop_sleepers(const asio::io_context& io) {
    std::erase_if(sleepers_, [&](const auto& entry) {
        const auto& continuation = entry.second->continuation;
        return !continuation || &asio::query(continuation->executor(), asio::execution::context) == &io;
    });
}

}  // namespace polysync::sim
