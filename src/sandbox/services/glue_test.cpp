#include "sandbox/services/glue.h"

#include <fmt/format.h>

#include "sandbox/services/service_test_kit.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

struct Glue : testing::Test {
    Settings settings{
        .durations = {.queued = 500ms, .starting = 1000ms, .running = 3000ms, .stopping = 500ms}};
    GlueService service{settings};
    Caller aws{service};

    std::string start(std::string_view input) { return text(aws.ok("StartJobRun", input), "JobRunId"); }
    Json run(const std::string& job, const std::string& id) {
        return aws.ok("GetJobRun", fmt::format(R"({{"JobName":"{}","RunId":"{}"}})", job, id)).at("JobRun");
    }
    std::string state(const std::string& job, const std::string& id) {
        return string_at(run(job, id), "JobRunState");
    }
};

// GLUE-6: every status sequence that a run can take.
TEST_F(Glue, StatusSequences) {
    struct Case {
        std::string outcome;
        std::string middle;
        std::string end;
        std::string message;
    };
    const Case cases[] = {
        {R"({})", "RUNNING", "SUCCEEDED", ""},
        {R"({"status":"FAILED","reason":"AnalysisException: no path"})", "RUNNING", "FAILED",
         "AnalysisException: no path"},
        {R"({"status":"FAILED"})", "RUNNING", "FAILED", "SystemExit: 1"},
        {R"({"status":"FAILED","error":"boom"})", "RUNNING", "FAILED", "boom"},
        {R"({"status":"TIMEOUT"})", "RUNNING", "TIMEOUT", "Job run timed out."},
        {R"({"status":"ERROR","reason":"Job deleted"})", "RUNNING", "ERROR", "Job deleted"},
        {R"({"status":"EXPIRED"})", "RUNNING", "EXPIRED", "Job run expired."},
        {R"({"status":"STOPPED"})", "RUNNING", "STOPPED", ""},
    };
    int number = 0;
    for (const Case& each : cases) {
        const std::string job = fmt::format("job {}", number++);
        aws.admin("job", fmt::format(R"({{"Name":"{}","outcome":{}}})", job, each.outcome));
        const std::string id = start(fmt::format(R"({{"JobName":"{}"}})", job));
        EXPECT_EQ(id.size(), 67u);
        EXPECT_EQ(state(job, id), "STARTING");
        EXPECT_TRUE(member(run(job, id), "CompletedOn").is_null());
        aws.pass(1000ms);
        EXPECT_EQ(state(job, id), each.middle);
        aws.pass(2999ms);
        EXPECT_EQ(state(job, id), each.middle);
        aws.pass(1ms);
        EXPECT_EQ(state(job, id), each.end);
        EXPECT_EQ(string_at(run(job, id), "ErrorMessage"), each.message);
        EXPECT_EQ(member(run(job, id), "ExecutionTime").as_int64(), 3);
    }
}

TEST_F(Glue, TimeoutIsMeasuredFromTheStart) {
    aws.admin("job", R"({"Name":"slow","Timeout":60,"outcome":{"run_ms":600000}})");
    const std::string id = start(R"({"JobName":"slow","Timeout":2})");
    aws.pass(1000ms + 2min - 1ms);
    EXPECT_EQ(state("slow", id), "RUNNING");
    aws.pass(1ms);
    EXPECT_EQ(state("slow", id), "TIMEOUT");
    EXPECT_EQ(member(run("slow", id), "Timeout").as_int64(), 2);
}

TEST_F(Glue, RefusesMoreRunsThanTheJobAllows) {
    aws.admin("job", R"({"Name":"one"})");
    const std::string first = start(R"({"JobName":"one"})");
    const ServiceAnswer refused = aws.call("StartJobRun", R"({"JobName":"one"})");
    EXPECT_EQ(refused.error_code, "ConcurrentRunsExceededException");
    EXPECT_EQ(refused.error_message, "Concurrent runs exceeded for one");
    aws.pass(4000ms);
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"one"})"), "");
}

