// Waiting for work or for Ctrl-C, whichever comes first.
#pragma once

#include <functional>
#include <optional>

#include "base/async.h"
#include "cli/console.h"

namespace polysync::cli {

// Waits for `work` or for the console's next interrupt; the other one is cancelled and has ended when this
// returns. True: the work ended.
[[nodiscard]] Async<bool> before_interrupt(Async<void> work, Console& console);

// The interrupts given, then the return: with 2, the first one only draws `on_first`.
[[nodiscard]] Async<bool> before_second_interrupt(Async<void> work, Console& console,
                                                  const std::function<void()>& on_first);

// Waits for whichever ends first; the other one is cancelled and has ended when this returns.
[[nodiscard]] Async<void> until_first(Async<void> one, Async<void> other);

namespace detail {
template <class T>
Async<void> keep(Async<T> work, std::optional<T>& kept) {
    kept.emplace(co_await std::move(work));
}
}  // namespace detail

// The same for work with a result; nothing where the interrupt came first and the cancelled work gave no
// result.
template <class T>
[[nodiscard]] Async<std::optional<T>> result_before_interrupt(Async<T> work, Console& console) {
    std::optional<T> kept;
    bool done = co_await before_interrupt(detail::keep(std::move(work), kept), console);
    if (!done) kept.reset();
    co_return kept;
}

}  // namespace polysync::cli
