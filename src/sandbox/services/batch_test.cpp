#include "sandbox/services/batch.h"

#include <fmt/format.h>

#include "sandbox/services/service_test_kit.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

struct Batch : testing::Test {
    Settings settings{
        .durations = {.queued = 500ms, .starting = 500ms, .running = 2000ms, .stopping = 400ms}};
    BatchService service{settings};
    Caller aws{service};

    Batch() {
        aws.admin("queue", R"({"jobQueueName":"main"})");
        aws.admin("definition",
                  R"({"jobDefinitionName":"etl","containerProperties":{"command":["run","Ref::day"]},
                                    "parameters":{"day":"today"}})");
    }
    // Submits with queue "main" and the further members in `more` (", …" or empty).
    std::string submit(const std::string& definition, const std::string& more = "",
                       const std::string& name = "job") {
        return text(
            aws.ok("SubmitJob", fmt::format(R"({{"jobName":"{}","jobQueue":"main","jobDefinition":"{}"{}}})",
                                            name, definition, more)),
            "jobId");
    }
    Json job(const std::string& id) {
        const Json found = aws.ok("DescribeJobs", fmt::format(R"({{"jobs":["{}"]}})", id));
        return member(found, "jobs.0");
    }
    std::string status(const std::string& id) { return string_at(job(id), "status"); }
    std::size_t listed(const std::string& query) {
        return aws.all("ListJobs", query, "jobSummaryList", "nextToken", "nextToken").size();
    }
};

// BATCH-5
TEST_F(Batch, PassesThroughTheStates) {
    const std::string id = submit("etl", R"(,"parameters":{"day":"monday"})");
    EXPECT_EQ(id.size(), 36u);
    struct Step {
        Millis pass;
        std::string status;
    };
    const Step steps[] = {{0ms, "SUBMITTED"},  {100ms, "PENDING"}, {100ms, "RUNNABLE"}, {300ms, "STARTING"},
                          {499ms, "STARTING"}, {1ms, "RUNNING"},   {1999ms, "RUNNING"}, {1ms, "SUCCEEDED"}};
    for (const Step& step : steps) {
        aws.pass(step.pass);
        EXPECT_EQ(status(id), step.status);
        const bool begun = step.status == "RUNNING" || step.status == "SUCCEEDED";
        EXPECT_EQ(!member(job(id), "startedAt").is_null(), begun) << step.status;
        EXPECT_EQ(!member(job(id), "container.logStreamName").is_null(), begun) << step.status;
    }
    EXPECT_EQ(string_at(job(id), "container.command.1"), "monday");
    EXPECT_EQ(string_at(job(id), "parameters.day"), "monday");
    EXPECT_EQ(member(job(id), "container.exitCode").as_int64(), 0);
    EXPECT_EQ(string_at(job(id), "statusReason"), "Essential container in task exited");
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 1u);
    EXPECT_TRUE(member(job(id), "isTerminated").is_null());
}

TEST_F(Batch, FailuresSayWhy) {
    struct Case {
        std::string outcome;
        std::string reason;
        std::string container_reason;
        int exit_code;  // -1: absent
    };
    const Case cases[] = {
        {R"({"status":"FAILED"})", "Essential container in task exited", "", 1},
        {R"({"status":"FAILED","exit_code":3})", "Essential container in task exited", "", 3},
        {R"({"status":"FAILED","reason":"Host EC2 (instance i-0abc) terminated."})",
         "Host EC2 (instance i-0abc) terminated.", "", -1},
        {R"({"status":"FAILED","exit_code":137,"container_reason":"OutOfMemoryError: Container killed due to memory usage"})",
         "Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage", 137},
        {R"({"status":"FAILED","reason":"Task failed to start","container_reason":"CannotPullContainerError: no"})",
         "Task failed to start", "CannotPullContainerError: no", -1},
    };
    int number = 0;
    for (const Case& each : cases) {
        const std::string name = fmt::format("def{}", number++);
        aws.admin("definition",
                  fmt::format(R"({{"jobDefinitionName":"{}","outcome":{}}})", name, each.outcome));
        const std::string id = submit(name);
        aws.pass(3000ms);
        const Json failed = job(id);
        EXPECT_EQ(string_at(failed, "status"), "FAILED");
        EXPECT_EQ(string_at(failed, "statusReason"), each.reason);
        EXPECT_EQ(string_at(failed, "container.reason"), each.container_reason);
        EXPECT_EQ(member(failed, "container.exitCode").is_null()
                      ? -1
                      : member(failed, "container.exitCode").as_int64(),
                  each.exit_code);
        EXPECT_EQ(string_at(failed, "attempts.0.statusReason"), each.reason);
    }
}

