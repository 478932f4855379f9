// Runs a coroutine to its end on an io_context of its own (or on the caller's) and returns what it returned.
//
//     Result<Job> job = run_async(client.get_job("etl"));
//
// For tests. Everything that the coroutine spawned on the same io_context runs too, until the coroutine
// itself ends; work that is still open then is dropped with the context. A coroutine that waits for something
// that never comes (no work is left and it has not ended) throws std::logic_error, so a test fails instead of
// hanging.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/async.h"

namespace polysync::test {

namespace detail {

struct AsyncEnd {
    bool ended = false;
    std::exception_ptr error;
};

// Asio default-constructs what a spawned coroutine returns, and a Result has no default; so it is put aside
// here.
template <class T>
Async<void> keep_result(Async<T> work, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(work));
}

}  // namespace detail

// On `io`, which must not run elsewhere. Rethrows what the coroutine threw.
inline void run_async(boost::asio::io_context& io, Async<void> work) {
    auto end = std::make_shared<detail::AsyncEnd>();  // the handler may outlive this function when it throws
    auto done = [end](std::exception_ptr error) {
        end->ended = true;
        end->error = std::move(error);
    };
    boost::asio::co_spawn(io, std::move(work), std::move(done));
    io.restart();
    while (!end->ended && io.run_one() > 0) {
    }
    if (!end->ended) throw std::logic_error("the coroutine waits for something that never comes");
    if (end->error) std::rethrow_exception(end->error);
}

template <class T>
T run_async(boost::asio::io_context& io, Async<T> work) {
    auto result = std::make_shared<std::optional<T>>();
    run_async(io, detail::keep_result<T>(std::move(work), result));
    return std::move(**result);
}

template <class T>
T run_async(Async<T> work) {
    boost::asio::io_context io;
    return run_async(io, std::move(work));
}

}  // namespace polysync::test
