#include "aws/batch/decode.h"

#include <gtest/gtest.h>

namespace polysync::aws::batch {
namespace {

template <class T>
T decode(std::string body, const ObjectShape& shape) {
    auto decoded = decode_json<T>(body, shape);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().describe());
    return decoded ? std::move(decoded.value()) : T();
}

std::vector<Job> jobs(std::string body) {
    return decode<JobsAnswer>(std::move(body), describe_jobs_shape()).jobs;
}

SystemTime at(long long ms) { return SystemTime(Millis(ms)); }

// BATCH-5: what a status needs, of jobs of each kind; places of logs are left out.
TEST(BatchDecode, AStatusReadsAllButPlacesOfLogs) {
    std::string body =
        R"({"jobs":[{"jobName":"Polysync-1","jobId":"j-1","jobQueue":"arn:q","status":"FAILED","isTerminated":true,
        "attempts":[{"container":{"exitCode":137,"reason":"killed","logStreamName":"s1"},"startedAt":1,"stoppedAt":2}],
        "statusReason":"gone","createdAt":3,"startedAt":4,"stoppedAt":5,"jobDefinition":"arn:d:3",
        "container":{"exitCode":137,"reason":"r","logStreamName":"s2",
          "logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g"}}}},
        {"jobId":"j-2","status":"RUNNING","container":{},"ecsProperties":{"taskProperties":[{"containers":[
          {"name":"main","exitCode":3,"reason":"x","logStreamName":"s3"}]}]},
        "arrayProperties":{"size":5,"statusSummary":{"RUNNING":5}}}]})";
    auto all = jobs(body);
    auto slim = decode<JobsAnswer>(body, describe_job_statuses_shape()).jobs;
    ASSERT_EQ(all.size(), 2u);
    ASSERT_EQ(slim.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(slim[i].id, all[i].id);
        EXPECT_EQ(slim[i].queue, all[i].queue);
        EXPECT_EQ(slim[i].definition, all[i].definition);
        EXPECT_EQ(slim[i].status, all[i].status);
        EXPECT_EQ(slim[i].status_reason, all[i].status_reason);
        EXPECT_EQ(slim[i].created_at, all[i].created_at);
        EXPECT_EQ(slim[i].started_at, all[i].started_at);
        EXPECT_EQ(slim[i].stopped_at, all[i].stopped_at);
        EXPECT_EQ(slim[i].is_terminated, all[i].is_terminated);
        EXPECT_EQ(slim[i].container.exit_code, all[i].container.exit_code);
        EXPECT_EQ(slim[i].container.reason, all[i].container.reason);
        EXPECT_EQ(slim[i].containers.size(), all[i].containers.size());
        EXPECT_EQ(slim[i].attempts.size(), all[i].attempts.size());
        EXPECT_EQ(slim[i].array_size, all[i].array_size);
        EXPECT_EQ(slim[i].array_status, all[i].array_status);
        EXPECT_EQ(slim[i].name, all[i].name);
        EXPECT_TRUE(slim[i].container.log_stream_name.empty() || i == 1);
        EXPECT_TRUE(slim[i].log.options.empty());
    }
    EXPECT_EQ(slim[0].attempts[0].containers[0].exit_code, 137);
    EXPECT_EQ(slim[1].container.exit_code, 3);  // the first of several stands in for it
}

// BATCH-5: all that a status, a diagnosis and logs need.
TEST(BatchDecode, AContainerJob) {
    auto all = jobs(
        R"({"jobs":[{"jobArn":"arn:j","jobName":"Polysync-1","jobId":"j-1","jobQueue":"arn:q","status":"FAILED",
        "attempts":[{"container":{"taskArn":"t1","exitCode":137,"reason":"OutOfMemoryError: killed","logStreamName":"s1",
          "networkInterfaces":[]},"startedAt":1,"stoppedAt":2,"statusReason":"Essential container in task exited"},
          {"container":{"logStreamName":"s2","taskArn":"t2"},"startedAt":3,"taskProperties":[]},
          {"container":{},"statusReason":"Host EC2 (instance i-1) terminated."}],
        "statusReason":"Essential container in task exited","createdAt":1767322983123,"startedAt":1767322999123,
        "stoppedAt":1767323999123,"retryStrategy":{"attempts":2,"evaluateOnExit":[]},"jobDefinition":"arn:d:3",
        "parameters":{"a":"b"},"container":{"image":"i","command":["x"],"exitCode":137,"reason":"r","logStreamName":"s2",
          "taskArn":"t2","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"g","awslogs-region":"r"}},
          "environment":[{"name":"exitCode","value":"5"}]},
        "isCancelled":false,"isTerminated":true,"newMember":{"jobId":"no"}}],"jobId":"no"})");
    ASSERT_EQ(all.size(), 1u);
    const Job& job = all[0];
    EXPECT_EQ(job.id, "j-1");
    EXPECT_EQ(job.name, "Polysync-1");
    EXPECT_EQ(job.queue, "arn:q");
    EXPECT_EQ(job.definition, "arn:d:3");
    EXPECT_EQ(job.status, "FAILED");
    EXPECT_EQ(job.status_reason, "Essential container in task exited");
    EXPECT_EQ(job.created_at, at(1767322983123));
    EXPECT_EQ(job.started_at, at(1767322999123));
    EXPECT_EQ(job.stopped_at, at(1767323999123));
    EXPECT_EQ(job.is_cancelled, false);
    EXPECT_EQ(job.is_terminated, true);
    EXPECT_EQ(job.container.exit_code, 137);
    EXPECT_EQ(job.container.reason, "r");
    EXPECT_EQ(job.container.log_stream_name, "s2");
    EXPECT_EQ(job.log.driver, "awslogs");
    EXPECT_EQ(job.log.options.at("awslogs-group"), "g");
    EXPECT_EQ(job.retry_attempts, 2);
    EXPECT_FALSE(job.array_size);
    EXPECT_FALSE(job.is_eks);
    ASSERT_EQ(job.attempts.size(), 3u);
    EXPECT_EQ(job.attempts[0].containers.at(0).exit_code, 137);
    EXPECT_EQ(job.attempts[0].containers[0].log_stream_name, "s1");
    EXPECT_EQ(job.attempts[0].stopped_at, at(2));
    EXPECT_EQ(job.attempts[1].containers.size(), 1u);
    EXPECT_TRUE(job.attempts[2].containers.empty());
    EXPECT_EQ(job.attempts[2].status_reason, "Host EC2 (instance i-1) terminated.");
}