TEST_F(Batch, RetriesGoBackToRunnable) {
    aws.admin("definition", R"({"jobDefinitionName":"flaky","retryStrategy":{"attempts":3},
                                "outcome":{"status":"FAILED","failing_attempts":2}})");
    const std::string id = submit("flaky");
    aws.pass(200ms + 2800ms);  // one attempt: 300 RUNNABLE, 500 STARTING, 2000 RUNNING
    EXPECT_EQ(status(id), "RUNNABLE");
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 1u);
    EXPECT_EQ(member(job(id), "attempts.0.container.exitCode").as_int64(), 1);
    aws.pass(5600ms);
    EXPECT_EQ(status(id), "SUCCEEDED");
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 3u);
    EXPECT_NE(member(job(id), "attempts.0.container.logStreamName"),
              member(job(id), "attempts.1.container.logStreamName"));
    EXPECT_EQ(member(job(id), "attempts.2.container.exitCode").as_int64(), 0);
}

TEST_F(Batch, EvaluateOnExitDecidesOnRetries) {
    struct Case {
        std::string rules;
        std::size_t attempts;
    };
    const Case cases[] = {
        {R"([{"onExitCode":"1","action":"EXIT"}])", 1},
        {R"([{"onExitCode":"2","action":"EXIT"}])", 3},
        {R"([{"onStatusReason":"Host EC2*","action":"RETRY"},{"onReason":"*","action":"EXIT"}])", 1},
        {R"([{"onStatusReason":"essential*","action":"RETRY"},{"onReason":"*","action":"EXIT"}])", 3},
    };
    aws.admin("definition", R"({"jobDefinitionName":"bad","outcome":{"status":"FAILED"}})");
    for (const Case& each : cases) {
        const std::string id = submit(
            "bad", fmt::format(R"(,"retryStrategy":{{"attempts":3,"evaluateOnExit":{}}})", each.rules));
        aws.pass(1min);
        EXPECT_EQ(status(id), "FAILED");
        EXPECT_EQ(member(job(id), "attempts").as_array().size(), each.attempts) << each.rules;
    }
}

TEST_F(Batch, TimedOutAttemptsAreNotRetried) {
    aws.admin("definition", R"({"jobDefinitionName":"slow","outcome":{"run_ms":600000}})");
    const std::string id =
        submit("slow", R"(,"timeout":{"attemptDurationSeconds":60},"retryStrategy":{"attempts":5})");
    aws.pass(1000ms + 60s);
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(string_at(job(id), "statusReason"), "Job attempt duration exceeded timeout");
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 1u);
}

