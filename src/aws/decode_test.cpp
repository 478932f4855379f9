// The answers of Glue, SageMaker, Step Functions, Logs and STS.
#include "aws/glue/decode.h"

#include <gtest/gtest.h>

#include "aws/core/page.h"
#include "aws/logs/decode.h"
#include "aws/sagemaker/decode.h"
#include "aws/states/decode.h"
#include "aws/sts/decode.h"

namespace polysync::aws {
namespace {

template <class T>
T decode(std::string body, const ObjectShape& shape) {
    auto decoded = decode_json<T>(body, shape);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().describe());
    return decoded ? std::move(decoded.value()) : T();
}

SystemTime at(long long ms) { return SystemTime(Millis(ms)); }

// GLUE-1, GLUE-2
TEST(GlueDecode, Jobs) {
    auto page = decode<Page<glue::Job>>(
        R"({"Jobs":[{"Name":"a/b","Description":"d","Role":"r","CreatedOn":1602873931.255,
        "ExecutionProperty":{"MaxConcurrentRuns":3},"Command":{"Name":"glueetl","ScriptLocation":"s3://x","PythonVersion":"3"},
        "DefaultArguments":{"--date":"007","--n":"10"},"NonOverridableArguments":{"--fixed":"1"},"MaxRetries":2,"Timeout":60,
        "MaxCapacity":0.0625,"WorkerType":"G.1X","NumberOfWorkers":5,"GlueVersion":"5.0","ExecutionClass":"FLEX",
        "JobMode":"SCRIPT","JobRunQueuingEnabled":true,"CodeGenConfigurationNodes":{"n":{"Name":"no"}}},{}],"NextToken":"t"})",
        glue::get_jobs_shape());
    ASSERT_EQ(page.items.size(), 2u);
    EXPECT_EQ(page.next_token, "t");
    const glue::Job& job = page.items[0];
    EXPECT_EQ(job.name, "a/b");
    EXPECT_EQ(job.command_name, "glueetl");
    EXPECT_EQ(job.script_location, "s3://x");
    EXPECT_EQ(job.max_concurrent_runs, 3);
    EXPECT_EQ(job.default_arguments.at("--date"), "007");
    EXPECT_EQ(job.non_overridable_arguments.at("--fixed"), "1");
    EXPECT_EQ(job.max_retries, 2);
    EXPECT_EQ(job.timeout_minutes, 60);
    EXPECT_EQ(job.max_capacity, 0.0625);
    EXPECT_EQ(job.worker_type, "G.1X");
    EXPECT_EQ(job.number_of_workers, 5);
    EXPECT_EQ(job.glue_version, "5.0");
    EXPECT_EQ(job.execution_class, "FLEX");
    EXPECT_EQ(job.job_run_queuing_enabled, true);
    EXPECT_EQ(job.created_on, at(1602873931255));
    EXPECT_FALSE(page.items[1].max_retries);
}

// GLUE-6, GLUE-9
TEST(GlueDecode, Runs) {
    auto run =
        decode<glue::JobRunAnswer>(R"({"JobRun":{"Id":"jr_1_attempt_1","Attempt":1,"PreviousRunId":"jr_1",
        "TriggerName":"t","JobName":"j","StartedOn":1.602873931255E9,"CompletedOn":1602873999,"JobRunState":"NEW_STATE",
        "Arguments":{"--polysync-run-token":"x"},"ErrorMessage":"e\nf","ExecutionTime":68,"Timeout":10,"DPUSeconds":1.5,
        "LogGroupName":"/aws-glue/jobs","StateDetail":"waiting for capacity","GlueVersion":"4.0"}})",
                                   glue::get_job_run_shape())
            .run;
    EXPECT_EQ(run.id, "jr_1_attempt_1");
    EXPECT_EQ(run.attempt, 1);
    EXPECT_EQ(run.previous_run_id, "jr_1");
    EXPECT_EQ(run.state, "NEW_STATE");
    EXPECT_EQ(run.arguments.at("--polysync-run-token"), "x");
    EXPECT_EQ(run.error_message, "e\nf");
    EXPECT_EQ(run.started_on, at(1602873931255));
    EXPECT_EQ(run.completed_on, at(1602873999000));
    EXPECT_EQ(run.execution_time_s, 68);
    EXPECT_EQ(run.dpu_seconds, 1.5);
    EXPECT_EQ(run.log_group_name, "/aws-glue/jobs");
    EXPECT_EQ(run.state_detail, "waiting for capacity");
    EXPECT_EQ(decode<Page<glue::JobRun>>(R"({"JobRuns":[{"Id":"a"},{"Id":"b"}]})", glue::get_job_runs_shape())
                  .items.size(),
              2u);
    EXPECT_EQ(decode<glue::StartAnswer>(R"({"JobRunId":"jr"})", glue::start_job_run_shape()).run_id, "jr");
    EXPECT_EQ(decode<Page<std::string>>(R"({"JobNames":["a","b"]})", glue::list_jobs_shape()).items.size(),
              2u);
    EXPECT_EQ(decode<glue::BatchGetJobsAnswer>(R"({"Jobs":[{"Name":"a"}],"JobsNotFound":["b"]})",
                                               glue::batch_get_jobs_shape())
                  .not_found.at(0),
              "b");
}

