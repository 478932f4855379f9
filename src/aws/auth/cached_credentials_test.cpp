// PLAT-3: temporary credentials refresh before they expire, once for all who share them.
#include "aws/auth/cached_credentials.h"

#include <deque>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

using polysync::test::run_async;
using CredentialsPtr = std::shared_ptr<const Credentials>;

constexpr SystemTime start{std::chrono::hours(500'000)};

Credentials keys(std::string id, std::optional<SystemTime> expiration = {}) {
    Credentials made;
    made.access_key_id = std::move(id);
    made.secret_access_key = Secret("s");
    made.expiration = expiration;
    made.source = "test";
    return made;
}

Error failure(ErrorKind kind = ErrorKind::transient) { return make_error(kind, "down", "cannot be reached"); }

// Answers from a script, each after a turn of the event loop.
struct Script {
    std::deque<Result<Credentials>> answers;
    int fetches = 0;
    bool outlives = false;
};

class ScriptedSource final : public CredentialsSource {
  public:
    explicit ScriptedSource(Script& script) : script_(script) {}
    Async<Result<Credentials>> fetch() override {
        ++script_.fetches;
        co_await boost::asio::post(boost::asio::use_awaitable);
        if (script_.answers.empty()) co_return failure(ErrorKind::internal);
        Result<Credentials> answer = std::move(script_.answers.front());
        script_.answers.pop_front();
        co_return answer;
    }
    bool outlives_expiry() const override { return script_.outlives; }

  private:
    Script& script_;
};

class CachedCredentialsTest : public ::testing::Test {
  protected:
    std::shared_ptr<CachedCredentials> cache() {
        return std::make_shared<CachedCredentials>(std::make_unique<ScriptedSource>(script_), clock_,
                                                   random_);
    }
    std::string key(CachedCredentials& cache) {
        auto got = run_async(cache.get());
        return got ? got.value()->access_key_id : got.error().code;
    }
    Script script_;
    ManualClock clock_{start};
    SeededRandom random_{7};
};

TEST_F(CachedCredentialsTest, KeysWithoutExpiryAreFetchedOnce) {
    script_.answers.push_back(keys("A"));
    auto cached = cache();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(key(*cached), "A");
        clock_.advance(std::chrono::hours(10'000));
    }
    EXPECT_EQ(script_.fetches, 1);
}

TEST_F(CachedCredentialsTest, RefreshAheadOfExpiry) {
    struct Case {
        Millis lifetime, untouched, refreshed;  // since the fetch; ± 10 % of what is kept ahead
    };
    for (const Case& given :
         {Case{std::chrono::hours(12), std::chrono::hours(12) - std::chrono::minutes(17),
               std::chrono::hours(12) - std::chrono::minutes(13)},
          Case{std::chrono::hours(1), std::chrono::minutes(46), std::chrono::minutes(50)},
          Case{std::chrono::seconds(900), std::chrono::seconds(700), std::chrono::seconds(740)}}) {
        script_ = {};
        script_.answers = {keys("A", clock_.now() + given.lifetime),
                           keys("B", clock_.now() + given.lifetime * 2)};
        auto cached = cache();
        EXPECT_EQ(key(*cached), "A");
        clock_.advance(given.untouched);
        EXPECT_EQ(key(*cached), "A");
        EXPECT_EQ(script_.fetches, 1);
        clock_.advance(given.refreshed - given.untouched);
        EXPECT_EQ(key(*cached), "B");
        EXPECT_EQ(script_.fetches, 2);
    }
}

Async<void> collect(std::shared_ptr<CachedCredentials> cache, std::vector<std::string>& got) {
    auto result = co_await cache->get();
    got.push_back(result ? result.value()->access_key_id : result.error().code);
}

TEST_F(CachedCredentialsTest, OneFetchServesAllWhoWait) {
    boost::asio::io_context io;
    auto cached = cache();
    for (auto [answer, expected] :
         {std::pair<Result<Credentials>, const char*>(failure(), "down"),
          std::pair<Result<Credentials>, const char*>(keys("A", start + std::chrono::hours(1)), "A")}) {
        script_.answers.push_back(answer);
        std::vector<std::string> got;
        int before = script_.fetches;
        for (int i = 0; i < 100; ++i) boost::asio::co_spawn(io, collect(cached, got), boost::asio::detached);
        io.run();
        io.restart();
        EXPECT_EQ(script_.fetches, before + 1);
        EXPECT_EQ(got, std::vector<std::string>(100, expected));
    }
}

TEST_F(CachedCredentialsTest, OthersGoOnWithTheOldOnesDuringARefresh) {
    boost::asio::io_context io;
    script_.answers = {keys("A", start + std::chrono::hours(1)), keys("B", start + std::chrono::hours(2))};
    auto cached = cache();
    EXPECT_EQ(key(*cached), "A");
    clock_.advance(std::chrono::minutes(55));
    std::vector<std::string> got;
    for (int i = 0; i < 3; ++i) boost::asio::co_spawn(io, collect(cached, got), boost::asio::detached);
    io.run();
    EXPECT_EQ(got, (std::vector<std::string>{"A", "A", "B"}));
    EXPECT_EQ(script_.fetches, 2);
}

TEST_F(CachedCredentialsTest, FailedRefreshIsSurvivedWhileTheOldOnesAreValid) {
    script_.answers = {keys("A", start + std::chrono::hours(1)), failure(), failure(ErrorKind::credentials),
                       failure(), keys("B")};
    auto cached = cache();
    EXPECT_EQ(key(*cached), "A");
    clock_.advance(std::chrono::minutes(50));
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(key(*cached), "A");  // not tried again at once
    EXPECT_EQ(script_.fetches, 2);
    clock_.advance(std::chrono::seconds(34));
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(script_.fetches, 3);
    clock_.advance(std::chrono::minutes(10));  // past the expiry
    EXPECT_EQ(key(*cached), "down");
    EXPECT_EQ(key(*cached), "B");
}

TEST_F(CachedCredentialsTest, RefusedOnesAreReplacedOnce) {
    script_.answers = {keys("A", start + std::chrono::hours(1)), keys("B", start + std::chrono::hours(1))};
    auto cached = cache();
    CredentialsPtr first = run_async(cached->get()).value();
    cached->invalidate(keys("Z"));  // not the current ones
    EXPECT_EQ(key(*cached), "A");
    cached->invalidate(*first);
    cached->invalidate(*first);
    EXPECT_EQ(key(*cached), "B");
    cached->invalidate(*first);  // late news about the old ones
    EXPECT_EQ(key(*cached), "B");
    EXPECT_EQ(script_.fetches, 2);
}

TEST_F(CachedCredentialsTest, RefusedOnesAreNotUsedWhenTheFetchFails) {
    script_.answers = {keys("A", start + std::chrono::hours(1)), failure()};
    script_.outlives = true;
    auto cached = cache();
    CredentialsPtr first = run_async(cached->get()).value();
    cached->invalidate(*first);
    EXPECT_EQ(key(*cached), "down");
}

// aws-facts 9.4: metadata that is down, or hands out expired keys, does not end the work.
TEST_F(CachedCredentialsTest, StaticStability) {
    script_.outlives = true;
    script_.answers = {keys("A", start + std::chrono::hours(1)), failure(),
                       keys("B", start - std::chrono::hours(1)), keys("C", start + std::chrono::hours(9))};
    auto cached = cache();
    EXPECT_EQ(key(*cached), "A");
    clock_.advance(std::chrono::hours(2));
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(script_.fetches, 2);
    clock_.advance(std::chrono::minutes(11));
    EXPECT_EQ(key(*cached), "B");
    EXPECT_EQ(key(*cached), "B");
    EXPECT_EQ(script_.fetches, 3);
    clock_.advance(std::chrono::minutes(6));
    EXPECT_EQ(key(*cached), "C");
}

// A clock that runs ahead makes everything look expired; new keys are used all the same.
TEST_F(CachedCredentialsTest, NewKeysAreGoodForAMinute) {
    script_.answers = {keys("A", start - std::chrono::hours(1)), keys("B", start - std::chrono::hours(1))};
    auto cached = cache();
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(key(*cached), "A");
    EXPECT_EQ(script_.fetches, 1);
    clock_.advance(std::chrono::minutes(2));
    EXPECT_EQ(key(*cached), "B");
}

class HangingSource final : public CredentialsSource {
  public:
    explicit HangingSource(int& fetches) : fetches_(fetches) {}
    Async<Result<Credentials>> fetch() override {
        if (++fetches_ > 1) co_return keys("B");
        boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                        std::chrono::steady_clock::time_point::max());
        boost::system::error_code code;
        co_await never.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, code));
        co_return make_error(ErrorKind::cancelled, "cancelled", "given up");
    }

  private:
    int& fetches_;
};

TEST_F(CachedCredentialsTest, AFetchThatItsCallerGaveUpIsTakenOver) {
    boost::asio::io_context io;
    int fetches = 0;
    auto cached =
        std::make_shared<CachedCredentials>(std::make_unique<HangingSource>(fetches), clock_, random_);
    boost::asio::cancellation_signal give_up;
    std::vector<std::string> first, others;
    boost::asio::co_spawn(io, collect(cached, first),
                          boost::asio::bind_cancellation_slot(give_up.slot(), boost::asio::detached));
    for (int i = 0; i < 3; ++i) boost::asio::co_spawn(io, collect(cached, others), boost::asio::detached);
    auto emit = [&give_up] { give_up.emit(boost::asio::cancellation_type::terminal); };
    boost::asio::post(io, emit);
    io.run();
    EXPECT_EQ(others, std::vector<std::string>(3, "B"));
    EXPECT_EQ(fetches, 2);
}

}  // namespace
}  // namespace polysync::aws