// BATCH-6
TEST_F(Batch, TerminateAndCancel) {
    struct Case {
        std::string operation;
        Millis when;
        Millis after;  // to the end
        std::string status;
        std::string flag;  // which one is true
        std::string reason;
    };
    const Case cases[] = {
        {"TerminateJob", 0ms, 0ms, "FAILED", "isTerminated", "stop it"},
        {"TerminateJob", 250ms, 0ms, "FAILED", "isTerminated", "stop it"},
        {"TerminateJob", 1500ms, 400ms, "FAILED", "isTerminated", "stop it"},
        {"TerminateJob", 2900ms, 400ms, "SUCCEEDED", "isTerminated", "Essential container in task exited"},
        {"TerminateJob", 5000ms, 0ms, "SUCCEEDED", "", "Essential container in task exited"},
        {"CancelJob", 250ms, 0ms, "FAILED", "isCancelled", "stop it"},
        {"CancelJob", 1500ms, 2000ms, "SUCCEEDED", "", "Essential container in task exited"},
    };
    for (const Case& each : cases) {
        const std::string id = submit("etl");
        aws.pass(each.when);
        EXPECT_EQ(aws.code(each.operation, fmt::format(R"({{"jobId":"{}","reason":"stop it"}})", id)), "");
        if (each.after > 0ms) {
            EXPECT_EQ(status(id), "RUNNING");
        }
        aws.pass(each.after);
        EXPECT_EQ(status(id), each.status) << each.operation << each.when.count();
        EXPECT_EQ(string_at(job(id), "statusReason"), each.reason);
        for (const char* flag : {"isTerminated", "isCancelled"}) {
            EXPECT_EQ(member(job(id), flag).is_bool(), each.flag == flag)
                << each.operation << each.when.count();
        }
    }
    EXPECT_EQ(aws.code("TerminateJob", R"({"jobId":"no-such-id","reason":"x"})"), "");
    EXPECT_EQ(aws.code("CancelJob", R"({"jobId":"no-such-id","reason":"x"})"), "");
}

TEST_F(Batch, ATerminatedAttemptIsNotRetried) {
    aws.admin("definition",
              R"({"jobDefinitionName":"bad","retryStrategy":{"attempts":5},"outcome":{"status":"FAILED"}})");
    const std::string id = submit("bad");
    aws.pass(2900ms);  // the attempt fails by itself 100 ms later
    aws.ok("TerminateJob", fmt::format(R"({{"jobId":"{}","reason":"enough"}})", id));
    aws.pass(100ms);
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 1u);
    aws.pass(1min);
    EXPECT_EQ(member(job(id), "attempts").as_array().size(), 1u);
}

// BATCH-8
TEST_F(Batch, ArraysWaitForTheirChildren) {
    aws.admin("definition",
              R"({"jobDefinitionName":"shard","outcome":{"status":"FAILED","failing_children":[3]}})");
    const std::string id = submit("shard", R"(,"arrayProperties":{"size":8})");
    EXPECT_EQ(status(id), "SUBMITTED");
    EXPECT_TRUE(job(id + ":0").is_null());
    aws.pass(1200ms);
    EXPECT_EQ(status(id), "PENDING");
    EXPECT_EQ(member(job(id), "arrayProperties.statusSummary.RUNNING").as_int64(), 2);
    EXPECT_EQ(member(job(id), "arrayProperties.size").as_int64(), 8);
    EXPECT_EQ(string_at(job(id + ":0"), "status"), "RUNNING");
    EXPECT_EQ(member(job(id + ":7"), "arrayProperties.index").as_int64(), 7);
    EXPECT_TRUE(job(id + ":8").is_null());
    EXPECT_TRUE(job(id + ":x").is_null());
    aws.pass(10s);
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(string_at(job(id), "statusReason"), "Array Child Job failed");
    EXPECT_EQ(member(job(id), "arrayProperties.statusSummary.SUCCEEDED").as_int64(), 7);
    EXPECT_EQ(string_at(job(id + ":3"), "status"), "FAILED");
    EXPECT_EQ(listed(fmt::format(R"({{"arrayJobId":"{}","jobStatus":"SUCCEEDED","maxResults":3}})", id)), 7u);
    EXPECT_EQ(listed(fmt::format(R"({{"arrayJobId":"{}","jobStatus":"FAILED"}})", id)), 1u);
}

TEST_F(Batch, TerminatingAnArrayEndsItsChildren) {
    const std::string id = submit("etl", R"(,"arrayProperties":{"size":100})");
    aws.pass(1200ms);
    aws.ok("TerminateJob", fmt::format(R"({{"jobId":"{}","reason":"Cancelled by Polysync"}})", id));
    EXPECT_EQ(status(id), "PENDING");
    aws.pass(400ms);
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(string_at(job(id), "statusReason"), "Cancelled by Polysync");
    EXPECT_TRUE(member(job(id), "isTerminated").is_bool());
    EXPECT_EQ(member(job(id), "arrayProperties.statusSummary.FAILED").as_int64(), 100);
}