// GLUE-6, GLUE-4 (job_run_queuing): queued runs wait and then start in their order.
TEST_F(Glue, QueuedRunsWaitForASlot) {
    aws.admin("job", R"({"Name":"q","JobRunQueuingEnabled":true})");
    const std::string first = start(R"({"JobName":"q"})");
    const std::string second = start(R"({"JobName":"q"})");
    const std::string third = start(R"({"JobName":"q"})");
    EXPECT_EQ(state("q", second), "WAITING");
    EXPECT_NE(string_at(run("q", second), "StateDetail"), "");
    EXPECT_TRUE(member(run("q", second), "StartedOn").is_null());
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"q","JobRunQueuingEnabled":false})"),
              "ConcurrentRunsExceededException");
    aws.pass(4000ms);
    EXPECT_EQ(state("q", second), "STARTING");
    EXPECT_EQ(state("q", third), "WAITING");
    // Nobody looked while the second ended and the third began.
    aws.pass(5500ms);
    EXPECT_EQ(state("q", second), "SUCCEEDED");
    EXPECT_EQ(state("q", third), "RUNNING");
}

// GLUE-9
TEST_F(Glue, RetriesAreRunsOfTheirOwn) {
    aws.admin("job", R"({"Name":"flaky","MaxRetries":2,"outcome":{"status":"FAILED","failing_attempts":2}})");
    const std::string id = start(R"({"JobName":"flaky","Arguments":{"--day":"1"}})");
    aws.pass(4000ms);
    EXPECT_EQ(state("flaky", id), "FAILED");
    EXPECT_EQ(state("flaky", id + "_attempt_1"), "STARTING");
    aws.pass(8000ms);
    const Json last = run("flaky", id + "_attempt_2");
    EXPECT_EQ(string_at(last, "JobRunState"), "SUCCEEDED");
    EXPECT_EQ(string_at(last, "PreviousRunId"), id + "_attempt_1");
    EXPECT_EQ(member(last, "Attempt").as_int64(), 2);
    EXPECT_EQ(string_at(last, "Arguments.--day"), "1");
    EXPECT_EQ(member(aws.ok("GetJobRuns", R"({"JobName":"flaky"})"), "JobRuns").as_array().size(), 3u);
}

// GLUE-7
TEST_F(Glue, StopIsAnsweredPerRun) {
    aws.admin("job", R"({"Name":"s","JobRunQueuingEnabled":true})");
    const std::string running = start(R"({"JobName":"s"})");
    const std::string waiting = start(R"({"JobName":"s"})");
    const auto stop =
        fmt::format(R"({{"JobName":"s","JobRunIds":["{}","{}","jr_unknown"]}})", running, waiting);
    const Json stopped = aws.ok("BatchStopJobRun", stop);
    EXPECT_EQ(member(stopped, "SuccessfulSubmissions").as_array().size(), 2u);
    EXPECT_EQ(string_at(stopped, "Errors.0.ErrorDetail.ErrorCode"), "EntityNotFoundException");
    EXPECT_EQ(state("s", running), "STOPPING");
    EXPECT_EQ(state("s", waiting), "STOPPED");
    aws.pass(500ms);
    EXPECT_EQ(state("s", running), "STOPPED");
    const Json again = aws.ok("BatchStopJobRun", stop);
    EXPECT_EQ(member(again, "SuccessfulSubmissions").as_array().size(), 0u);
    EXPECT_EQ(string_at(again, "Errors.0.ErrorDetail.ErrorCode"), "JobRunInvalidStateTransitionException");
    EXPECT_EQ(member(again, "Errors").as_array().size(), 3u);
}

TEST_F(Glue, ARunCanEndBeforeItIsStopped) {
    aws.admin("job", R"({"Name":"s"})");
    const std::string id = start(R"({"JobName":"s"})");
    aws.pass(3800ms);
    EXPECT_EQ(aws.code("BatchStopJobRun", fmt::format(R"({{"JobName":"s","JobRunIds":["{}"]}})", id)), "");
    EXPECT_EQ(state("s", id), "STOPPING");
    aws.pass(200ms);
    EXPECT_EQ(state("s", id), "SUCCEEDED");
}

