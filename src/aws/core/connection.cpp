#include "aws/core/connection.h"

#include <algorithm>
#include <list>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aws/auth/sigv4.h"
#include "aws/core/clock_offset.h"
#include "aws/core/error_answer.h"
#include "aws/core/error_codes.h"
#include "aws/core/limiter_registry.h"
#include "aws/core/query.h"
#include "aws/core/retry.h"
#include "aws/core/wire.h"
#include "aws/sts/decode.h"
#include "aws/sts/operations.h"
#include "base/log.h"

namespace polysync::aws {
namespace {

namespace asio = boost::asio;

constexpr Millis patience_with_sts = std::chrono::seconds(5);
constexpr Millis pause_between_questions = std::chrono::minutes(10);

using CredentialsPtr = std::shared_ptr<const Credentials>;

// One host that operations go to.
struct Host {
    const ServiceInfo* service;
    std::string_view endpoint_prefix;
    Destination destination;
    ClockOffset offset;
};

struct ServiceQuota {
    const ServiceInfo* service;
    RetryQuota quota;
};

// What one attempt came to.
struct Outcome {
    std::optional<http::Response> response;  // a success
    Error error;
    RetryClass retry = RetryClass::never;
    bool may_have_effect = false;  // it failed, but AWS may have done it all the same
    bool skew_found = false;
};

// A call and where it stands.
struct Call {
    const Operation& operation;
    std::string body;
    RepeatSafety repeat;
    Priority priority;
    LeaveToSend may_send;
    Host* host = nullptr;
    RetryQuota* quota = nullptr;
    Millis offset{0};  // of the clocks, when it began
    int attempt = 1;
    int retries = 0;  // with backoff
    std::optional<int> last_cost;
    bool refreshed = false, skew_corrected = false;
    bool an_attempt_is_unclear = false;
    CredentialsPtr credentials;  // of the last attempt
};

bool same_credentials(const Credentials& a, const Credentials& b) {
    return a.access_key_id == b.access_key_id && a.session_token == b.session_token &&
           a.secret_access_key == b.secret_access_key;
}

// They become part of headers: a line break from a file or a metadata service must not start another one.
Result<void> check_credentials(const CredentialsPtr& credentials) {
    auto is_odd = [](char c) { return c <= ' ' || c > '~'; };
    auto is_fit = [&](const std::string& text) { return std::none_of(text.begin(), text.end(), is_odd); };
    bool complete =
        credentials && !credentials->access_key_id.empty() && !credentials->secret_access_key.empty();
    if (complete && is_fit(credentials->access_key_id) && is_fit(credentials->session_token.reveal()))
        return success();
    return make_error(
        ErrorKind::credentials, "malformed_credentials",
        complete ? "the access key id or the session token holds a blank, a line break or a character that "
                   "is not ASCII"
                 : "the access key id or the secret access key is empty",
        "Look where they come from" + (credentials ? ": " + credentials->source + "." : std::string(".")));
}

// A failure that says "your request was not carried out" only of the attempt that it answers. A conflict even
// hints at an earlier one that was (aws-facts 1.6).
bool leaves_earlier_attempts_open(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::rejected:
        case ErrorKind::not_found:
        case ErrorKind::unsupported:
            return false;
        default:
            return true;
    }
}

class ConnectionImpl final : public Connection {
  public:
    explicit ConnectionImpl(ConnectionParts parts) : parts_(std::move(parts)) {
        if (!parts_.retry_policy) parts_.retry_policy = std::make_shared<StandardRetryPolicy>(parts_.retry);
        if (!parts_.backoff) parts_.backoff = std::make_shared<StandardBackoff>(*parts_.random);
    }

