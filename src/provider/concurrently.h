// Several waits at once on one executor.
#pragma once

#include <cstddef>
#include <functional>

#include "base/async.h"

namespace polysync {

// Awaits work(0) … work(count - 1), at most `at_once` of them at a time, in order of their numbers, and
// returns when all have ended. All run on the caller's executor. `work` is called while this runs and must
// give coroutines that hold what they need by reference or value: it is a plain function object, never a
// coroutine lambda with captures. Cancelling the caller cancels what is under way and starts no more.
[[nodiscard]] Async<void> concurrently(std::size_t count, std::size_t at_once,
                                       std::function<Async<void>(std::size_t)> work);

}  // namespace polysync
