// What the call pipeline makes of a service that fails in every way that AWS does.
#include <gtest/gtest.h>

#include "aws/batch/client.h"
#include "aws/glue/client.h"
#include "test/aws/sandbox_kit.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;

class FaultsOnSandbox : public testing::Test {
  protected:
    FaultsOnSandbox() : glue(session.connect()) {
        session.sandbox().admin("POST", "glue/job",
                                {{"Name", "etl"}, {"ExecutionProperty", {{"MaxConcurrentRuns", 1000}}}});
    }

    void fault(json::object described) {
        auto answer = session.sandbox().admin("POST", "faults", described);
        ASSERT_FALSE(answer.contains("error")) << json::serialize(answer);
    }
    // How many runs were really started.
    std::size_t runs() { return session.run(glue.get_job_runs("etl", "")).value().items.size(); }
    Result<std::string> start() { return session.run(glue.start_job_run(R"({"JobName":"etl"})")); }
    ErrorKind start_failure() {
        auto started = start();
        return started ? ErrorKind::internal : started.error().kind;
    }

    test::SandboxSession session;
    GlueClient glue;
};

// SAFE-1: whatever hides the fate of a start, it is never sent again.
TEST_F(FaultsOnSandbox, AnUnclearStartIsNotRepeated) {
    for (const char* kind : {"error_after", "lost_answer", "truncated_body", "garbage_body"}) {
        SCOPED_TRACE(kind);
        std::size_t before = runs();
        fault({{"kind", kind}, {"service", "glue"}, {"operation", "StartJobRun"}});
        EXPECT_EQ(start_failure(), ErrorKind::unclear);
        EXPECT_EQ(runs(), before + 1);
    }
    for (const char* kind : {"error_before", "reset_before", "html_503"}) {
        SCOPED_TRACE(kind);
        std::size_t before = runs();
        fault({{"kind", kind}, {"service", "glue"}, {"operation", "StartJobRun"}});
        EXPECT_EQ(start_failure(), ErrorKind::unclear);
        EXPECT_EQ(runs(), before);
    }
}

TEST_F(FaultsOnSandbox, AThrottledStartIsRepeated) {
    fault({{"kind", "throttle"}, {"service", "glue"}, {"operation", "StartJobRun"}});
    auto started = start();
    ASSERT_TRUE(started) << started.error().describe();
    EXPECT_EQ(runs(), 1u);
    for (auto& one : session.limiters().stats())
        EXPECT_EQ(one.throttles, one.operation == "StartJobRun" ? 1u : 0u) << one.operation;
}

TEST_F(FaultsOnSandbox, ReadsAreRepeated) {
    for (const char* kind : {"error_before", "error_after", "lost_answer", "reset_before", "truncated_body",
                             "html_503", "clock_skew"}) {
        SCOPED_TRACE(kind);
        fault({{"kind", kind}, {"service", "glue"}, {"operation", "GetJob"}});
        auto job = session.run(glue.get_job("etl"));
        if (std::string_view(kind) == "clock_skew") {
            // The Date header is right, so there is nothing to correct: the refusal stands.
            ASSERT_FALSE(job);
            EXPECT_EQ(job.error().kind, ErrorKind::clock_skew) << job.error().describe();
        } else {
            ASSERT_TRUE(job) << job.error().describe();
        }
    }
}

TEST_F(FaultsOnSandbox, AServiceThatStaysDown) {
    fault({{"kind", "error_before"}, {"service", "glue"}, {"operation", "GetJob"}, {"count", 10}});
    auto job = session.run(glue.get_job("etl"));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind, ErrorKind::transient);
    EXPECT_EQ(job.error().service, "glue");
    EXPECT_FALSE(job.error().request_id.empty());
}

TEST_F(FaultsOnSandbox, GarbageIsAnErrorOfARead) {
    fault({{"kind", "garbage_body"}, {"service", "glue"}, {"operation", "GetJob"}});
    auto job = session.run(glue.get_job("etl"));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind, ErrorKind::internal);
    EXPECT_EQ(job.error().code, "unreadable_answer");
}

// A machine whose clock is 20 minutes off works at the second attempt, and at once from then on.
TEST_F(FaultsOnSandbox, AWrongClockIsCorrected) {
    auto answer = session.sandbox().admin("POST", "settings", {{"clock_skew_ms", 20 * 60 * 1000}});
    ASSERT_FALSE(answer.contains("error")) << json::serialize(answer);
    auto connection = session.connect();
    GlueClient own(connection);
    auto job = session.run(own.get_job("etl"));
    ASSERT_TRUE(job) << job.error().describe();
    ASSERT_TRUE(connection->clock_offset());
    EXPECT_NEAR(double(connection->clock_offset()->count()), 20 * 60 * 1000, 5000);
    auto started = session.run(own.start_job_run(R"({"JobName":"etl"})"));
    EXPECT_TRUE(started) << started.error().describe();
}

TEST_F(FaultsOnSandbox, AWrongSecretIsTold) {
    session.credentials = std::make_shared<test::ScriptedCredentials>(
        std::vector{test::make_credentials("AKIASANDBOX000000000", "wrong")});
    auto job = session.run(GlueClient(session.connect()).get_job("etl"));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind, ErrorKind::credentials) << job.error().describe();
}

}  // namespace
}  // namespace polysync::aws