    Async<Result<Answer>> call(const Operation& operation, std::string body, CallOptions options) override {
        // Cancellation comes back as an Error instead of an exception.
        bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        Call call{operation, std::move(body), options.repeat.value_or(operation.repeat),
                  options.priority.value_or(operation.priority), std::move(options.may_send)};
        Result<Answer> answer = co_await run(call);
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (!answer && call.an_attempt_is_unclear && leaves_earlier_attempts_open(answer.error().kind))
            answer.error().kind = ErrorKind::unclear;
        co_return answer;
    }

    std::optional<Millis> clock_offset() const override { return clock_offset_; }
    const std::string& region() const override { return parts_.region; }
    const std::shared_ptr<CredentialsProvider>& credentials() const override { return parts_.credentials; }
    void set_account(std::string account) override { parts_.account = std::move(account); }
    std::vector<LimiterStats> limits() const override {
        if (!parts_.limiters) return {};
        return parts_.limiters->stats(account(), parts_.region);
    }

  private:
    Async<Result<Answer>> run(Call& call) {
        POLYSYNC_CO_TRY(call.host, host_of(call.operation));
        call.offset = call.host->offset.value();
        call.quota = &quota_of(*call.operation.service);
        for (;; ++call.attempt) {
            POLYSYNC_CO_TRY(co_await prepare(call));
            Outcome outcome = co_await attempt(call);
            if (outcome.response) {
                call.quota->on_success(call.last_cost);
                co_return make_answer(call, std::move(*outcome.response));
            }
            if (outcome.may_have_effect) call.an_attempt_is_unclear = true;
            bool again = co_await may_repeat(call, outcome);
            if (!again) co_return std::move(outcome.error);
            if (co_await cancelled()) co_return cancelled_error("stopped while waiting to repeat the call");
        }
    }

    // Credentials, and leave of the rate limit.
    Async<Result<void>> prepare(Call& call) {
        if (call.operation.is_signed) {
            if (!parts_.credentials)
                co_return make_error(ErrorKind::credentials, "no_credentials",
                                     "this connection has no credentials");
            POLYSYNC_CO_TRY(call.credentials, co_await parts_.credentials->get());
            if (!call.credentials || call.credentials != checked_) {
                POLYSYNC_CO_TRY(check_credentials(call.credentials));
                checked_ = call.credentials;
            }
        }
        if (parts_.limiters != nullptr) {
            if (parts_.asks_for_account) co_await know_account();
            LimiterKey key = limiter_key(call);
            if (!parts_.limiters->try_acquire(key)) {
                POLYSYNC_CO_TRY(co_await parts_.limiters->acquire(key, call.priority, parts_.platform));
            }
        }
        co_return success();
    }

    // One call asks, those that come meanwhile wait for its answer. Where STS gives none (a network that does
    // not lead there), the credentials stand for the account, and another call asks some time later.
    Async<void> know_account() {
        while (parts_.account.empty() && parts_.clock->steady_now() >= next_question_at_) {
            if (account_question_) {
                boost::system::error_code ignored;
                auto asked = account_question_;
                auto token = asio::redirect_error(asio::use_awaitable, ignored);
                co_await asked->async_wait(token);
            } else {
                asio::any_io_executor executor = co_await asio::this_coro::executor;
                auto end_of_time = asio::steady_timer::time_point::max();
                account_question_ = std::make_shared<asio::steady_timer>(executor, end_of_time);
                parts_.account = co_await ask_for_account();
                bool stopped = co_await cancelled();
                if (!stopped) next_question_at_ = parts_.clock->steady_now() + pause_between_questions;
                account_question_->cancel();
                account_question_.reset();
            }
            if (co_await cancelled()) co_return;
        }
    }

    // Empty where it cannot be told.
    Async<std::string> ask_for_account() {
        QueryForm form(sts::get_caller_identity.name, sts::service.api_version);
        Call call{sts::get_caller_identity, std::move(form).text(), RepeatSafety::read, Priority::urgent, {}};
        auto host = host_of(call.operation);
        auto credentials = co_await parts_.credentials->get();
        if (!host || !credentials || !check_credentials(credentials.value())) co_return std::string();
        call.host = host.value();
        call.credentials = std::move(credentials.value());
        auto outcome = co_await attempt(call, patience_with_sts);
        if (!outcome.response) co_return std::string();
        auto identity = sts::decode_caller_identity(outcome.response->body);
        if (!identity) co_return std::string();
        co_return std::move(identity.value().account);
    }

