#include "test/support/run_async.h"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::test {
namespace {

Async<int> seven() { co_return 7; }

Async<Result<std::string>> refuses() { co_return make_error(ErrorKind::rejected, "no", "not today"); }

Async<std::unique_ptr<int>> moves() { co_return std::make_unique<int>(3); }

Async<void> throws() {
    throw std::runtime_error("boom");
    co_return;
}

Async<Millis> sleeps(ManualClock& clock) {
    co_await clock.sleep_for(Millis(250));
    co_return clock.slept();
}

TEST(RunAsync, ReturnsWhatTheCoroutineReturns) {
    EXPECT_EQ(run_async(seven()), 7);
    EXPECT_EQ(*run_async(moves()), 3);
    auto refused = run_async(refuses());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "no");
    EXPECT_THROW(run_async(throws()), std::runtime_error);
}

TEST(RunAsync, VirtualTimeNeedsNoWaiting) {
    ManualClock clock(SystemTime(Millis(0)));
    EXPECT_EQ(run_async(sleeps(clock)), Millis(250));
}

TEST(RunAsync, OneContextServesManyRuns) {
    boost::asio::io_context io;
    EXPECT_EQ(run_async(io, seven()), 7);
    EXPECT_EQ(run_async(io, seven()), 7);
}

}  // namespace
}  // namespace polysync::test
