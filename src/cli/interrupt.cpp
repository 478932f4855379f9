#include "cli/interrupt.h"

#include <functional>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace polysync::cli {
namespace {

Async<void> one_interrupt(Console& console, bool& seen) { seen = co_await console.interrupted(); }

Async<void> two_interrupts(Console& console, const std::function<void()>& on_first) {
    bool first = co_await console.interrupted();
    if (!first) co_return;
    on_first();
    bool second = co_await console.interrupted();
    (void)second;
}

}  // namespace

Async<bool> before_interrupt(Async<void> work, Console& console) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (console.take_interrupt()) co_return false;
    bool seen = false;
    auto first = co_await (std::move(work) || one_interrupt(console, seen));
    bool done = first.index() == 0;
    // Both at the same moment: the work's result stands, and the interrupt is for whoever waits next.
    if (done && seen) console.put_back_interrupt();
    co_return done;
}

Async<void> until_first(Async<void> one, Async<void> other) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto first = co_await (std::move(one) || std::move(other));
    (void)first;
}

Async<bool> before_second_interrupt(Async<void> work, Console& console,
                                    const std::function<void()>& on_first) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto first = co_await (std::move(work) || two_interrupts(console, on_first));
    co_return first.index() == 0;
}

}  // namespace polysync::cli