    Async<Outcome> attempt(Call& call, std::optional<Millis> patience = {}) {
        SystemTime sent = parts_.clock->now();
        Millis offset = call.host->offset.value();
        http::Request request = make_request(call.operation, call.host->destination, call.credentials.get(),
                                             sent + offset, signer_, parts_.user_agent, call.body);
        if (patience) request.timeout = *patience;
        // Where our clock stood still meanwhile, with the machine, so did the one that a lease goes by.
        if (call.may_send && (call.host->offset.has_moved_since(call.offset) || !call.may_send()))
            co_return not_sent(call);
        Result<http::Response> result = co_await parts_.http->send(std::move(request));
        if (!result) co_return transport_failure(call, std::move(result.error()));

        http::Response& response = result.value();
        SystemTime received = parts_.clock->now();
        Outcome outcome;
        bool skewed = call.host->offset.learn(response, sent, received, offset);
        if (call.host->offset.measured()) clock_offset_ = call.host->offset.measured();
        if (response.status >= 200 && response.status < 300) {
            if (parts_.limiters != nullptr) parts_.limiters->on_success(limiter_key(call));
            if (log::enabled(log::Level::debug)) {
                log::debug("{} {}: HTTP {}, request {}", call.operation.service->name, call.operation.name,
                           response.status, request_id_of(response));
            }
            outcome.response = std::move(response);
            co_return outcome;
        }
        outcome.error = decode_error_answer(call.operation, response, received);
        outcome.retry = classify_error(outcome.error.code, outcome.error.message, response.status).retry;
        outcome.skew_found = skewed && call.operation.is_signed && outcome.retry != RetryClass::transient;
        if (outcome.retry == RetryClass::throttled && parts_.limiters != nullptr)
            parts_.limiters->on_throttle(limiter_key(call));
        if (outcome.retry == RetryClass::transient) mark_unclear(call, outcome);
        co_return outcome;
    }

    static Outcome not_sent(const Call& call) {
        Outcome outcome;
        outcome.error = make_error(ErrorKind::contention, lease_lost,
                                   "nothing was sent: this node may no longer hold the run's lease");
        outcome.error.service = call.operation.service->name;
        outcome.error.operation = call.operation.name;
        return outcome;
    }

    // Nothing came back that could be read.
    static Outcome transport_failure(const Call& call, Error error) {
        Outcome outcome;
        error.service = call.operation.service->name;
        error.operation = call.operation.name;
        bool was_sent = error.kind == ErrorKind::unclear;
        if (error.kind == ErrorKind::transient) outcome.retry = RetryClass::not_sent;
        if (was_sent) outcome.retry = RetryClass::transient;
        bool stopped = error.kind == ErrorKind::cancelled || error.kind == ErrorKind::internal;
        outcome.error = std::move(error);
        if (was_sent || stopped) mark_unclear(call, outcome);
        if (was_sent && call.repeat == RepeatSafety::read) outcome.error.kind = ErrorKind::transient;
        return outcome;
    }

    static void mark_unclear(const Call& call, Outcome& outcome) {
        if (call.repeat == RepeatSafety::read) return;
        outcome.may_have_effect = true;
        outcome.error.kind = ErrorKind::unclear;
    }