// GLUE-7: HTTP 200 even if every stop failed.
TEST(GlueDecode, Stops) {
    auto stop = decode<glue::BatchStopAnswer>(R"({"SuccessfulSubmissions":[{"JobName":"j","JobRunId":"jr_1"}],
        "Errors":[{"JobName":"j","JobRunId":"jr_2","ErrorDetail":{"ErrorCode":"EntityNotFoundException","ErrorMessage":"m"}}]})",
                                              glue::batch_stop_shape());
    EXPECT_EQ(stop.stopping, std::vector<std::string>{"jr_1"});
    ASSERT_EQ(stop.errors.size(), 1u);
    EXPECT_EQ(stop.errors[0].run_id, "jr_2");
    EXPECT_EQ(stop.errors[0].code, "EntityNotFoundException");
    EXPECT_EQ(stop.errors[0].message, "m");
}

// SM-1, SM-4
TEST(SageMakerDecode, PipelinesExecutionsSteps) {
    auto pipeline =
        decode<sagemaker::Pipeline>(R"({"PipelineArn":"a","PipelineName":"N","PipelineDisplayName":"D",
        "PipelineDefinition":"{\"Parameters\":[]}","PipelineDescription":"d","RoleArn":"r","PipelineStatus":"Active",
        "CreationTime":1.5,"ParallelismConfiguration":{"MaxParallelExecutionSteps":4}})",
                                    sagemaker::describe_pipeline_shape());
    EXPECT_EQ(pipeline.definition, R"({"Parameters":[]})");
    EXPECT_EQ(pipeline.max_parallel_execution_steps, 4);
    EXPECT_EQ(pipeline.creation_time, at(1500));
    auto execution =
        decode<sagemaker::Execution>(R"({"PipelineArn":"p","PipelineExecutionArn":"e","FailureReason":"f",
        "PipelineExecutionDisplayName":"n","PipelineExecutionStatus":"CompletedWithFailures","LastModifiedTime":2})",
                                     sagemaker::describe_execution_shape());
    EXPECT_EQ(execution.status, "CompletedWithFailures");
    EXPECT_EQ(execution.failure_reason, "f");
    EXPECT_EQ(execution.last_modified_time, at(2000));
    auto list = decode<Page<sagemaker::ExecutionSummary>>(
        R"({"PipelineExecutionSummaries":[{"PipelineExecutionArn":"e",
        "StartTime":3,"PipelineExecutionStatus":"Failed","PipelineExecutionFailureReason":"f",
        "PipelineExecutionDisplayName":"n"}]})",
        sagemaker::list_executions_shape());
    EXPECT_EQ(list.items.at(0).failure_reason, "f");
    auto steps = decode<Page<sagemaker::Step>>(R"({"PipelineExecutionSteps":[
        {"StepName":"Train","StepStatus":"Failed","FailureReason":"ClientError","StartTime":1,"EndTime":2,"AttemptCount":1,
         "Metadata":{"TrainingJob":{"Arn":"arn:t"}},"CacheHitResult":{"SourcePipelineExecutionArn":"old"}},
        {"StepName":"Ask","Metadata":{"Callback":{"CallbackToken":"t","SqsQueueUrl":"https://q","OutputParameters":[]}}},
        {"StepName":"If","Metadata":{"Condition":{"Outcome":"True"}}},{"StepName":"New","Metadata":{"Quantum":{"X":1}}},
        {"StepName":"Odd","Metadata":"?"}]})",
                                               sagemaker::list_steps_shape());
    ASSERT_EQ(steps.items.size(), 5u);
    EXPECT_EQ(steps.items[0].type, "TrainingJob");
    EXPECT_EQ(steps.items[0].resource, "arn:t");
    EXPECT_EQ(steps.items[0].cache_hit_arn, "old");
    EXPECT_EQ(steps.items[0].end_time, at(2000));
    EXPECT_EQ(steps.items[1].resource, "https://q");
    EXPECT_EQ(steps.items[2].resource, "True");
    EXPECT_EQ(steps.items[3].type, "Quantum");
    EXPECT_EQ(steps.items[4].type, "");
}