TEST_F(Glue, RefusesBadStarts) {
    aws.admin("job", R"({"Name":"etl","NonOverridableArguments":{"--mode":"full"}})");
    aws.admin("job", R"({"Name":"py","Command":{"Name":"pythonshell","PythonVersion":"3.9"}})");
    aws.admin("job", R"({"Name":"old","GlueVersion":"1.0"})");
    struct Case {
        std::string input;
        std::string message;  // a part of it; empty: accepted
    };
    const Case cases[] = {
        {R"({"JobName":"etl","Arguments":{"day":"1"}})", "must start with '--'"},
        {R"({"JobName":"etl","Arguments":{"--mode":"x"}})", "Non-overridable"},
        {R"({"JobName":"etl","WorkerType":"G.1X"})", "set both"},
        {R"({"JobName":"etl","NumberOfWorkers":3})", "set both"},
        {R"({"JobName":"etl","WorkerType":"G.1X","NumberOfWorkers":1})", "minimum allowed value"},
        {R"({"JobName":"etl","WorkerType":"G.9X","NumberOfWorkers":2})", "not supported"},
        {R"({"JobName":"etl","WorkerType":"G.1X","NumberOfWorkers":2,"MaxCapacity":2})",
         "do not set Max Capacity"},
        {R"({"JobName":"etl","MaxCapacity":4})", "Glue version 2.0"},
        {R"({"JobName":"etl","Timeout":10081})", "Timeout"},
        {R"({"JobName":"old","ExecutionClass":"FLEX"})", "FLEX"},
        {R"({"JobName":"old","MaxCapacity":1})", "Minimum"},
        {R"({"JobName":"py","WorkerType":"G.1X","NumberOfWorkers":2})", "pythonshell and Python Version 3.9"},
        {R"({"JobName":"py","MaxCapacity":2})", "0.0625"},
        {R"({"JobName":"etl","WorkerType":"R.1X","NumberOfWorkers":2,"Arguments":{"--polysync-run-token":"t"}})",
         ""},
        {R"({"JobName":"py","MaxCapacity":0.0625})", ""},
        {R"({"JobName":"old","MaxCapacity":10})", ""},
    };
    for (const Case& each : cases) {
        const ServiceAnswer got = aws.call("StartJobRun", each.input);
        EXPECT_EQ(got.error_code, each.message.empty() ? "" : "InvalidInputException") << each.input;
        EXPECT_NE(got.error_message.find(each.message), std::string::npos) << got.error_message;
    }
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"none"})"), "EntityNotFoundException");
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"etl","JobRunId":"jr_none"})"),
              "EntityNotFoundException");
    EXPECT_EQ(integer(service.submissions(), "t"), 1);
}

TEST_F(Glue, ScriptedRefusalsAndTheAccountLimit) {
    aws.admin("job", R"({"Name":"a"})");
    aws.admin("job", R"({"Name":"b"})");
    aws.admin(
        "outcome",
        R"({"job":"a","runs":1,"refuse_code":"ResourceNumberLimitExceededException","refuse_message":"no"})");
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"a"})"), "ResourceNumberLimitExceededException");
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"a"})"), "");
    aws.admin("limits", R"({"concurrent_runs":1})");
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"b"})"), "ResourceNumberLimitExceededException");
    aws.pass(4000ms);
    EXPECT_EQ(aws.code("StartJobRun", R"({"JobName":"b"})"), "");
}

// GLUE-1, PERF: thousands of jobs, pages of the size asked for, tokens bound to their listing.
TEST_F(Glue, PagesOfJobs) {
    aws.admin("job", R"({"count":2500,"name_prefix":"bulk/"})");
    int pages = 0;
    EXPECT_EQ(aws.all("ListJobs", "{}", "JobNames", "NextToken", "NextToken", &pages).size(), 2500u);
    EXPECT_EQ(pages, 25);
    EXPECT_EQ(aws.all("GetJobs", R"({"MaxResults":1000})", "Jobs", "NextToken", "NextToken", &pages).size(),
              2500u);
    EXPECT_EQ(pages, 3);
    const std::string token = text(aws.ok("ListJobs", "{}"), "NextToken");
    for (const char c : {'+', '/', '='}) EXPECT_NE(token.find(c), std::string::npos);
    EXPECT_EQ(aws.code("GetJobs", fmt::format(R"({{"NextToken":"{}"}})", token)), "InvalidInputException");
    EXPECT_EQ(aws.code("ListJobs", R"({"NextToken":"x"})"), "InvalidInputException");
    EXPECT_EQ(aws.code("ListJobs", fmt::format(R"({{"NextToken":"{}","Tags":{{"a":"b"}}}})", token)),
              "InvalidInputException");
    aws.pass(25h);
    EXPECT_EQ(aws.code("ListJobs", fmt::format(R"({{"NextToken":"{}"}})", token)), "InvalidInputException");
}