TEST_F(Batch, Dependencies) {
    const std::string first = submit("etl");
    const std::string second = submit("etl", fmt::format(R"(,"dependsOn":[{{"jobId":"{}"}}])", first));
    const std::string third = submit("etl", fmt::format(R"(,"dependsOn":[{{"jobId":"{}"}}])", second));
    aws.pass(2999ms);
    EXPECT_EQ(status(second), "PENDING");
    aws.pass(1ms);
    EXPECT_EQ(status(second), "RUNNABLE");
    aws.pass(2800ms + 300ms);  // nobody looked in between
    EXPECT_EQ(status(third), "STARTING");
    EXPECT_EQ(status(second), "SUCCEEDED");

    aws.admin("definition", R"({"jobDefinitionName":"bad","outcome":{"status":"FAILED"}})");
    const std::string bad = submit("bad");
    const std::string after = submit("etl", fmt::format(R"(,"dependsOn":[{{"jobId":"{}"}}])", bad));
    aws.pass(3s);
    EXPECT_EQ(status(after), "FAILED");
    EXPECT_EQ(string_at(job(after), "statusReason"), "Dependent Job failed");
    EXPECT_TRUE(member(job(after), "attempts").as_array().empty());
}

TEST_F(Batch, ArrayDependencies) {
    const std::string in_turn =
        submit("etl", R"(,"arrayProperties":{"size":3},"dependsOn":[{"type":"SEQUENTIAL"}])");
    const std::string pairs = submit(
        "etl",
        fmt::format(R"(,"arrayProperties":{{"size":3}},"dependsOn":[{{"jobId":"{}","type":"N_TO_N"}}])",
                    in_turn));
    aws.pass(200ms + 2800ms + 1000ms);
    EXPECT_EQ(status(in_turn + ":0"), "SUCCEEDED");
    EXPECT_EQ(status(in_turn + ":1"), "RUNNING");
    EXPECT_EQ(status(in_turn + ":2"), "PENDING");
    EXPECT_EQ(status(pairs + ":0"), "RUNNING");
    EXPECT_EQ(status(pairs + ":1"), "PENDING");
    aws.pass(2800ms * 3);
    EXPECT_EQ(status(in_turn), "SUCCEEDED");
    EXPECT_EQ(status(pairs), "SUCCEEDED");
}

TEST_F(Batch, ALongChainOfDependenciesIsResolved) {
    std::string last = submit("etl");
    for (int i = 0; i < 20'000; ++i)
        last = submit("etl", fmt::format(R"(,"dependsOn":[{{"jobId":"{}"}}])", last));
    aws.pass(24h * 6);
    EXPECT_EQ(status(last), "SUCCEEDED");
}

TEST_F(Batch, StuckJobsSayWhy) {
    aws.admin("definition", R"({"jobDefinitionName":"huge","outcome":{"stuck":true,
        "reason":"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job needs 512 vCPUs."}})");
    const std::string id = submit("huge");
    aws.pass(24h);
    EXPECT_EQ(status(id), "RUNNABLE");
    EXPECT_EQ(string_at(job(id), "statusReason").find("MISCONFIGURATION:"), 0u);
    aws.ok("TerminateJob", fmt::format(R"({{"jobId":"{}","reason":"Cancelled by Polysync"}})", id));
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(string_at(job(id), "statusReason"), "Cancelled by Polysync");
}

TEST_F(Batch, AQueueCanLimitTheWait) {
    aws.admin("queue",
              R"({"jobQueueName":"main","jobStateTimeLimitActions":[{"state":"RUNNABLE","action":"CANCEL",
        "maxTimeSeconds":600,"reason":"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"}]})");
    aws.admin("definition", R"({"jobDefinitionName":"starved","outcome":{"stuck":true,
        "reason":"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none"}})");
    const std::string id = submit("starved");
    aws.pass(10min);
    EXPECT_EQ(status(id), "RUNNABLE");
    aws.pass(1s);
    EXPECT_EQ(status(id), "FAILED");
    EXPECT_EQ(string_at(job(id), "statusReason"), "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY");
}

