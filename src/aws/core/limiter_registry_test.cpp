#include "aws/core/limiter_registry.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "aws/core/call_rates.h"
#include "aws/core/wait_queue.h"
#include "base/random.h"
#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

namespace asio = boost::asio;

const LimiterKey key{"123456789012", "eu-west-1", "glue", "GetJobRun"};

// A ManualClock moves time as soon as anybody sleeps; several sleepers at once would move it too far. Here it
// moves only when nothing else is left to do, to the nearest deadline.
class TurnClock final : public Clock {
  public:
    SystemTime now() const override { return SystemTime(Millis(0)); }
    SteadyTime steady_now() const override { return now_; }
    Async<void> sleep_until(SteadyTime deadline) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        auto place = sleepers_.emplace(deadline, &timer);
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await timer.async_wait(token);
        for (auto it = sleepers_.begin(); it != sleepers_.end(); ++it) {
            if (it != place) continue;
            sleepers_.erase(it);
            break;
        }
    }
    // Runs `io` until nothing is left, moving time as needed.
    void run(asio::io_context& io) {
        for (;;) {
            io.restart();
            while (io.poll_one() > 0) {
            }
            if (sleepers_.empty()) return;
            now_ = std::max(now_, sleepers_.begin()->first);
            sleepers_.begin()->second->cancel();
        }
    }

  private:
    SteadyTime now_{std::chrono::hours(1)};
    std::multimap<SteadyTime, asio::steady_timer*> sleepers_;
};

struct Served {
    std::string who;
    double at_s;
};

class LimiterTest : public testing::Test {
  protected:
    static Async<void> wait(LimiterRegistry& limiters, TurnClock& clock, Priority priority,
                            std::string caller, std::string who, std::vector<Served>& out) {
        Result<void> leave = co_await limiters.acquire(key, priority, caller);
        double at =
            std::chrono::duration<double>(clock.steady_now() - SteadyTime(std::chrono::hours(1))).count();
        out.push_back({leave ? who : who + " " + leave.error().code, at});
    }
    void spawn(Priority priority, std::string caller, std::string who) {
        asio::co_spawn(io, wait(limiters, clock, priority, caller, who, served), asio::detached);
    }
    std::vector<std::string> order() const {
        std::vector<std::string> names;
        for (auto& one : served) names.push_back(one.who);
        return names;
    }
    void use_up() {
        while (limiters.try_acquire(key)) {
        }
    }

    asio::io_context io;
    TurnClock clock;
    LimiterRegistry limiters{clock};
    std::vector<Served> served;
};

TEST_F(LimiterTest, FreePermitsDoNotWait) {
    EXPECT_TRUE(limiters.try_acquire(key));
    spawn(Priority::normal, "a", "a1");
    clock.run(io);
    EXPECT_EQ(order(), std::vector<std::string>{"a1"});
    EXPECT_EQ(served[0].at_s, 0);
    auto stats = limiters.stats();
    ASSERT_EQ(stats.size(), 1u);
    EXPECT_EQ(stats[0].calls, 2u);
    EXPECT_EQ(stats[0].waiting, 0u);
    EXPECT_NEAR(stats[0].rate_per_s, 4.95, 1e-9);
    EXPECT_NEAR(stats[0].tokens, 7, 1e-9);
}