// SFN-1, SFN-5, SFN-6, SFN-9
TEST(StatesDecode, MachinesAndExecutions) {
    auto machine =
        decode<states::StateMachine>(R"({"stateMachineArn":"a","name":"n","status":"ACTIVE","definition":"{}",
        "roleArn":"r","type":"EXPRESS","creationDate":1602873931.255,"loggingConfiguration":{"level":"ALL",
        "includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:g:*"}},{}]},
        "tracingConfiguration":{"enabled":true},"encryptionConfiguration":{"type":"CUSTOMER_MANAGED_KMS_KEY","kmsKeyId":"k"},
        "revisionId":"v"})",
                                     states::describe_state_machine_shape());
    EXPECT_EQ(machine.type, "EXPRESS");
    EXPECT_EQ(machine.logging.level, "ALL");
    EXPECT_TRUE(machine.logging.include_execution_data);
    EXPECT_EQ(machine.logging.log_group_arns, std::vector<std::string>{"arn:g:*"});
    EXPECT_EQ(machine.tracing_enabled, true);
    EXPECT_EQ(machine.kms_key_id, "k");
    auto execution = decode<states::Execution>(
        R"({"executionArn":"e","stateMachineArn":"a","name":"n","status":"SUCCEEDED",
        "startDate":1,"stopDate":2.5,"input":"{}","inputDetails":{"included":true},"output":"[1]",
        "outputDetails":{"included":false},"redriveCount":1,"stateMachineAliasArn":"alias","billingDetails":{}})",
        states::execution_shape());
    EXPECT_EQ(execution.output, "[1]");
    EXPECT_FALSE(execution.output_included);
    EXPECT_TRUE(execution.input_included);
    EXPECT_EQ(execution.stop_date, at(2500));
    EXPECT_EQ(execution.redrive_count, 1);
    EXPECT_FALSE(decode<states::Execution>("{}", states::execution_shape()).output);
    auto list = decode<Page<states::ExecutionItem>>(
        R"({"executions":[{"executionArn":"e","status":"PENDING_REDRIVE"}]})",
        states::list_executions_shape());
    EXPECT_EQ(list.items.at(0).status, "PENDING_REDRIVE");
}

TEST(StatesDecode, History) {
    auto page = decode<Page<states::HistoryEvent>>(R"({"events":[
        {"timestamp":1,"type":"ExecutionStarted","id":1,"previousEventId":0,
         "executionStartedEventDetails":{"input":"{}","inputDetails":{"truncated":false},"roleArn":"r"}},
        {"timestamp":2,"type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Load"}},
        {"timestamp":3,"type":"TaskScheduled","id":3,"previousEventId":2,"taskScheduledEventDetails":{"resourceType":"glue",
         "resource":"startJobRun.sync","region":"r","parameters":"{\"a\":1}"}},
        {"timestamp":4,"type":"TaskFailed","id":4,"previousEventId":3,"taskFailedEventDetails":{"resourceType":"glue",
         "resource":"startJobRun.sync","error":"States.TaskFailed","cause":"why"}},
        {"timestamp":5,"type":"LambdaFunctionFailed","id":5,"lambdaFunctionFailedEventDetails":{"error":"E"}},
        {"timestamp":6,"type":"EvaluationFailed","id":6,"evaluationFailedEventDetails":{"state":"S","error":"E"}},
        {"timestamp":7,"type":"BrandNew","id":7,"brandNewEventDetails":{"name":"?"}}]})",
                                                   states::history_shape());
    ASSERT_EQ(page.items.size(), 7u);
    EXPECT_EQ(page.items[0].input, "{}");
    EXPECT_EQ(page.items[1].name, "Load");
    EXPECT_EQ(page.items[2].resource, "glue:startJobRun.sync");
    EXPECT_EQ(page.items[2].input, R"({"a":1})");
    EXPECT_EQ(page.items[3].error, "States.TaskFailed");
    EXPECT_EQ(page.items[3].cause, "why");
    EXPECT_EQ(page.items[3].previous_id, 3);
    EXPECT_EQ(page.items[4].error, "E");
    EXPECT_EQ(page.items[5].name, "S");
    EXPECT_EQ(page.items[6].type, "BrandNew");
    EXPECT_EQ(page.items[6].timestamp, at(7000));
}