// BATCH-2, BATCH-3 and the diagnoses of PLAT-6
TEST_F(Batch, RefusesBadSubmissions) {
    aws.admin("queue", R"({"jobQueueName":"off","state":"DISABLED"})");
    aws.admin(
        "queue",
        R"({"jobQueueName":"fair","schedulingPolicyArn":"arn:aws:batch:eu-west-1:1:scheduling-policy/p"})");
    aws.admin("queue", R"({"jobQueueName":"fargate","jobQueueType":"ECS_FARGATE"})");
    aws.admin("definition",
              R"({"jobDefinitionName":"needs","containerProperties":{"command":["Ref::who"]}})");
    aws.admin("definition", R"({"jobDefinitionName":"gone","status":"INACTIVE"})");
    struct Case {
        std::string queue;
        std::string definition;
        std::string more;
        std::string message;  // empty: accepted
    };
    const Case cases[] = {
        {"nope", "etl", "", "JobQueue nope not found."},
        {"main", "nope", "", "JobDefinition name nope does not exist"},
        {"main", "gone", "", "not in ACTIVE status"},
        {"main", "etl:2", "", "does not exist"},
        {"off", "etl", "", "disabled"},
        {"fair", "etl", "", "shareIdentifier"},
        {"main", "etl", R"(,"shareIdentifier":"a")", "fair share"},
        {"main", "etl", R"(,"schedulingPriorityOverride":1)", "fair share"},
        {"fargate", "etl", "", "capability EC2"},
        {"main", "needs", "", "No parameter found for reference who"},
        {"main", "etl", R"(,"arrayProperties":{"size":1})", "Array size"},
        {"main", "etl", R"(,"arrayProperties":{"size":10001})", "Array size"},
        {"main", "etl", R"(,"retryStrategy":{"attempts":11})", "attempts"},
        {"main", "etl", R"(,"timeout":{"attemptDurationSeconds":59})", "60 seconds"},
        {"main", "etl", R"(,"dependsOn":[{"jobId":"x"}])", "does not exist"},
        {"main", "etl", R"(,"dependsOn":[{"type":"SEQUENTIAL"}])", "array"},
        {"main", "etl", R"(,"containerOverrides":{"environment":[{"name":"AWS_BATCH_X","value":"1"}]})",
         "AWS_BATCH"},
        {"main", "etl", R"(,"containerOverrides":{"resourceRequirements":[{"type":"VCPU","value":"many"}]})",
         "invalid"},
        {"main", "etl", fmt::format(R"(,"parameters":{{"day":"{}"}})", std::string(31 * 1024, 'x')),
         "30 KiB"},
        {"fair", "etl", R"(,"shareIdentifier":"a","schedulingPriorityOverride":9999)", ""},
        {"main", "needs", R"(,"parameters":{"who":"me"})", ""},
        {"main", "etl:1", "", ""},
        {"arn:aws:batch:eu-west-1:123456789012:job-queue/main",
         "arn:aws:batch:eu-west-1:123456789012:job-definition/etl", "", ""},
        {"main", "arn:aws:batch:us-east-1:123456789012:job-definition/etl:1", "", "does not exist"},
        {"arn:aws:batch:us-east-1:123456789012:job-queue/main", "etl", "", "not found"},
    };
    for (const Case& each : cases) {
        const ServiceAnswer got =
            aws.call("SubmitJob", fmt::format(R"({{"jobName":"j","jobQueue":"{}","jobDefinition":"{}"{}}})",
                                              each.queue, each.definition, each.more));
        EXPECT_EQ(got.error_code, each.message.empty() ? "" : "ClientException")
            << each.definition << each.more;
        EXPECT_NE(got.error_message.find(each.message), std::string::npos) << got.error_message;
    }
    for (const char* name : {"", "-x", "a b", "ä"}) {
        EXPECT_EQ(
            aws.code("SubmitJob",
                     fmt::format(R"({{"jobName":"{}","jobQueue":"main","jobDefinition":"etl"}})", name)),
            "ClientException");
    }
    EXPECT_EQ(integer(service.submissions(), "j"), 4);
}

