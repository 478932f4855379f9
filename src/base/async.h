// Async<T>: the coroutine type of everything that waits. It runs on the Asio executor that it was spawned on,
// and supports Asio's per-operation cancellation.
//
// Trap (g++ 12.2): a lambda with owning captures inside a co_await expression is destroyed twice, and a
// capturing coroutine lambda outlives its captures. Name lambdas first, pass arguments to functions;
// scripts/check-style refuses the rest.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace polysync {

template <class T>
using Async = boost::asio::awaitable<T>;

}  // namespace polysync
