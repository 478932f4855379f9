// Every request that the clients can make, judged by AWS's own models (botocore): valid parameters, and the
// same bytes, path and headers that botocore would send for them.
#include <cstdio>
#include <cstdlib>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "aws/batch/client.h"
#include "aws/core/connection.h"
#include "aws/core/wire.h"
#include "aws/glue/client.h"
#include "aws/logs/client.h"
#include "aws/sagemaker/client.h"
#include "aws/states/client.h"
#include "aws/sts/client.h"
#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;
using polysync::test::run_async;

// Keeps what it is asked to send and answers that nothing is there.
class CapturingConnection final : public Connection {
  public:
    Async<Result<Answer>> call(const Operation& operation, std::string body, CallOptions) override {
        http::Request request =
            make_request(operation, destination_, nullptr, SystemTime(), signer_, "test", body);
        json::object headers;
        for (auto& header : request.headers) headers[header.name] = header.value;
        lines += json::serialize(json::object{{"service", operation.service->name},
                                              {"operation", operation.name},
                                              {"path", request.url.substr(destination_.origin.size())},
                                              {"headers", headers},
                                              {"is_signed", operation.is_signed},
                                              {"endpoint_prefix", operation.endpoint_prefix},
                                              {"signing_name", operation.service->signing_name},
                                              {"host_prefix", operation.service->host_prefix},
                                              {"body", request.body}}) +
                 "\n";
        ++count;
        Answer answer;
        answer.body = "{}";
        answer.http_status = 200;
        co_return answer;
    }
    std::optional<Millis> clock_offset() const override { return std::nullopt; }
    const std::string& region() const override { return destination_.region; }
    const std::shared_ptr<CredentialsProvider>& credentials() const override { return credentials_; }
    void set_account(std::string) override {}

    std::string lines;
    int count = 0;

  private:
    Destination destination_{"https://x.eu-west-1.amazonaws.com", "x.eu-west-1.amazonaws.com", "",
                             "eu-west-1"};
    Signer signer_;
    std::shared_ptr<CredentialsProvider> credentials_;
};

const std::string odd_text = "a \"b\" \\ é 日本 😀 \n\t/ \x7f";
const std::string role = "arn:aws:iam::123456789012:role/etl";
const std::string machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:etl";
const std::string execution = "arn:aws:states:eu-west-1:123456789012:execution:etl:x";
const std::string pipeline_execution =
    "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/etl/execution/abcdefabcdef";
const SystemTime noon = parse_iso8601("2026-01-02T12:00:00Z").value();

void ask_glue(const std::shared_ptr<Connection>& connection) {
    GlueClient glue(connection);
    (void)run_async(glue.list_jobs(""));
    (void)run_async(glue.list_jobs(odd_text, 10));
    (void)run_async(glue.get_jobs("token"));
    (void)run_async(glue.get_job("nightly/load é"));
    (void)run_async(glue.batch_get_jobs({"a", "b c"}));
    (void)run_async(glue.start_job_run(
        R"({"JobName":"etl","Arguments":{"--a":"x=y","--polysync-run-token":"t"},"WorkerType":"G.1X","NumberOfWorkers":2,"Timeout":10,"ExecutionClass":"FLEX","JobRunQueuingEnabled":true})"));
    (void)run_async(glue.get_job_run("etl", "jr_1"));
    (void)run_async(glue.get_job_runs("etl", ""));
    (void)run_async(glue.get_job_runs("etl", "token", 1));
    (void)run_async(glue.batch_stop_job_run("etl", {"jr_1", "jr_2"}));
}