TEST_F(Glue, RunsComeNewestFirstAndLateWhenToldSo) {
    aws.admin("job", R"({"Name":"many","ExecutionProperty":{"MaxConcurrentRuns":1000}})");
    std::vector<std::string> ids;
    for (int i = 0; i < 450; ++i) {
        ids.push_back(start(R"({"JobName":"many"})"));
        aws.pass(1ms);
    }
    int pages = 0;
    const auto runs = aws.all("GetJobRuns", R"({"JobName":"many","MaxResults":200})", "JobRuns", "NextToken",
                              "NextToken", &pages);
    ASSERT_EQ(runs.size(), 450u);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(string_at(runs.front(), "Id"), ids.back());
    EXPECT_EQ(string_at(runs.back(), "Id"), ids.front());
    settings.consistency.list_delay = 10s;
    const std::string late = start(R"({"JobName":"many"})");
    EXPECT_EQ(state("many", late), "STARTING");
    EXPECT_NE(string_at(aws.ok("GetJobRuns", R"({"JobName":"many"})"), "JobRuns.0.Id"), late);
    aws.pass(10s);
    EXPECT_EQ(string_at(aws.ok("GetJobRuns", R"({"JobName":"many"})"), "JobRuns.0.Id"), late);
}

TEST_F(Glue, Reads) {
    aws.admin("job", R"({"Name":"täglich laden","Tags":{"team":"core"},"DefaultArguments":{"--day":"1"}})");
    aws.admin("job", R"({"Name":"other"})");
    EXPECT_EQ(string_at(aws.ok("GetJob", R"({"JobName":"täglich laden"})"), "Job.DefaultArguments.--day"),
              "1");
    EXPECT_EQ(aws.call("GetJob", R"({"JobName":"no"})").error_message, "Job with name: no not found.");
    const Json batch = aws.ok("BatchGetJobs", R"({"JobNames":["other","no"]})");
    EXPECT_EQ(string_at(batch, "Jobs.0.Name"), "other");
    EXPECT_EQ(string_at(batch, "JobsNotFound.0"), "no");
    EXPECT_EQ(member(aws.ok("ListJobs", R"({"Tags":{"team":"core"}})"), "JobNames").as_array().size(), 1u);
    EXPECT_EQ(aws.code("GetJobRun", R"({"JobName":"other","RunId":"jr_1"})"), "EntityNotFoundException");
    EXPECT_EQ(aws.code("GetJobRuns", R"({"JobName":"no"})"), "EntityNotFoundException");
    EXPECT_EQ(aws.code("DeleteJob", "{}"), "UnknownOperationException");
    CallContext elsewhere = aws.context;
    elsewhere.region = "us-east-1";
    EXPECT_TRUE(service.handle("ListJobs", {}, elsewhere).body.at("JobNames").as_array().empty());
}

TEST_F(Glue, AdminRefusesWhatItDoesNotKnow) {
    EXPECT_NE(aws.admin_refusal("jobs", "{}").find("job, outcome"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("job", R"({"Nam":"x"})").find("Name"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("job", R"({"Name":5})").find("string"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("job", R"({"count":5})"), "");
    EXPECT_NE(aws.admin_refusal("outcome", R"({"job":"none"})"), "");
    EXPECT_NE(aws.admin_refusal("job", R"({"Name":"x","outcome":{"status":"WON"}})").find("SUCCEEDED"),
              std::string::npos);
}

// The same calls give the same answers, ids included.
TEST_F(Glue, IsRepeatable) {
    GlueService other(settings);
    Caller again(other);
    for (Caller* each : {&aws, &again}) each->admin("job", R"({"Name":"a"})");
    EXPECT_EQ(aws.ok("StartJobRun", R"({"JobName":"a"})"), again.ok("StartJobRun", R"({"JobName":"a"})"));
    EXPECT_EQ(aws.ok("GetJobRuns", R"({"JobName":"a"})"), again.ok("GetJobRuns", R"({"JobName":"a"})"));
}

TEST_F(Glue, LogsGrowWithTheRun) {
    aws.admin("job",
              R"({"Name":"l","outcome":{"status":"FAILED","reason":"boom","log_lines":["a","b","c"]}})");
    const std::string id = start(R"({"JobName":"l"})");
    EXPECT_FALSE(service.log_stream("/aws-glue/jobs/output", id, aws.context));
    aws.pass(1000ms);
    EXPECT_EQ(service.log_stream("/aws-glue/jobs/output", id, aws.context)->size(), 1u);
    aws.pass(3000ms);
    EXPECT_EQ(service.log_stream("/aws-glue/jobs/output", id, aws.context)->size(), 3u);
    EXPECT_NE(service.log_stream("/aws-glue/jobs/error", id, aws.context)->back().message.find("boom"),
              std::string::npos);
    EXPECT_FALSE(service.log_stream("/aws-glue/python-jobs/output", id, aws.context));
    EXPECT_FALSE(service.has_log_group("/aws-glue/other", aws.context));
}

}  // namespace
}  // namespace polysync::sandbox
