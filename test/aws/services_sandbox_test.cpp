// Batch, SageMaker, Step Functions and Logs: every operation once, for real.
#include <gtest/gtest.h>

#include "aws/batch/client.h"
#include "aws/glue/client.h"
#include "aws/logs/client.h"
#include "aws/sagemaker/client.h"
#include "aws/states/client.h"
#include "test/aws/sandbox_kit.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;

template <class T>
T need(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().describe());
    return std::move(result.value());
}

void add(test::SandboxSession& session, const char* path, json::object document) {
    auto added = session.sandbox().admin("POST", path, document);
    ASSERT_FALSE(added.contains("error")) << path << ": " << json::serialize(added);
}

template <class Fetch, class Done>
auto poll(test::SandboxSession& session, Fetch fetch, Done done) {
    for (int i = 0; i < 2000; ++i) {
        auto seen = need(session.run(fetch()));
        if (done(seen)) return seen;
    }
    throw std::runtime_error("it does not end");
}

}  // namespace

// BATCH-1, BATCH-3, BATCH-5, BATCH-8
TEST(BatchOnSandbox, EveryOperation) {
    test::SandboxSession session;
    session.limiters().set_rate("batch", "*", 100000, 100000);
    add(session, "batch/queue", {{"jobQueueName", "q"}});
    add(session, "batch/definition", {{"jobDefinitionName", "etl"}, {"parameters", {{"date", "today"}}}});
    BatchClient batch(session.connect());

    auto queues = need(session.run(batch.describe_job_queues({}, "")));
    ASSERT_FALSE(queues.items.empty());
    EXPECT_EQ(queues.items[0].state, "ENABLED");
    batch::DescribeJobDefinitionsRequest active;
    active.status = "ACTIVE";
    auto definitions = need(session.run(batch.describe_job_definitions(active, "")));
    ASSERT_FALSE(definitions.items.empty());
    EXPECT_FALSE(definitions.items[0].containers.empty());
    EXPECT_GE(definitions.items[0].revision, 1);

    auto submitted = need(session.run(batch.submit_job(
        R"({"jobName":"Polysync-1","jobQueue":"q","jobDefinition":"etl","arrayProperties":{"size":3}})")));
    EXPECT_EQ(submitted.job_name, "Polysync-1");
    auto jobs =
        need(session.run(batch.describe_jobs({submitted.job_id, "00000000-0000-4000-8000-000000000000"})));
    ASSERT_EQ(jobs.size(), 1u);
    EXPECT_EQ(jobs[0].id, submitted.job_id);
    EXPECT_EQ(jobs[0].array_size, 3);
    EXPECT_TRUE(jobs[0].created_at);

    batch::ListJobsRequest by_name;
    by_name.job_queue = "q";
    by_name.filter_name = "JOB_NAME";
    by_name.filter_value = "Polysync-1";
    auto found = need(session.run(batch.list_jobs(by_name, "")));
    ASSERT_EQ(found.items.size(), 1u);
    EXPECT_EQ(found.items[0].id, submitted.job_id);

    auto fetch = [&] { return batch.describe_jobs({submitted.job_id}); };
    auto done = [](const std::vector<batch::Job>& seen) { return seen.at(0).status == "SUCCEEDED"; };
    auto ended = poll(session, fetch, done);
    int children = 0;
    for (auto& [status, count] : ended[0].array_status) children += status == "SUCCEEDED" ? count : 0;
    EXPECT_EQ(children, 3);
    EXPECT_TRUE(session.run(batch.terminate_job(submitted.job_id, "Cancelled by Polysync")));
    auto refused =
        session.run(batch.submit_job(R"({"jobName":"x","jobQueue":"none","jobDefinition":"etl"})"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "ClientException");
    EXPECT_EQ(refused.error().kind, ErrorKind::rejected);
}

// SM-1, SM-2, SM-4, SM-5
TEST(SageMakerOnSandbox, EveryOperation) {
    test::SandboxSession session;
    session.limiters().set_rate("sagemaker", "*", 100000, 100000);
    add(session, "sagemaker/pipeline",
        {{"PipelineName", "etl"},
         {"PipelineDefinition",
          R"({"Version":"2020-12-01","Parameters":[{"Name":"a","Type":"String","DefaultValue":"x"}],"Steps":[{"Name":"Train","Type":"Training","Arguments":{}}]})"}});
    SageMakerClient sagemaker(session.connect());
    auto pipelines = need(session.run(sagemaker.list_pipelines("")));
    ASSERT_FALSE(pipelines.items.empty());
    auto pipeline = need(session.run(sagemaker.describe_pipeline("etl")));
    EXPECT_EQ(pipeline.name, "etl");
    EXPECT_FALSE(pipeline.definition.empty());

    const std::string token = "polysync-00000000-0000-4000-8000-000000000001";
    const std::string body =
        R"({"PipelineName":"etl","PipelineExecutionDisplayName":"Polysync-1","ClientRequestToken":")" +
        token + "\"}";
    std::string arn = need(session.run(sagemaker.start_pipeline_execution(body)));
    EXPECT_EQ(need(session.run(sagemaker.start_pipeline_execution(body))), arn);  // the token makes it one
    auto fetch = [&] { return sagemaker.describe_pipeline_execution(arn); };
    auto done = [](const sagemaker::Execution& seen) { return seen.status == "Succeeded"; };
    auto ended = poll(session, fetch, done);
    EXPECT_EQ(ended.display_name, "Polysync-1");
    EXPECT_TRUE(ended.creation_time);
    sagemaker::ListExecutionsRequest list;
    list.pipeline_name = "etl";
    list.created_after = *ended.creation_time - std::chrono::minutes(1);
    auto executions = need(session.run(sagemaker.list_pipeline_executions(list, "")));
    ASSERT_EQ(executions.items.size(), 1u);
    EXPECT_EQ(executions.items[0].arn, arn);
    auto steps = need(session.run(sagemaker.list_pipeline_execution_steps(arn, "")));
    ASSERT_FALSE(steps.items.empty());
    EXPECT_EQ(steps.items[0].status, "Succeeded");
    EXPECT_FALSE(steps.items[0].type.empty());
    (void)session.run(sagemaker.stop_pipeline_execution(arn, token));
    auto missing = session.run(sagemaker.describe_pipeline("none"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
}

// SFN-1, SFN-3, SFN-5, SFN-7, SFN-9
TEST(StatesOnSandbox, EveryOperation) {
    test::SandboxSession session;
    session.limiters().set_rate("states", "*", 100000, 100000);
    add(session, "stepfunctions/state_machine", {{"name", "etl"}});
    add(session, "stepfunctions/state_machine", {{"name", "quick"}, {"type", "EXPRESS"}});
    StatesClient states(session.connect());
    auto machines = need(session.run(states.list_state_machines("")));
    std::string standard, express;
    for (auto& machine : machines.items) {
        if (machine.name == "etl") standard = machine.arn;
        if (machine.name == "quick") express = machine.arn;
    }
    auto machine = need(session.run(states.describe_state_machine(express)));
    EXPECT_EQ(machine.type, "EXPRESS");
    EXPECT_FALSE(machine.definition.empty());

    auto start_body = [](const std::string& arn) {
        return R"({"stateMachineArn":")" + arn + R"(","name":"Polysync-1","input":"{\"a\":1}"})";
    };
    auto started = need(session.run(states.start_execution(start_body(standard), true)));
    auto fetch = [&] { return states.describe_execution(started.execution_arn); };
    auto done = [](const states::Execution& seen) { return seen.status == "SUCCEEDED"; };
    auto ended = poll(session, fetch, done);
    EXPECT_EQ(ended.input, R"({"a":1})");
    EXPECT_TRUE(ended.output);
    EXPECT_TRUE(ended.stop_date);
    states::ListExecutionsRequest list;
    list.state_machine_arn = standard;
    EXPECT_EQ(need(session.run(states.list_executions(list, ""))).items.at(0).arn, started.execution_arn);
    states::HistoryRequest history;
    history.execution_arn = started.execution_arn;
    auto events = need(session.run(states.get_execution_history(history, "")));
    ASSERT_GE(events.items.size(), 2u);
    EXPECT_EQ(events.items.front().type, "ExecutionStarted");
    EXPECT_EQ(events.items.front().id, 1);
    (void)session.run(
        states.stop_execution(started.execution_arn, "PolysyncCancellation", "Cancelled by Polysync"));
    auto again = session.run(states.start_execution(start_body(standard), true));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::conflict);

    auto sync = need(session.run(states.start_sync_execution(start_body(express))));
    EXPECT_EQ(sync.status, "SUCCEEDED");
    auto quick = need(session.run(states.start_execution(start_body(express), false)));
    auto unsupported = session.run(states.describe_execution(quick.execution_arn));
    ASSERT_FALSE(unsupported);
    EXPECT_EQ(unsupported.error().kind, ErrorKind::unsupported) << unsupported.error().describe();
}