// BATCH-1: a bare name rolls forward.
TEST_F(Batch, TheHighestActiveRevisionCounts) {
    aws.admin("definition", R"({"jobDefinitionName":"etl"})");
    aws.admin("definition", R"({"jobDefinitionName":"etl","status":"INACTIVE"})");
    EXPECT_NE(string_at(job(submit("etl")), "jobDefinition").find("/etl:2"), std::string::npos);
    const Json active = aws.ok("DescribeJobDefinitions", R"({"status":"ACTIVE","jobDefinitionName":"etl"})");
    EXPECT_EQ(member(active, "jobDefinitions").as_array().size(), 2u);
    EXPECT_EQ(member(active, "jobDefinitions.0.revision").as_int64(), 2);
    const Json all = aws.ok("DescribeJobDefinitions", R"({"jobDefinitionName":"etl"})");
    EXPECT_EQ(member(all, "jobDefinitions").as_array().size(), 3u);
    const Json named = aws.ok("DescribeJobDefinitions", R"({"jobDefinitions":["etl:1","nope:1"]})");
    EXPECT_EQ(member(named, "jobDefinitions").as_array().size(), 1u);
}

TEST_F(Batch, PagesOfDefinitionsAndQueues) {
    aws.admin("definition", R"({"count":250,"name_prefix":"bulk-"})");
    aws.admin("definition", R"({"jobDefinitionName":"bulk-00099"})");
    int pages = 0;
    EXPECT_EQ(aws.all("DescribeJobDefinitions", R"({"status":"ACTIVE"})", "jobDefinitions", "nextToken",
                      "nextToken", &pages)
                  .size(),
              252u);
    EXPECT_EQ(pages, 3);
    for (int i = 0; i < 7; ++i) aws.admin("queue", fmt::format(R"({{"jobQueueName":"q{}"}})", i));
    EXPECT_EQ(
        aws.all("DescribeJobQueues", R"({"maxResults":3})", "jobQueues", "nextToken", "nextToken", &pages)
            .size(),
        8u);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(aws.code("DescribeJobQueues", R"({"maxResults":101})"), "ClientException");
    EXPECT_EQ(aws.code("DescribeJobQueues", R"({"nextToken":"x"})"), "ClientException");
    EXPECT_EQ(aws.code("DescribeJobDefinitions", R"({"nextToken":"x"})"), "ClientException");
}

TEST_F(Batch, ListsByStatusAndFilter) {
    std::vector<std::string> ids;
    for (int i = 0; i < 230; ++i) {
        ids.push_back(submit("etl", "", fmt::format("Load-{}", i % 2)));
        aws.pass(1ms);
    }
    aws.pass(1200ms);
    EXPECT_EQ(listed(R"({"jobQueue":"main"})"), 230u);
    aws.pass(1min);
    EXPECT_EQ(listed(R"({"jobQueue":"main"})"), 0u);
    const auto done = aws.all("ListJobs", R"({"jobQueue":"main","jobStatus":"SUCCEEDED"})", "jobSummaryList",
                              "nextToken", "nextToken");
    ASSERT_EQ(done.size(), 230u);
    EXPECT_EQ(string_at(done.front(), "jobId"), ids.back());
    int pages = 0;
    const auto named = aws.all("ListJobs", R"({"jobQueue":"main","maxResults":1000,"jobStatus":"FAILED",
                                  "filters":[{"name":"JOB_NAME","values":["LOAD-1"]}]})",
                               "jobSummaryList", "nextToken", "nextToken", &pages);
    EXPECT_EQ(named.size(), 115u);
    EXPECT_EQ(pages, 2);
    EXPECT_EQ(string_at(named.front(), "jobName"), "Load-1");
    EXPECT_EQ(listed(R"({"jobQueue":"main","filters":[{"name":"JOB_NAME","values":["load*"]}]})"), 230u);
    EXPECT_EQ(listed(R"({"jobQueue":"main","filters":[{"name":"JOB_DEFINITION","values":["et*"]}]})"), 230u);
    EXPECT_EQ(listed(R"({"jobQueue":"main","filters":[{"name":"JOB_DEFINITION","values":["ETL"]}]})"), 0u);
    const std::int64_t middle = member(job(ids[100]), "createdAt").as_int64();
    EXPECT_EQ(
        listed(fmt::format(
            R"({{"jobQueue":"main","filters":[{{"name":"AFTER_CREATED_AT","values":["{}"]}}]}})", middle)),
        129u);
    EXPECT_EQ(
        listed(fmt::format(
            R"({{"jobQueue":"main","filters":[{{"name":"BEFORE_CREATED_AT","values":["{}"]}}]}})", middle)),
        100u);
    for (const char* bad :
         {R"({"jobQueue":"main","filters":[{"name":"job_name","values":["x"]}]})",
          R"({"jobQueue":"main","filters":[{"name":"AFTER_CREATED_AT","values":["soon"]}]})",
          R"({"jobQueue":"main","arrayJobId":"x"})", R"({})", R"({"jobQueue":"nope"})",
          R"({"jobQueue":"main","nextToken":"x"})", R"({"arrayJobId":"nope"})"}) {
        EXPECT_EQ(aws.code("ListJobs", bad), "ClientException") << bad;
    }
}