TEST_F(LimiterTest, EqualsGoInOrderOfArrivalAtTheRate) {
    limiters.set_rate("glue", "*", 1, 2);
    use_up();
    for (int i = 0; i < 6; ++i) spawn(Priority::normal, "a", std::to_string(i));
    clock.run(io);
    EXPECT_EQ(order(), (std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(served[std::size_t(i)].at_s, (i + 1) / 1.98, 0.001);
}

TEST_F(LimiterTest, UrgentCallsGoFirst) {
    limiters.set_rate("glue", "GetJobRun", 1, 1);
    use_up();
    spawn(Priority::background, "a", "log");
    spawn(Priority::normal, "a", "poll");
    io.poll();
    spawn(Priority::urgent, "a", "start");
    clock.run(io);
    EXPECT_EQ(order(), (std::vector<std::string>{"start", "poll", "log"}));
}

// PERF-9: no platform starves another.
TEST_F(LimiterTest, PlatformsTakeTurns) {
    limiters.set_rate("glue", "*", 1, 10);
    use_up();
    for (int i = 0; i < 5; ++i) spawn(Priority::normal, "busy", "busy" + std::to_string(i));
    spawn(Priority::normal, "quiet", "quiet0");
    spawn(Priority::normal, "quiet", "quiet1");
    clock.run(io);
    EXPECT_EQ(order(),
              (std::vector<std::string>{"busy0", "quiet0", "busy1", "quiet1", "busy2", "busy3", "busy4"}));
}

TEST_F(LimiterTest, AWaiterThatGivesUpHarmsNobody) {
    limiters.set_rate("glue", "*", 1, 1);
    use_up();
    for (int cancelled = 0; cancelled < 3; ++cancelled) {
        served.clear();
        asio::cancellation_signal signal;
        for (int i = 0; i < 3; ++i) {
            std::string who = std::to_string(i);
            if (i == cancelled)
                asio::co_spawn(io, wait(limiters, clock, Priority::normal, "a", who, served),
                               asio::bind_cancellation_slot(signal.slot(), asio::detached));
            else
                spawn(Priority::normal, "a", who);
        }
        io.restart();
        io.poll();
        signal.emit(asio::cancellation_type::terminal);
        io.restart();
        io.poll();
        ASSERT_EQ(order(), std::vector<std::string>{std::to_string(cancelled) + " cancelled"});
        EXPECT_EQ(limiters.stats()[0].waiting, 2u);
        clock.run(io);
        EXPECT_EQ(served.size(), 3u);
        EXPECT_EQ(limiters.stats()[0].waiting, 0u);
    }
}

TEST_F(LimiterTest, AccountsRegionsAndOperationsHaveTheirOwn) {
    use_up();
    LimiterKey other = key;
    other.account = "210987654321";
    EXPECT_TRUE(limiters.try_acquire(other));
    other = key;
    other.region = "us-east-1";
    EXPECT_TRUE(limiters.try_acquire(other));
    other = key;
    other.operation = "StartJobRun";
    EXPECT_TRUE(limiters.try_acquire(other));
    EXPECT_FALSE(limiters.try_acquire(key));
    EXPECT_EQ(limiters.stats().size(), 4u);
    auto own = limiters.stats(key.account, key.region);
    ASSERT_EQ(own.size(), 2u);
    EXPECT_EQ(own[0].operation, "GetJobRun");
    EXPECT_EQ(own[0].most_per_s, own[0].rate_per_s);
    EXPECT_TRUE(limiters.stats("nobody", key.region).empty());
}

TEST_F(LimiterTest, ProcessesShareTheRates) {  // CON-3, PERF-9
    limiters.set_rate("glue", "GetJobRun", 41, 20);
    int burst = 0;
    while (limiters.try_acquire(key)) ++burst;
    EXPECT_EQ(burst, 40);
    auto rate = [&] { return limiters.stats().front().rate_per_s; };
    double alone = rate();
    limiters.on_throttle(key);
    double slowed = rate();
    limiters.share_with(4);
    EXPECT_NEAR(rate(), slowed / 4, slowed * 0.05);  // what was learned stays
    LimiterKey fresh = key;
    fresh.account = "210987654321";
    burst = 0;
    while (limiters.try_acquire(fresh)) ++burst;
    EXPECT_EQ(burst, 9);
    limiters.share_with(0);  // nobody is there but this process
    for (const auto& one : limiters.stats())
        if (one.account == fresh.account) {
            EXPECT_NEAR(one.rate_per_s, alone, 0.01);
        }
}

TEST_F(LimiterTest, ThrottlingSlowsOnlyThatOperation) {
    LimiterKey other = key;
    other.operation = "StartJobRun";
    (void)limiters.try_acquire(other);
    (void)limiters.try_acquire(key);
    limiters.on_throttle(key);
    EXPECT_FALSE(limiters.try_acquire(key));
    EXPECT_TRUE(limiters.try_acquire(other));
    auto stats = limiters.stats();
    EXPECT_EQ(stats[0].operation, "GetJobRun");
    EXPECT_EQ(stats[0].throttles, 1u);
    EXPECT_LT(stats[0].rate_per_s, stats[1].rate_per_s);
}

// Any mix of callers, priorities and cancellations: everybody ends, each once, and not faster than allowed.
TEST_F(LimiterTest, RandomCrowds) {
    limiters.set_rate("glue", "*", 5, 20);
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SeededRandom random(seed);
        served.clear();
        double begin =
            std::chrono::duration<double>(clock.steady_now() - SteadyTime(std::chrono::hours(1))).count();
        std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
        std::size_t crowd = 20 + random.next() % 100;
        for (std::size_t i = 0; i < crowd; ++i) {
            signals.push_back(std::make_unique<asio::cancellation_signal>());
            asio::co_spawn(io,
                           wait(limiters, clock, Priority(random.next() % 3),
                                std::to_string(random.next() % 4), std::to_string(i), served),
                           asio::bind_cancellation_slot(signals.back()->slot(), asio::detached));
        }
        io.restart();
        for (std::size_t i = 0; i < crowd; ++i) {
            io.poll_one();
            if (random.next() % 4 == 0)
                signals[random.next() % crowd]->emit(asio::cancellation_type::terminal);
        }
        clock.run(io);
        ASSERT_EQ(served.size(), crowd) << "seed " << seed;
        std::size_t got = 0;
        for (auto& one : served) {
            if (one.who.ends_with(" cancelled")) continue;
            ++got;
            EXPECT_LE(double(got), 5 + 20 * (one.at_s - begin) + 1e-6);
        }
        EXPECT_EQ(limiters.stats()[0].waiting, 0u);
    }
}

TEST(CallRates, AreThoseOfTheServices) {
    EXPECT_EQ(default_call_rate("states", "DescribeExecution", "eu-west-1").per_s, 15);
    EXPECT_EQ(default_call_rate("states", "DescribeExecution", "eu-central-1").per_s, 10);
    EXPECT_EQ(default_call_rate("states", "ListExecutions", "sa-east-1").burst, 100);
    EXPECT_EQ(default_call_rate("batch", "SubmitJob", "eu-west-1").per_s, 50);
    EXPECT_EQ(default_call_rate("batch", "DescribeJobs", "eu-west-1").per_s, 10);
    EXPECT_EQ(default_call_rate("glue", "Anything", "eu-west-1").per_s, 5);
    EXPECT_EQ(default_call_rate("logs", "FilterLogEvents", "eu-west-1").per_s, 5);
    EXPECT_EQ(default_call_rate("new", "Thing", "eu-west-1").per_s, 5);
}

}  // namespace
}  // namespace polysync::aws
