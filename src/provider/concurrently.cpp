#include "provider/concurrently.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace polysync {

namespace asio = boost::asio;

namespace {

struct Shared {
    Shared(asio::any_io_executor executor, std::size_t total, std::function<Async<void>(std::size_t)> make)
        : all_ended(executor, asio::steady_timer::time_point::max()), count(total), work(std::move(make)) {}

    asio::steady_timer all_ended;
    std::size_t count;
    std::size_t next = 0;
    std::size_t workers = 0;
    bool stopped = false;
    std::exception_ptr error;
    std::function<Async<void>(std::size_t)> work;
};

Async<void> run_worker(std::shared_ptr<Shared> shared) {
    while (!shared->stopped && shared->next < shared->count) {
        std::size_t number = shared->next++;
        co_await shared->work(number);
    }
}

}  // namespace

Async<void> concurrently(std::size_t count, std::size_t at_once,
                         std::function<Async<void>(std::size_t)> work) {
    std::size_t workers = std::min(count, std::max<std::size_t>(at_once, 1));
    if (workers <= 1) {
        for (std::size_t i = 0; i < count; ++i) co_await work(i);
        co_return;
    }
    asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto shared = std::make_shared<Shared>(executor, count, std::move(work));
    std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
    shared->workers = workers;
    for (std::size_t i = 0; i < workers; ++i) {
        signals.push_back(std::make_unique<asio::cancellation_signal>());
        auto ended = [shared](std::exception_ptr error) {
            if (error && !shared->error) shared->error = error;
            if (--shared->workers == 0) shared->all_ended.cancel();
        };
        asio::co_spawn(executor, run_worker(shared),
                       asio::bind_cancellation_slot(signals.back()->slot(), std::move(ended)));
    }
    // A cancelled wait stops the workers, and is followed by a second wait: their frames refer to the
    // caller's.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool is_cancelled = false;
    while (shared->workers > 0) {
        boost::system::error_code ignored;
        co_await shared->all_ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (shared->workers == 0) break;
        is_cancelled = shared->stopped = true;
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        for (auto& signal : signals) signal->emit(asio::cancellation_type::terminal);
    }
    if (is_cancelled)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (shared->error) std::rethrow_exception(shared->error);
}

}  // namespace polysync