    // True: once more; every wait is over then.
    Async<bool> may_repeat(Call& call, Outcome& outcome) {
        FailedAttempt failed;
        failed.retry = outcome.retry;
        failed.repeat = call.repeat;
        failed.attempt = call.attempt;
        failed.temporary_credentials = call.credentials && !call.credentials->session_token.empty();
        failed.refreshed_before = call.refreshed || !call.credentials;
        failed.skew_found = outcome.skew_found;
        failed.skew_corrected_before = call.skew_corrected;
        RetryAction action = parts_.retry_policy->decide(failed);
        log::debug("{} {}: attempt {} failed: {} (HTTP {})", call.operation.service->name,
                   call.operation.name, call.attempt, outcome.error.code, outcome.error.http_status);
        switch (action) {
            case RetryAction::give_up:
                co_return false;
            case RetryAction::at_once:
                call.skew_corrected = true;
                co_return true;
            case RetryAction::refresh_credentials:
                co_return co_await refresh(call);
            case RetryAction::back_off:
                break;
        }
        bool throttled = outcome.retry == RetryClass::throttled;
        call.last_cost = call.quota->take(throttled);
        if (!call.last_cost) co_return false;
        Millis delay = parts_.backoff->delay(call.retries++, throttled, outcome.error.retry_after);
        co_await parts_.clock->sleep_for(delay);
        co_return true;
    }

    // True where there are new credentials to try with.
    Async<bool> refresh(Call& call) {
        call.refreshed = true;
        CredentialsPtr refused = call.credentials;
        parts_.credentials->invalidate(*refused);
        Result<CredentialsPtr> fresh = co_await parts_.credentials->get();
        if (!fresh || !fresh.value()) co_return false;
        co_return !same_credentials(*fresh.value(), *refused);
    }

    static Answer make_answer(const Call& call, http::Response response) {
        Answer answer;
        answer.request_id = request_id_of(response);
        answer.body = std::move(response.body);
        answer.server_date = call.host->offset.server_date();
        answer.http_status = response.status;
        answer.attempts = call.attempt;
        return answer;
    }

    Result<Host*> host_of(const Operation& operation) {
        for (auto& host : hosts_)
            if (host.service == operation.service && host.endpoint_prefix == operation.endpoint_prefix)
                return &host;
        POLYSYNC_TRY(Endpoint endpoint, parts_.endpoint_of(operation));
        POLYSYNC_TRY(Destination destination, make_destination(endpoint));
        hosts_.push_back({operation.service, operation.endpoint_prefix, std::move(destination), {}});
        return &hosts_.back();
    }

    RetryQuota& quota_of(const ServiceInfo& service) {
        for (auto& one : quotas_)
            if (one.service == &service) return one.quota;
        quotas_.push_back({&service, {}});
        return quotas_.back().quota;
    }

    // Whoever shares credentials shares a limit, as long as the account is not known. Temporary keys change
    // with each refresh, so the first one stays the name.
    LimiterKey limiter_key(const Call& call) {
        if (identity_.empty() && call.credentials) identity_ = call.credentials->access_key_id;
        return {account(), parts_.region, call.operation.service->name, call.operation.name};
    }
    std::string_view account() const { return parts_.account.empty() ? identity_ : parts_.account; }

    static Async<bool> cancelled() {
        auto state = co_await asio::this_coro::cancellation_state;
        co_return state.cancelled() != asio::cancellation_type::none;
    }

    static Error cancelled_error(const char* message) {
        return make_error(ErrorKind::cancelled, "cancelled", message);
    }

    ConnectionParts parts_;
    std::list<Host> hosts_;  // their addresses stay
    std::list<ServiceQuota> quotas_;
    Signer signer_;
    std::string identity_;
    CredentialsPtr checked_;
    std::shared_ptr<asio::steady_timer> account_question_;  // an event, not a clock: it is only ever
                                                            // cancelled
    SteadyTime next_question_at_ = SteadyTime::min();
    std::optional<Millis> clock_offset_;
};

}  // namespace

std::shared_ptr<Connection> Connection::make(ConnectionParts parts) {
    return std::make_shared<ConnectionImpl>(std::move(parts));
}

}  // namespace polysync::aws