void ask_batch(const std::shared_ptr<Connection>& connection) {
    BatchClient batch(connection);
    (void)run_async(batch.describe_job_queues({}, ""));
    (void)run_async(
        batch.describe_job_queues({"q", "arn:aws:batch:eu-west-1:123456789012:job-queue/q"}, "token", 5));
    batch::DescribeJobDefinitionsRequest definitions;
    definitions.status = "ACTIVE";
    (void)run_async(batch.describe_job_definitions(definitions, ""));
    definitions.name = "etl";
    (void)run_async(batch.describe_job_definitions(definitions, "token"));
    definitions.definitions = {"etl:3"};
    (void)run_async(batch.describe_job_definitions(definitions, ""));
    (void)run_async(batch.submit_job(
        R"({"jobName":"Polysync-1","jobQueue":"q","jobDefinition":"etl","parameters":{"a":"b"},"shareIdentifier":"s","schedulingPriorityOverride":1,"arrayProperties":{"size":2},"dependsOn":[{"jobId":"j","type":"N_TO_N"}],"containerOverrides":{"command":["a"],"environment":[{"name":"A","value":"b"}],"resourceRequirements":[{"type":"VCPU","value":"2"}]},"retryStrategy":{"attempts":3},"timeout":{"attemptDurationSeconds":60},"propagateTags":true,"tags":{"k":"v"}})"));
    (void)run_async(batch.describe_jobs({"bcf0b186-a532-4122-842e-2ccab8d54efb", "x"}));
    batch::ListJobsRequest list;
    list.job_queue = "q";
    list.status = "RUNNING";
    list.max_results = 1000;
    (void)run_async(batch.list_jobs(list, ""));
    list = {};
    list.job_queue = "q";
    list.filter_name = "JOB_NAME";
    list.filter_value = "Polysync-1";
    (void)run_async(batch.list_jobs(list, "token"));
    list = {};
    list.array_job_id = "j";
    (void)run_async(batch.list_jobs(list, ""));
    list = {};
    list.multi_node_job_id = "j";
    (void)run_async(batch.list_jobs(list, ""));
    (void)run_async(batch.terminate_job("j", "Cancelled by Polysync"));
}

void ask_sagemaker(const std::shared_ptr<Connection>& connection) {
    SageMakerClient sagemaker(connection);
    (void)run_async(sagemaker.list_pipelines(""));
    (void)run_async(sagemaker.list_pipelines("token", 1));
    (void)run_async(sagemaker.describe_pipeline("etl"));
    (void)run_async(sagemaker.start_pipeline_execution(
        R"({"PipelineName":"etl","ClientRequestToken":"polysync-00000000-0000-4000-8000-000000000000","PipelineParameters":[{"Name":"a","Value":"b"}],"PipelineExecutionDisplayName":"Polysync-1","PipelineExecutionDescription":"d","ParallelismConfiguration":{"MaxParallelExecutionSteps":2}})"));
    (void)run_async(sagemaker.describe_pipeline_execution(pipeline_execution));
    sagemaker::ListExecutionsRequest list;
    list.pipeline_name = "etl";
    (void)run_async(sagemaker.list_pipeline_executions(list, ""));
    list.created_after = noon;
    list.created_before = noon + std::chrono::hours(1);
    list.sort_by = "CreationTime";
    list.sort_order = "Descending";
    (void)run_async(sagemaker.list_pipeline_executions(list, "token"));
    (void)run_async(sagemaker.list_pipeline_execution_steps(pipeline_execution, ""));
    (void)run_async(sagemaker.list_pipeline_execution_steps(pipeline_execution, "token", "Ascending", 10));
    (void)run_async(sagemaker.stop_pipeline_execution(pipeline_execution,
                                                      "polysync-00000000-0000-4000-8000-000000000000"));
}

void ask_states(const std::shared_ptr<Connection>& connection) {
    StatesClient states(connection);
    (void)run_async(states.list_state_machines(""));
    (void)run_async(states.list_state_machines("token", 10));
    (void)run_async(states.describe_state_machine(machine));
    (void)run_async(states.describe_state_machine(machine, states::IncludedData::metadata_only));
    const std::string start = R"({"stateMachineArn":")" + machine +
                              R"(","name":"Polysync-1","input":"{\"a\":1}","traceHeader":"Root=1"})";
    (void)run_async(states.start_execution(start, true));
    (void)run_async(states.start_execution(start, false));
    (void)run_async(states.start_sync_execution(start));
    (void)run_async(states.describe_execution(execution));
    (void)run_async(states.describe_execution(execution, states::IncludedData::metadata_only));
    states::ListExecutionsRequest list;
    list.state_machine_arn = machine;
    (void)run_async(states.list_executions(list, ""));
    list.status_filter = "RUNNING";
    list.max_results = 1000;
    (void)run_async(states.list_executions(list, "token"));
    list = {};
    list.map_run_arn = "arn:aws:states:eu-west-1:123456789012:mapRun:etl/x:1";
    (void)run_async(states.list_executions(list, ""));
    (void)run_async(states.stop_execution(execution, "", ""));
    (void)run_async(states.stop_execution(execution, "PolysyncCancellation", "Cancelled by Polysync"));
    states::HistoryRequest history;
    history.execution_arn = execution;
    (void)run_async(states.get_execution_history(history, ""));
    history.reverse_order = true;
    history.include_execution_data = false;
    history.max_results = 5;
    (void)run_async(states.get_execution_history(history, "token"));
}

