// One request on its way through a handler: its parts, its problems, and the way to the runtime and the
// store.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>

#include "api/fields.h"
#include "api/message.h"
#include "api/problem.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace polysync::api {

// What the API works with; all of it outlives every request.
struct Parts {
    store::Store* store = nullptr;
    runtime::Runtime* runtime = nullptr;
    runtime::Operations* operations = nullptr;
    boost::asio::any_io_executor runtime_executor;  // where runtime, operations and providers live
    runtime::ProviderSource* providers = nullptr;
    Clock* clock = nullptr;
    std::string version;  // of the program
    SystemTime started_at{};
};

// What a successful answer is made of, inside the transaction of the operation that it speaks of.
using AnswerMaker = std::function<Result<Response>(store::Transaction&, const runtime::OperationEffect&)>;

// The Idempotency-Key of a POST: the answer becomes durable in the transaction of what it answers, so that a
// repeat after any crash finds either both or neither.
struct IdempotencyKey {
    std::string record;  // the key as the store keeps it; empty: none was given
    std::string hash;    // of method, path and body

    // The stored answer; nothing where the key is new. Errors: conflict, where it came with another request.
    [[nodiscard]] Result<std::optional<Response>> find(store::ReadTransaction& transaction) const;
    [[nodiscard]] Status keep(store::Transaction& transaction, const Response& response,
                              SystemTime now) const;
};

class Service;

// Lives in the frame of the request's coroutine.
class Call {
  public:
    Call(const Parts& its_parts, const Request& its_request, Service* its_service = nullptr)
        : parts(its_parts), request(its_request), service(its_service) {}

    const Parts& parts;
    const Request& request;
    Service* service;
    std::vector<std::string> path;  // values of the pattern's {names}, decoded
    boost::json::object query;
    boost::json::object body;
    IdempotencyKey idempotency;
    std::vector<FieldProblem> problems;

    [[nodiscard]] Fields query_fields() { return {query, problems, Fields::Source::query}; }
    [[nodiscard]] Fields body_fields() { return {body, problems}; }
    // Errors: invalid_input where a field has a problem; the answer lists them all.
    [[nodiscard]] Status check() const;
    // The same error, with the member that is to blame.
    [[nodiscard]] Error blame(std::string field, const Error& error);

    [[nodiscard]] Result<std::int64_t> path_number(std::size_t index, std::string_view what) const;

    // A coroutine of the runtime's, run where the runtime lives.
    template <class T>
    [[nodiscard]] Async<T> on_runtime(Async<T> work) {
        auto slot = std::make_shared<std::optional<T>>();
        co_await boost::asio::co_spawn(parts.runtime_executor, put(std::move(work), slot),
                                       boost::asio::use_awaitable);
        co_return std::move(**slot);
    }

    // Who asks, for an operation whose answer is made in its transaction and kept under the idempotency key;
    // then `answer(done)` is the response.
    [[nodiscard]] runtime::Caller caller(AnswerMaker make);
    [[nodiscard]] Result<Response> answer(const Status& done);

    // A unit of the store's that makes its own answer, with the idempotency key kept in it.
    [[nodiscard]] Async<Result<Response>> write(std::function<Result<Response>(store::Transaction&)> work);
    // The same without a transaction of its own: for what was done elsewhere (a backup).
    [[nodiscard]] Async<Result<Response>> keep(Response response);

  private:
    template <class T>
    static Async<void> put(Async<T> work, std::shared_ptr<std::optional<T>> slot) {
        slot->emplace(co_await std::move(work));
    }

    struct Outcome {
        std::optional<Response> made, replayed;
    };
    std::shared_ptr<Outcome> outcome_ = std::make_shared<Outcome>();
};

// For on_runtime.
[[nodiscard]] Async<runtime::RuntimeStatus> runtime_status(runtime::Runtime& runtime);

}  // namespace polysync::api