// BATCH-8
TEST(BatchDecode, ArraysAndNodes) {
    auto all = jobs(R"({"jobs":[{"jobId":"a","status":"PENDING","arrayProperties":{"size":10,
        "statusSummary":{"STARTING":0,"FAILED":1,"RUNNING":2,"SUCCEEDED":3,"NEWSTATE":4}}},
        {"jobId":"a:3","arrayProperties":{"index":3}},
        {"jobId":"n","nodeProperties":{"numNodes":4,"mainNode":0,"nodeRangeProperties":[]}},
        {"jobId":"n#1","nodeDetails":{"nodeIndex":1,"isMainNode":false}}]})");
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].array_size, 10);
    EXPECT_EQ(all[0].array_status,
              (Counts{{"STARTING", 0}, {"FAILED", 1}, {"RUNNING", 2}, {"SUCCEEDED", 3}, {"NEWSTATE", 4}}));
    EXPECT_EQ(all[1].array_index, 3);
    EXPECT_EQ(all[2].number_of_nodes, 4);
    EXPECT_EQ(all[3].node_index, 1);
    EXPECT_EQ(all[3].is_main_node, false);
    EXPECT_FALSE(all[0].started_at);  // absent until it runs, against the model
}

TEST(BatchDecode, MultiContainerAndEksJobs) {
    auto all = jobs(
        R"({"jobs":[{"jobId":"e","status":"FAILED","container":{},"ecsProperties":{"taskProperties":[{"taskArn":"t",
        "containers":[{"name":"main","exitCode":1,"reason":"r","logStreamName":"s"},{"name":"side","exitCode":0}]}]},
        "attempts":[{"taskProperties":[{"taskArn":"t","containers":[{"name":"main","exitCode":1,"logStreamName":"s"},
        {"name":"side"}]}],"startedAt":5}]},
        {"jobId":"k","eksProperties":{"podProperties":{"containers":[{"name":"c","exitCode":2,"reason":"Error"}],
        "podName":"p"}},"eksAttempts":[{"containers":[{"name":"c","exitCode":2}],"podName":"p","startedAt":7,
        "statusReason":"x"}]}]})");
    ASSERT_EQ(all.size(), 2u);
    ASSERT_EQ(all[0].containers.size(), 2u);
    EXPECT_EQ(all[0].container.exit_code, 1);
    EXPECT_EQ(all[0].container.name, "main");
    EXPECT_EQ(all[0].attempts.at(0).containers.size(), 2u);
    EXPECT_EQ(all[0].attempts[0].containers[0].log_stream_name, "s");
    EXPECT_TRUE(all[1].is_eks);
    EXPECT_EQ(all[1].container.exit_code, 2);
    EXPECT_EQ(all[1].attempts.at(0).containers.at(0).exit_code, 2);
    EXPECT_EQ(all[1].attempts[0].status_reason, "x");
}

TEST(BatchDecode, NothingThere) {
    EXPECT_TRUE(jobs("{}").empty());
    EXPECT_TRUE(jobs(R"({"jobs":null})").empty());
    EXPECT_EQ(jobs(R"({"jobs":[{}]})").size(), 1u);
}