TEST(LogsDecode, Events) {
    auto got =
        decode<logs::GetEventsAnswer>(R"({"events":[{"timestamp":1767322983123,"message":"line\u001b[0m",
        "ingestionTime":1767322983999}],"nextForwardToken":"f/1","nextBackwardToken":"b/1"})",
                                      logs::get_log_events_shape());
    EXPECT_EQ(got.events.at(0).timestamp, at(1767322983123));
    EXPECT_EQ(got.events[0].message, "line\x1b[0m");
    EXPECT_EQ(got.forward_token, "f/1");
    auto filtered =
        decode<logs::FilterEventsAnswer>(R"({"events":[{"logStreamName":"s","timestamp":1,"message":"m",
        "eventId":"3"}],"searchedLogStreams":[]})",
                                         logs::filter_log_events_shape());
    EXPECT_EQ(filtered.events.at(0).stream, "s");
    EXPECT_EQ(filtered.events[0].event_id, "3");
    EXPECT_EQ(filtered.next_token, "");
}

// aws-facts 6
TEST(StsDecode, Roles) {
    auto role = sts::decode_assume_role_with_web_identity(R"(<?xml version="1.0"?>
      <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
      <AssumeRoleWithWebIdentityResult><Audience>aud</Audience>
        <Credentials><SessionToken> to&amp;ken=
        </SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration><SecretAccessKey><![CDATA[sec/ret]]></SecretAccessKey>
        <AccessKeyId>ASIAEXAMPLE</AccessKeyId></Credentials><Provider>https://issuer</Provider>
        <SubjectFromWebIdentityToken>sub</SubjectFromWebIdentityToken>
        <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>
        <New>x</New></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>)");
    ASSERT_TRUE(role);
    EXPECT_EQ(role.value().credentials.access_key_id, "ASIAEXAMPLE");
    EXPECT_EQ(role.value().credentials.secret_access_key.reveal(), "sec/ret");
    EXPECT_EQ(role.value().credentials.session_token.reveal(), "to&ken=");
    EXPECT_EQ(role.value().credentials.expiration, parse_iso8601("2026-01-02T04:04:05Z").value());
    EXPECT_EQ(role.value().assumed_role_arn, "arn:aws:sts::1:assumed-role/r/s");
    EXPECT_EQ(role.value().subject, "sub");
    EXPECT_EQ(role.value().audience, "aud");
    EXPECT_EQ(redact("x to&ken= y"), "x [redacted] y");  // SAFE-3
    auto caller = sts::decode_caller_identity(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn</Arn><UserId>u</"
        "UserId><Account>012345678901</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>");
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller.value().account, "012345678901");
}

TEST(StsDecode, RefusesWhatLacksTheAnswer) {
    for (const char* wrong :
         {"", "{}", "<html/>", "<AssumeRoleResponse/>",
          "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
          "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
          "<SecretAccessKey>topsecretvalue</SecretAccessKey><SessionToken>t</SessionToken><Expiration>soon</"
          "Expiration>"
          "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
          "<AssumeRoleResponse><AssumeRoleResult>"}) {
        auto role = sts::decode_assume_role(wrong);
        ASSERT_FALSE(role) << wrong;
        EXPECT_EQ(role.error().code, "unreadable_answer");
        EXPECT_EQ(role.error().describe().find("topsecret"), std::string::npos);
        EXPECT_FALSE(sts::decode_caller_identity(wrong));
    }
}

TEST(PageGuard, EndsLoopsThatWouldNotEnd) {
    PageGuard guard("glue", "ListJobs");
    EXPECT_EQ(guard.next("a").value(), "a");
    EXPECT_EQ(guard.next("b").value(), "b");
    EXPECT_EQ(guard.next("").value(), "");
    auto repeated = guard.next("a");
    ASSERT_FALSE(repeated);
    EXPECT_EQ(repeated.error().code, "repeated_page_token");
    EXPECT_EQ(repeated.error().operation, "ListJobs");
    PageGuard few("glue", "ListJobs", 3);
    EXPECT_TRUE(few.next("1"));
    EXPECT_TRUE(few.next("2"));
    EXPECT_EQ(few.next("3").error().code, "too_many_pages");
}

}  // namespace
}  // namespace polysync::aws