void ask_logs(const std::shared_ptr<Connection>& connection) {
    LogsClient logs(connection);
    logs::GetEventsRequest get;
    get.group = "/aws/batch/job";
    get.stream = "etl/default/1";
    (void)run_async(logs.get_log_events(get, ""));
    get.group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/batch/job:*";
    get.start = noon;
    get.end = noon + std::chrono::hours(1);
    get.start_from_head = false;
    get.limit = 100;
    (void)run_async(logs.get_log_events(get, "f/1"));
    logs::FilterEventsRequest filter;
    filter.group = "/aws-glue/jobs/output";
    filter.stream_prefix = "jr_1";
    (void)run_async(logs.filter_log_events(filter, ""));
    filter.stream_prefix.clear();
    filter.streams = {"a", "b"};
    filter.start = noon;
    filter.end = noon;
    filter.pattern = R"({ $.id = "1" })";
    filter.limit = 10;
    (void)run_async(logs.filter_log_events(filter, "token"));
}

void ask_sts(const std::shared_ptr<Connection>& connection) {
    StsClient sts(connection);
    (void)run_async(sts.get_caller_identity());
    sts::AssumeRoleRequest assume;
    assume.role_arn = role;
    assume.session_name = "polysync@host";
    (void)run_async(sts.assume_role(assume));
    assume.external_id = "a+b/c:d=e,f@g.h-i_j";
    assume.duration_seconds = 900;
    (void)run_async(sts.assume_role(assume));
    sts::WebIdentityRequest web;
    web.role_arn = role;
    web.session_name = "polysync";
    web.token = Secret("eyJ0.eyJ1.sig-_~+/= &");
    (void)run_async(sts.assume_role_with_web_identity(web));
    web.duration_seconds = 3600;
    (void)run_async(sts.assume_role_with_web_identity(web));
}

TEST(Requests, AreWhatBotocoreWouldSend) {
    auto connection = std::make_shared<CapturingConnection>();
    ask_glue(connection);
    ask_batch(connection);
    ask_sagemaker(connection);
    ask_states(connection);
    ask_logs(connection);
    ask_sts(connection);
    ASSERT_GE(connection->count, 55);
    if (std::system("/usr/bin/python3 -c 'import botocore' 2>/dev/null") != 0)
        GTEST_SKIP() << "python3-botocore is not installed";

    char name[] = "/tmp/polysync_requests_XXXXXX";
    int fd = mkstemp(name);
    ASSERT_GE(fd, 0);
    std::FILE* file = fdopen(fd, "w");
    std::fwrite(connection->lines.data(), 1, connection->lines.size(), file);
    std::fclose(file);
    std::string command =
        std::string("/usr/bin/python3 " POLYSYNC_SOURCE_DIR "/test/aws/botocore_requests.py ") + name +
        " " POLYSYNC_SOURCE_DIR "/src/sandbox/models 2>&1";
    std::FILE* verdict = popen(command.c_str(), "r");
    ASSERT_NE(verdict, nullptr);
    std::string said;
    char chunk[4096];
    for (std::size_t got = 0; (got = std::fread(chunk, 1, sizeof chunk, verdict)) > 0;)
        said.append(chunk, got);
    EXPECT_EQ(pclose(verdict), 0) << said;
    EXPECT_NE(said.find(std::to_string(connection->count) + " requests"), std::string::npos) << said;
    std::remove(name);
}

}  // namespace
}  // namespace polysync::aws