// BATCH-1: commands sit in any of four blocks.
TEST(BatchDecode, Definitions) {
    auto page = decode<Page<JobDefinition>>(R"({"nextToken":"n","jobDefinitions":[
        {"jobDefinitionName":"c","jobDefinitionArn":"arn:c:2","revision":2,"status":"ACTIVE","type":"container",
         "parameters":{"date":"today"},"retryStrategy":{"attempts":3},"timeout":{"attemptDurationSeconds":60},
         "platformCapabilities":["FARGATE"],"propagateTags":true,"schedulingPriority":4,"tags":{"k":"v"},
         "containerProperties":{"image":"i","command":["echo","Ref::date"],"jobRoleArn":"r","executionRoleArn":"x",
         "resourceRequirements":[{"type":"VCPU","value":"2"}],"logConfiguration":{"logDriver":"awslogs","options":{"a":"b"}}}},
        {"jobDefinitionName":"m","revision":1,"type":"container","ecsProperties":{"taskProperties":[{"taskRoleArn":"tr",
         "executionRoleArn":"er","containers":[{"name":"a","command":["Ref::x"]},{"name":"b"}]}]}},
        {"jobDefinitionName":"k","revision":1,"eksProperties":{"podProperties":{"containers":[{"name":"e","image":"i",
         "command":["run"],"args":["Ref::y"]}]}}},
        {"jobDefinitionName":"n","revision":1,"type":"multinode","nodeProperties":{"numNodes":2,"mainNode":0,
         "nodeRangeProperties":[{"targetNodes":"0:","container":{"command":["Ref::z"]}},
         {"targetNodes":"1:","ecsProperties":{"taskProperties":[{"containers":[{"name":"q"}]}]}},
         {"targetNodes":"1:","eksProperties":{"podProperties":{"containers":[{"name":"r"}]}}}]}}]})",
                                            describe_job_definitions_shape());
    EXPECT_EQ(page.next_token, "n");
    ASSERT_EQ(page.items.size(), 4u);
    const JobDefinition& plain = page.items[0];
    EXPECT_EQ(plain.name, "c");
    EXPECT_EQ(plain.revision, 2);
    EXPECT_EQ(plain.parameters.at("date"), "today");
    EXPECT_EQ(plain.retry_attempts, 3);
    EXPECT_EQ(plain.attempt_duration_seconds, 60);
    EXPECT_EQ(plain.scheduling_priority, 4);
    EXPECT_EQ(plain.platform_capabilities, std::vector<std::string>{"FARGATE"});
    ASSERT_EQ(plain.containers.size(), 1u);
    EXPECT_EQ(plain.containers[0].command, (std::vector<std::string>{"echo", "Ref::date"}));
    EXPECT_EQ(plain.containers[0].job_role_arn, "r");
    EXPECT_EQ(plain.containers[0].resource_requirements.at(0).value, "2");
    EXPECT_EQ(plain.containers[0].log.options.at("a"), "b");
    EXPECT_TRUE(page.items[1].uses_ecs_properties);
    ASSERT_EQ(page.items[1].containers.size(), 2u);
    EXPECT_EQ(page.items[1].containers[1].job_role_arn, "tr");
    EXPECT_TRUE(page.items[2].uses_eks_properties);
    EXPECT_EQ(page.items[2].containers.at(0).command, (std::vector<std::string>{"run", "Ref::y"}));
    EXPECT_TRUE(page.items[3].uses_node_properties);
    ASSERT_EQ(page.items[3].containers.size(), 3u);
    EXPECT_EQ(page.items[3].containers[0].command, std::vector<std::string>{"Ref::z"});
    EXPECT_EQ(page.items[3].containers[2].name, "r");
}

TEST(BatchDecode, QueuesAndSummaries) {
    auto queues =
        decode<Page<JobQueue>>(R"({"jobQueues":[{"jobQueueName":"q","jobQueueArn":"arn:q","state":"DISABLED",
        "status":"VALID","statusReason":"ok","priority":5,"schedulingPolicyArn":"arn:p","jobQueueType":"ECS",
        "computeEnvironmentOrder":[{"order":1}]}]})",
                               describe_job_queues_shape());
    ASSERT_EQ(queues.items.size(), 1u);
    EXPECT_EQ(queues.items[0].state, "DISABLED");
    EXPECT_EQ(queues.items[0].scheduling_policy_arn, "arn:p");
    EXPECT_EQ(queues.items[0].priority, 5);
    auto list = decode<Page<JobSummary>>(
        R"({"jobSummaryList":[{"jobId":"j","jobName":"n","createdAt":4,"status":"FAILED",
        "statusReason":"s","container":{"exitCode":3,"reason":"r"},"arrayProperties":{"size":2,"index":1},
        "isTerminated":true,"jobDefinition":"d"}],"nextToken":"t"})",
        list_jobs_shape());
    ASSERT_EQ(list.items.size(), 1u);
    EXPECT_EQ(list.items[0].exit_code, 3);
    EXPECT_EQ(list.items[0].container_reason, "r");
    EXPECT_EQ(list.items[0].array_size, 2);
    EXPECT_EQ(list.items[0].is_terminated, true);
    EXPECT_EQ(list.items[0].created_at, at(4));
    EXPECT_EQ(list.next_token, "t");
}

}  // namespace
}  // namespace polysync::aws::batch
