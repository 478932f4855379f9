#include "aws/auth/cached_credentials.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"

namespace polysync::aws {
namespace {

namespace asio = boost::asio;

constexpr Millis refresh_ahead = std::chrono::minutes(15);
constexpr Millis retry_after_failure = std::chrono::seconds(30);
// What was just handed out is good for a while, whatever this machine's clock says about its expiry.
constexpr Millis least_validity = std::chrono::minutes(1);
// Between attempts to replace expired credentials that stay in use (aws-facts 9.4).
constexpr Millis static_stability_retry = std::chrono::minutes(10);

}  // namespace

// Those who wait for a fetch, on a timer that never expires and is cancelled at the end.
struct CachedCredentials::Flight {
    explicit Flight(const asio::any_io_executor& executor)
        : bell(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer bell;
    bool ended = false;
    std::optional<Result<CredentialsPtr>> result;  // none: the one who fetched gave up
};

// Ends the flight also when the coroutine that fetches is destroyed.
class CachedCredentials::Landing {
  public:
    Landing(CachedCredentials& cache, std::shared_ptr<Flight> flight)
        : cache_(cache), flight_(std::move(flight)) {}
    ~Landing() {
        flight_->ended = true;
        cache_.flight_.reset();
        flight_->bell.cancel();
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;

  private:
    CachedCredentials& cache_;
    std::shared_ptr<Flight> flight_;
};

CachedCredentials::CachedCredentials(std::unique_ptr<CredentialsSource> source, Clock& clock, Random& random)
    : source_(std::move(source)), clock_(clock), random_(random) {}

CachedCredentials::~CachedCredentials() = default;

bool CachedCredentials::is_valid() const { return current_ && !refused_ && clock_.now() < valid_until_; }

bool CachedCredentials::is_due() const { return clock_.now() >= refresh_at_; }

Millis CachedCredentials::jittered(Millis span) {
    return Millis(static_cast<long long>(double(span.count()) * (0.9 + 0.2 * random_.unit())));
}

Async<Result<std::shared_ptr<const Credentials>>> CachedCredentials::get() {
    for (;;) {
        if (is_valid() && (flight_ || !is_due())) co_return current_;
        if (!flight_) co_return co_await lead();
        std::shared_ptr<Flight> flight = flight_;
        boost::system::error_code code;
        co_await flight->bell.async_wait(asio::redirect_error(asio::use_awaitable, code));
        if (!flight->ended)
            co_return make_error(ErrorKind::cancelled, "cancelled", "Waiting for credentials was cancelled");
        if (flight->result) co_return *flight->result;
    }
}

Async<Result<std::shared_ptr<const Credentials>>> CachedCredentials::lead() {
    auto flight = std::make_shared<Flight>(co_await asio::this_coro::executor);
    flight_ = flight;
    Landing landing(*this, flight);
    Result<Credentials> fetched = co_await source_->fetch();
    if (!fetched && fetched.error().kind == ErrorKind::cancelled) co_return fetched.error();
    if (fetched) {
        accept(std::move(fetched).value());
        flight->result.emplace(current_);
    } else {
        flight->result.emplace(survive(std::move(fetched).error()));
    }
    co_return *flight->result;
}

void CachedCredentials::accept(Credentials fetched) {
    SystemTime now = clock_.now();
    refused_ = false;
    valid_until_ = refresh_at_ = SystemTime::max();
    if (fetched.expiration) {
        SystemTime expiration = *fetched.expiration;
        if (expiration <= now && source_->outlives_expiry()) {
            refresh_at_ = now + jittered(static_stability_retry / 2);
        } else {
            Millis lifetime = std::max<Millis>(expiration - now, Millis(0));
            valid_until_ = std::max(expiration, now + least_validity);
            refresh_at_ = std::max(expiration - jittered(std::min<Millis>(refresh_ahead, lifetime / 5)),
                                   now + least_validity / 2);
        }
    }
    current_ = std::make_shared<const Credentials>(std::move(fetched));
}

// The old credentials where they may still be used, else the error.
Result<std::shared_ptr<const Credentials>> CachedCredentials::survive(Error error) {
    SystemTime now = clock_.now();
    if (current_ && !refused_ && source_->outlives_expiry()) {
        valid_until_ = SystemTime::max();
        refresh_at_ = now + jittered(static_stability_retry);
    } else if (is_valid()) {
        refresh_at_ = now + jittered(retry_after_failure);
    } else {
        return error;
    }
    log::warn("credentials of {} could not be refreshed, the old ones stay in use: {}", current_->source,
              error.describe());
    return current_;
}

void CachedCredentials::invalidate(const Credentials& refused) {
    if (!current_ || current_->access_key_id != refused.access_key_id) return;
    if (current_->session_token == refused.session_token &&
        current_->secret_access_key == refused.secret_access_key) {
        refused_ = true;
    }
}

}  // namespace polysync::aws