TEST(LogsOnSandbox, GetsAndFilters) {
    test::SandboxSession session;
    session.limiters().set_rate("glue", "*", 100000, 100000);
    session.limiters().set_rate("logs", "*", 100000, 100000);
    add(session, "glue/job", {{"Name", "etl"}});
    auto connection = session.connect();
    GlueClient glue(connection);
    LogsClient logs(connection);
    std::string run_id = need(session.run(glue.start_job_run(R"({"JobName":"etl"})")));
    auto fetch = [&] { return glue.get_job_run("etl", run_id); };
    auto done = [](const glue::JobRun& seen) { return seen.state == "SUCCEEDED"; };
    poll(session, fetch, done);
    logs::FilterEventsRequest filter;
    filter.group = "/aws-glue/jobs/output";
    filter.stream_prefix = run_id;
    auto filtered = need(session.run(logs.filter_log_events(filter, "")));
    ASSERT_FALSE(filtered.events.empty());
    logs::GetEventsRequest get;
    get.group = filter.group;
    get.stream = filtered.events[0].stream;
    get.limit = 1;
    std::string token;
    std::size_t lines = 0;
    for (int page = 0; page < 1000; ++page) {
        auto events = need(session.run(logs.get_log_events(get, token)));
        lines += events.events.size();
        if (events.at_end) break;
        token = events.forward_token;
    }
    EXPECT_GE(lines, 1u);
    get.stream = "none";
    auto missing = session.run(logs.get_log_events(get, ""));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
}

}  // namespace polysync::aws
