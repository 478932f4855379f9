// What the typed clients have in common: call, then decode the answer.
#pragma once

#include <memory>
#include <string>

#include "aws/core/connection.h"
#include "aws/core/json_reader.h"

namespace polysync::aws {

// The error of an answer with status 2xx that does not say what it should. After a start call that means that
// something was started but not what: ErrorKind::unclear.
[[nodiscard]] inline Error unusable_answer(const Operation& operation, const Answer& answer,
                                           RepeatSafety repeat, Error error) {
    if (repeat != RepeatSafety::read) error.kind = ErrorKind::unclear;
    error.service = operation.service->name;
    error.operation = operation.name;
    error.request_id = answer.request_id;
    error.http_status = answer.http_status;
    return error;
}

// Calls and decodes into T.
template <class T>
[[nodiscard]] Async<Result<T>> call_json(std::shared_ptr<Connection> connection, const Operation& operation,
                                         std::string body, const ObjectShape& shape,
                                         CallOptions options = {}) {
    POLYSYNC_CO_TRY(Answer answer, co_await connection->call(operation, std::move(body), options));
    Result<T> decoded = decode_json<T>(answer.body, shape);
    if (!decoded) {
        RepeatSafety repeat = options.repeat.value_or(operation.repeat);
        co_return unusable_answer(operation, answer, repeat, std::move(decoded.error()));
    }
    co_return decoded;
}

// For answers whose body says nothing that matters.
[[nodiscard]] inline Async<Result<void>> call_only(std::shared_ptr<Connection> connection,
                                                   const Operation& operation, std::string body) {
    POLYSYNC_CO_TRY(co_await connection->call(operation, std::move(body)));
    co_return success();
}

// A started thing without its id is an unclear start.
[[nodiscard]] inline Error missing_id(const Operation& operation, std::string_view member) {
    Error error = make_error(ErrorKind::unclear, "unreadable_answer",
                             "AWS accepted the call but its answer lacks " + std::string(member));
    error.service = operation.service->name;
    error.operation = operation.name;
    return error;
}

}  // namespace polysync::aws
