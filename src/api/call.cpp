#include "api/call.h"

#include <charconv>

#include <fmt/format.h>

namespace polysync::api {

Result<std::optional<Response>> IdempotencyKey::find(store::ReadTransaction& transaction) const {
    if (record.empty()) return std::optional<Response>();
    POLYSYNC_TRY(auto found, transaction.idempotency(record));
    if (!found) return std::optional<Response>();
    if (found->request_hash != hash)
        return make_error(ErrorKind::conflict, "idempotency_key_reused",
                          "this Idempotency-Key came with another request before",
                          "Use a new key for a new request.");
    Response response{.status = found->status, .body = found->response};
    response.headers.emplace_back("Idempotency-Replayed", "true");
    return std::optional(std::move(response));
}

Status IdempotencyKey::keep(store::Transaction& transaction, const Response& response, SystemTime now) const {
    if (record.empty()) return success();
    return transaction.put_idempotency({record, hash, response.status, response.body, now});
}

Status Call::check() const {
    if (problems.empty()) return success();
    return make_error(ErrorKind::invalid_input, "invalid_request", problems.front().detail,
                      problems.front().remedy);
}

Error Call::blame(std::string field, const Error& error) {
    problems.push_back({std::move(field), error.code, error.message, error.remedy});
    return error;
}

Result<std::int64_t> Call::path_number(std::size_t index, std::string_view what) const {
    const auto& text = path.at(index);
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value > 0) return value;
    return make_error(ErrorKind::invalid_input, "invalid_id",
                      fmt::format("'{}' is no id of a {}: ids are whole numbers from 1", text, what));
}

runtime::Caller Call::caller(AnswerMaker make) {
    runtime::Caller caller(request.actor);
    auto now = parts.clock->now();
    caller.before = [outcome = outcome_, key = idempotency](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(outcome->replayed, key.find(transaction));
        if (!outcome->replayed) return success();
        return make_error(ErrorKind::conflict, "replayed", "answered before");
    };
    caller.after = [outcome = outcome_, key = idempotency, make = std::move(make), now](
                       store::Transaction& transaction, const runtime::OperationEffect& effect) -> Status {
        POLYSYNC_TRY(outcome->made, make(transaction, effect));
        return key.keep(transaction, *outcome->made, now);
    };
    return caller;
}

Result<Response> Call::answer(const Status& done) {
    if (outcome_->replayed) return std::move(*outcome_->replayed);
    if (!done) return done.error();
    if (!outcome_->made) return make_error(ErrorKind::internal, "no_answer", "an operation made no answer");
    return std::move(*outcome_->made);
}

Async<Result<Response>> Call::write(std::function<Result<Response>(store::Transaction&)> work) {
    auto asked_by = caller([work = std::move(work)](store::Transaction& transaction,
                                                    const runtime::OperationEffect&) -> Result<Response> {
        return work(transaction);
    });
    store::Work unit = [before = asked_by.before,
                        after = asked_by.after](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(before(transaction));
        return after(transaction, {});
    };
    auto done = co_await parts.store->write(std::move(unit));
    co_return answer(done);
}

Async<Result<Response>> Call::keep(Response response) {
    if (idempotency.record.empty()) co_return response;
    std::function<Result<Response>(store::Transaction&)> work =
        [response = std::move(response)](store::Transaction&) -> Result<Response> { return response; };
    co_return co_await write(std::move(work));
}

Async<runtime::RuntimeStatus> runtime_status(runtime::Runtime& runtime) { co_return runtime.status(); }

}  // namespace polysync::api