TEST_F(Batch, NewJobsComeLateToLists) {
    settings.consistency.list_delay = 10s;
    const std::string id = submit("etl");
    const std::string query = R"({"jobQueue":"main","filters":[{"name":"JOB_NAME","values":["job"]}]})";
    EXPECT_EQ(listed(query), 0u);
    EXPECT_EQ(status(id), "SUBMITTED");
    aws.pass(10s);
    EXPECT_EQ(listed(query), 1u);
}

TEST_F(Batch, LimitsOfDescribeJobs) {
    const std::string id = submit("etl");
    JsonArray ids(101, Json("x"));
    EXPECT_EQ(aws.call("DescribeJobs", boost::json::serialize(JsonObject{{"jobs", ids}})).error_message,
              "Maximum number of jobs supported is 100");
    aws.pass(24h * 6);
    EXPECT_EQ(status(id), "SUCCEEDED");
    aws.pass(24h * 2);
    EXPECT_TRUE(job(id).is_null());
    EXPECT_EQ(listed(R"({"jobQueue":"main","jobStatus":"SUCCEEDED"})"), 0u);
}

TEST_F(Batch, EveryAttemptHasItsLog) {
    aws.admin("definition", R"({"jobDefinitionName":"flaky","retryStrategy":{"attempts":2},
                                "outcome":{"status":"FAILED","failing_attempts":1}})");
    const std::string id = submit("flaky");
    aws.pass(1min);
    for (const char* attempt : {"0", "1"}) {
        const std::string stream =
            string_at(job(id), fmt::format("attempts.{}.container.logStreamName", attempt));
        EXPECT_EQ(stream.find("flaky/default/"), 0u);
        EXPECT_GE(service.log_stream("/aws/batch/job", stream, aws.context)->size(), 2u);
        EXPECT_FALSE(service.log_stream("/aws/other", stream, aws.context));
    }
    EXPECT_FALSE(service.log_stream("/aws/batch/job", "flaky/default/0123", aws.context));
    std::size_t streams = 0;
    service.each_log_stream("/aws/batch/job", {}, aws.context,
                            [&](const std::string&) { return ++streams > 0; });
    EXPECT_EQ(streams, 2u);
}

TEST_F(Batch, ScriptsApplyToTheNextRuns) {
    aws.admin("outcome", R"({"definition":"etl","runs":1,"status":"FAILED"})");
    const std::string first = submit("etl");
    const std::string second = submit("etl");
    aws.pass(1min);
    EXPECT_EQ(status(first), "FAILED");
    EXPECT_EQ(status(second), "SUCCEEDED");
    EXPECT_NE(aws.admin_refusal("definitions", "{}").find("queue, definition"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("queue", R"({"name":"x"})").find("jobQueueName"), std::string::npos);
}

}  // namespace
}  // namespace polysync::sandbox
