#include "store/shared_time.h"

#include <gtest/gtest.h>

namespace polysync::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const SystemTime noon = parse_iso8601("2026-09-14T12:00:00Z").value();
const SteadyTime start{hours(5)};

TEST(SharedTime, IsUnknownUntilTheStoreHasAnswered) {
    SharedTime time;
    EXPECT_EQ(time.at(start), std::nullopt);
    time.note(noon, start, start + Millis(2));
    EXPECT_EQ(time.at(start + Millis(2)), noon);
    EXPECT_EQ(time.at(start + minutes(10)), noon + minutes(10) - Millis(2));
}

TEST(SharedTime, TheWayOfAnAnswerIsNoError) {
    SharedTime time;
    time.note(noon, start, start);
    time.note(noon + seconds(1), start + seconds(1), start + seconds(1) + Millis(20));
    EXPECT_EQ(time.at(start + minutes(1)), noon + minutes(1));
}

TEST(SharedTime, ALateAnswerSaysLittle) {
    SharedTime time;
    time.note(noon, start, start);
    // The lock, the answer, or the process itself has waited.
    time.note(noon + seconds(40), start + seconds(1), start + seconds(90));
    time.note(noon + seconds(100), start + seconds(100), start + seconds(130));
    EXPECT_EQ(time.at(start + minutes(3)), noon + minutes(3));
}

TEST(SharedTime, TheFirstAnswerMayBeLateTheNextOneCorrectsIt) {
    SharedTime time;
    time.note(noon, start, start + seconds(30));  // behind: told when it was asked
    EXPECT_EQ(time.at(start + seconds(30)), noon);
    time.note(noon + seconds(31), start + seconds(31), start + seconds(31) + Millis(3));
    EXPECT_EQ(time.at(start + seconds(40)), noon + seconds(40) - Millis(3));
}

TEST(SharedTime, FollowsAStoreWhoseClockWasSet) {
    SharedTime time;
    time.note(noon, start, start);
    time.note(noon + minutes(10), start + seconds(5), start + seconds(5));
    EXPECT_EQ(time.at(start + seconds(5)), noon + minutes(10));
    time.note(noon, start + seconds(10), start + seconds(10));
    EXPECT_EQ(time.at(start + seconds(10)), noon);
}

}  // namespace
}  // namespace polysync::store
