// What the typed clients add to a call: answers that say too little, chunks, ends of lists.
#include <gtest/gtest.h>

#include "aws/batch/client.h"
#include "aws/batch/operations.h"
#include "aws/core/retry.h"
#include "aws/core/test_kit.h"
#include "aws/glue/client.h"
#include "aws/glue/operations.h"
#include "aws/logs/client.h"
#include "aws/logs/operations.h"
#include "aws/sagemaker/client.h"
#include "aws/sagemaker/operations.h"
#include "aws/states/client.h"
#include "aws/states/operations.h"
#include "aws/sts/client.h"
#include "test/support/fake_http.h"
#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

using polysync::test::FakeHttp;
using polysync::test::run_async;

class ClientsTest : public testing::Test {
  protected:
    std::shared_ptr<Connection> connect() {
        ConnectionParts parts;
        parts.region = "eu-west-1";
        parts.endpoint_of = [](const Operation&) -> Result<Endpoint> {
            return Endpoint{"http://localhost:1", "r"};
        };
        parts.credentials =
            std::make_shared<test::ScriptedCredentials>(std::vector{test::make_credentials("A", "s")});
        parts.http = &http;
        parts.clock = &clock;
        parts.random = &random;
        return Connection::make(std::move(parts));
    }

    FakeHttp http;
    test::RecordingClock clock{SystemTime(Millis(1767322983123))};
    SeededRandom random{1};
    std::shared_ptr<Connection> connection = connect();
};

template <class T>
void expect_unclear(const Result<T>& result, std::string_view operation) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::unclear) << operation;
    EXPECT_EQ(result.error().code, "unreadable_answer") << operation;
    EXPECT_EQ(result.error().operation, operation);
}

// SAFE-1: AWS said yes, but not to what. Something runs.
TEST_F(ClientsTest, AStartWithoutAnIdIsUnclear) {
    for (const char* body : {"{}", "", "<html></html>", R"({"JobRunId":)",
                             R"({"JobRunId":null,"jobId":{},"executionArn":""})"}) {
        for (int i = 0; i < 6; ++i) http.answer(200, body);
        expect_unclear(run_async(GlueClient(connection).start_job_run("{}")), "StartJobRun");
        expect_unclear(run_async(BatchClient(connection).submit_job("{}")), "SubmitJob");
        expect_unclear(run_async(SageMakerClient(connection).start_pipeline_execution("{}")),
                       "StartPipelineExecution");
        expect_unclear(run_async(StatesClient(connection).start_execution("{}", true)), "StartExecution");
        expect_unclear(run_async(StatesClient(connection).start_execution("{}", false)), "StartExecution");
        expect_unclear(run_async(StatesClient(connection).start_sync_execution("{}")), "StartSyncExecution");
    }
    EXPECT_EQ(http.requests().size(), 30u);  // never sent again
}

TEST_F(ClientsTest, AStartExecutionIsRepeatedOnlyUnderItsName) {
    http.answer(500, "").answer(200, R"({"executionArn":"e","startDate":1})");
    EXPECT_TRUE(run_async(StatesClient(connection).start_execution(R"({"name":"n"})", true)));
    http.answer(500, "");
    auto express = run_async(StatesClient(connection).start_execution(R"({"name":"n"})", false));
    ASSERT_FALSE(express);
    EXPECT_EQ(express.error().kind, ErrorKind::unclear);
    EXPECT_EQ(http.requests().size(), 3u);
}

TEST_F(ClientsTest, SyncExecutionsWaitLongEnough) {
    http.answer(200, R"({"executionArn":"e","status":"FAILED","error":"E"})");
    auto ended = run_async(StatesClient(connection).start_sync_execution("{}"));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended.value().status, "FAILED");
    EXPECT_GT(http.requests()[0].timeout, std::chrono::minutes(5));
}

TEST_F(ClientsTest, AnUnreadableReadIsAnInternalError) {
    http.answer(200, "<html></html>", {{"x-amzn-RequestId", "r-1"}});
    auto job = run_async(GlueClient(connection).get_job("etl"));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind, ErrorKind::internal);
    EXPECT_EQ(job.error().request_id, "r-1");
    http.answer(200, "{}");
    auto caller = run_async(StsClient(connection).get_caller_identity());
    ASSERT_FALSE(caller);
    EXPECT_EQ(caller.error().kind, ErrorKind::internal);
    EXPECT_EQ(caller.error().service, "sts");
}

TEST_F(ClientsTest, ManyNamesGoInChunks) {
    std::vector<std::string> names;
    for (int i = 0; i < 60; ++i) names.push_back("job" + std::to_string(i));
    for (int i = 0; i < 3; ++i) http.answer(200, R"({"Jobs":[{"Name":"a"}],"JobsNotFound":["b"]})");
    auto answer = run_async(GlueClient(connection).batch_get_jobs(names));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().jobs.size(), 3u);
    EXPECT_EQ(answer.value().not_found.size(), 3u);
    EXPECT_NE(http.requests()[2].body.find("job59"), std::string::npos);
    EXPECT_TRUE(run_async(GlueClient(connection).batch_get_jobs({})));
    EXPECT_EQ(http.requests().size(), 3u);
}

// aws-facts 7.2: the end is where the token does not change; empty pages before it are normal.
TEST_F(ClientsTest, LogPagesEndWhereTheTokenStays) {
    LogsClient logs(connection);
    logs::GetEventsRequest request;
    request.group = "g";
    request.stream = "s";
    http.answer(200, R"({"events":[],"nextForwardToken":"f/1","nextBackwardToken":"b/1"})");
    EXPECT_FALSE(run_async(logs.get_log_events(request, "")).value().at_end);
    http.answer(200, R"({"events":[],"nextForwardToken":"f/1","nextBackwardToken":"b/1"})");
    EXPECT_TRUE(run_async(logs.get_log_events(request, "f/1")).value().at_end);
    request.start_from_head = false;
    http.answer(200, R"({"events":[],"nextForwardToken":"f/9","nextBackwardToken":"b/1"})");
    EXPECT_TRUE(run_async(logs.get_log_events(request, "b/1")).value().at_end);
}

// PERF-9: where calls wait for a rate limit, starts and stops go before polls, and polls before logs.
TEST(Priorities, SubmitAndCancelComeBeforePolling) {
    for (const auto* operation :
         {&glue::start_job_run, &glue::batch_stop_job_run, &batch::submit_job, &batch::terminate_job,
          &sagemaker::start_pipeline_execution, &sagemaker::stop_pipeline_execution, &states::start_execution,
          &states::start_sync_execution, &states::stop_execution})
        EXPECT_EQ(operation->priority, Priority::urgent) << operation->name;
    for (const auto* operation :
         {&glue::get_job_run, &glue::get_job_runs, &batch::describe_jobs,
          &sagemaker::describe_pipeline_execution, &sagemaker::list_pipeline_executions,
          &states::describe_execution, &states::list_executions})
        EXPECT_EQ(operation->priority, Priority::normal) << operation->name;
    for (const auto* operation : {&logs::get_log_events, &logs::filter_log_events})
        EXPECT_EQ(operation->priority, Priority::background) << operation->name;
}

}  // namespace
}  // namespace polysync::aws
