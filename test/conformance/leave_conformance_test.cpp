// A process that has lost its lease starts nothing on any platform (aws/core/call_options.h).
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

class LeaveConformance : public testing::TestWithParam<Subject> {};

TEST_P(LeaveConformance, WithoutItNothingIsStarted) {  // SAFE-1
    World world{GetParam()};
    auto provider = world.provider();
    std::string id = world.add_job("fenced");
    SubmissionIntent intent = world.intent(*provider, id);
    aws::LeaveToSend refused = [] { return false; };
    Result<PipelineRun> kept = world.run(provider->submit(intent, refused));
    ASSERT_FALSE(kept.has_value());
    EXPECT_EQ(kept.error().code, aws::lease_lost);
    EXPECT_EQ(kept.error().kind, ErrorKind::contention);
    EXPECT_EQ(world.runs_of(intent.token), 0);
    aws::LeaveToSend given = [] { return true; };
    EXPECT_TRUE(world.run(provider->submit(intent, given)).has_value());
    EXPECT_EQ(world.runs_of(intent.token), 1);
}

INSTANTIATE_TEST_SUITE_P(AllPlatforms, LeaveConformance, testing::ValuesIn(subjects()),
                         [](const testing::TestParamInfo<Subject>& one) { return one.param.service; });

}  // namespace
}  // namespace polysync::conformance
