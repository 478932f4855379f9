#include "aws/core/limiter_registry.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aws/core/adaptive_bucket.h"
#include "aws/core/call_rates.h"
#include "aws/core/wait_queue.h"

namespace polysync::aws {
namespace {

namespace asio = boost::asio;

// A coroutine in the queue. Its timer is an event, not a clock: it is only ever cancelled.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor)
        : event(executor, asio::steady_timer::time_point::max()) {}

    void wake() {
        woken = true;
        event.cancel();
    }

    asio::steady_timer event;
    bool woken = false;
};

struct Limiter {
    Limiter(const LimiterKey& key, CallRate rate, SteadyTime now)
        : account(key.account),
          region(key.region),
          service(key.service),
          operation(key.operation),
          bucket(rate, now) {}

    std::string account, region, service, operation;
    AdaptiveBucket bucket;
    WaitQueue<Waiter> queue;
    std::uint64_t calls = 0, throttles = 0;

    void wake_front() {
        if (Waiter* front = queue.front()) front->wake();
    }
};

}  // namespace

struct LimiterRegistry::State {
    explicit State(Clock& used_clock) : clock(used_clock) {}

    Clock& clock;
    std::unordered_map<std::string, std::unique_ptr<Limiter>> limiters;
    std::unordered_map<std::string, CallRate> own_rates;
    std::string name;  // reused for look-ups
    double processes = 1;

    Limiter& find(const LimiterKey& key) {
        name.clear();
        for (std::string_view part : {key.account, key.region, key.service, key.operation})
            (name += part) += '\0';
        auto found = limiters.find(name);
        if (found != limiters.end()) return *found->second;
        auto made = std::make_unique<Limiter>(key, rate_of(key), clock.steady_now());
        return *limiters.emplace(name, std::move(made)).first->second;
    }

    CallRate rate_of(const LimiterKey& key) const {
        auto rate = whole_rate_of(key);
        return {rate.burst / processes, rate.per_s / processes};
    }

    CallRate whole_rate_of(const LimiterKey& key) const {
        for (std::string_view operation : {key.operation, std::string_view("*")}) {
            auto own = own_rates.find(std::string(key.service) + "." + std::string(operation));
            if (own != own_rates.end()) return own->second;
        }
        return default_call_rate(key.service, key.operation, key.region);
    }
};

namespace {

// Waits in the queue until it is first and a token is there. The first one in the queue sleeps until its
// token comes; all others wait for an event. Whoever wakes and is not first (any more) wakes the first and
// waits on. False: cancelled.
Async<bool> wait_for_turn(Limiter& limiter, Waiter& waiter, Clock& clock) {
    auto cancellation = co_await asio::this_coro::cancellation_state;
    while (cancellation.cancelled() == asio::cancellation_type::none) {
        if (limiter.queue.front() != &waiter) {
            if (!waiter.woken) {
                boost::system::error_code ignored;
                auto token = asio::redirect_error(asio::use_awaitable, ignored);
                co_await waiter.event.async_wait(token);
            }
            waiter.woken = false;
        } else if (limiter.bucket.take(clock.steady_now())) {
            co_return true;
        } else {
            co_await clock.sleep_until(limiter.bucket.next_token_at(clock.steady_now()));
            if (limiter.queue.front() != &waiter) limiter.wake_front();
        }
        cancellation = co_await asio::this_coro::cancellation_state;
    }
    co_return false;
}

}  // namespace

LimiterRegistry::LimiterRegistry(Clock& clock) : state_(std::make_unique<State>(clock)) {}
LimiterRegistry::~LimiterRegistry() = default;

bool LimiterRegistry::try_acquire(const LimiterKey& key) {
    Limiter& limiter = state_->find(key);
    if (!limiter.queue.empty() || !limiter.bucket.take(state_->clock.steady_now())) return false;
    ++limiter.calls;
    return true;
}

Async<Result<void>> LimiterRegistry::acquire(LimiterKey key, Priority priority, std::string caller) {
    if (try_acquire(key)) co_return success();
    Limiter& limiter = state_->find(key);
    bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);

    Waiter waiter(co_await asio::this_coro::executor);
    limiter.queue.push(&waiter, priority, caller);
    bool served = co_await wait_for_turn(limiter, waiter, state_->clock);
    if (served) {
        limiter.queue.pop_served();
        ++limiter.calls;
    } else {
        limiter.queue.remove(&waiter);
    }
    limiter.wake_front();

    co_await asio::this_coro::throw_if_cancelled(throws);
    if (!served)
        co_return make_error(ErrorKind::cancelled, "cancelled", "stopped while waiting for the rate limit");
    co_return success();
}

void LimiterRegistry::on_throttle(const LimiterKey& key) {
    Limiter& limiter = state_->find(key);
    ++limiter.throttles;
    limiter.bucket.on_throttle(state_->clock.steady_now());
}

void LimiterRegistry::on_success(const LimiterKey& key) {
    state_->find(key).bucket.on_success(state_->clock.steady_now());
}

void LimiterRegistry::set_rate(std::string service, std::string operation, double burst, double per_s) {
    state_->own_rates.insert_or_assign(service + "." + operation, CallRate{burst, per_s});
    SteadyTime now = state_->clock.steady_now();
    for (auto& [name, limiter] : state_->limiters) {
        if (limiter->service != service) continue;
        LimiterKey key{limiter->account, limiter->region, limiter->service, limiter->operation};
        limiter->bucket = AdaptiveBucket(state_->rate_of(key), now);
        limiter->wake_front();
    }
}

void LimiterRegistry::share_with(std::size_t processes) {
    state_->processes = double(std::max<std::size_t>(processes, 1));
    SteadyTime now = state_->clock.steady_now();
    for (auto& [name, limiter] : state_->limiters) {
        LimiterKey key{limiter->account, limiter->region, limiter->service, limiter->operation};
        limiter->bucket.set_limit(state_->rate_of(key), now);
        limiter->wake_front();
    }
}

std::vector<LimiterStats> LimiterRegistry::stats() const {
    std::vector<LimiterStats> all;
    SteadyTime now = state_->clock.steady_now();
    for (auto& [name, limiter] : state_->limiters) {
        LimiterStats one;
        one.account = limiter->account;
        one.region = limiter->region;
        one.service = limiter->service;
        one.operation = limiter->operation;
        one.calls = limiter->calls;
        one.throttles = limiter->throttles;
        one.rate_per_s = limiter->bucket.rate_per_s();
        one.most_per_s = limiter->bucket.max_rate_per_s();
        one.tokens = limiter->bucket.tokens(now);
        one.waiting = limiter->queue.size();
        all.push_back(std::move(one));
    }
    std::sort(all.begin(), all.end(), [](const LimiterStats& a, const LimiterStats& b) {
        return std::tie(a.account, a.region, a.service, a.operation) <
               std::tie(b.account, b.region, b.service, b.operation);
    });
    return all;
}

std::vector<LimiterStats> LimiterRegistry::stats(std::string_view account, std::string_view region) const {
    auto some = stats();
    std::erase_if(some,
                  [&](const LimiterStats& one) { return one.account != account || one.region != region; });
    return some;
}

}  // namespace polysync::aws
