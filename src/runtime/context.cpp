#include "runtime/context.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

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
      dispatch(*parts.clock),
      schedule(*parts.clock),
      housekeep(*parts.clock),
      keep_logs(*parts.clock) {}

}  // namespace polysync::runtime
