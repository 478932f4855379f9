// What is Batch's own, against the sandbox: revisions, arrays, waiting jobs, the ways to end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;

class BatchSandbox : public testing::Test {
  protected:
    World world{subjects()[1]};
    std::unique_ptr<Provider> provider = world.provider();

    void define(json::object definition) { world.admin("POST", "batch/definition", definition); }
    std::int64_t calls_of(std::string_view operation) {
        auto all = world.calls();
        auto found = all.find("batch." + std::string(operation));
        return found == all.end() ? 0 : found->second;
    }
    Result<SubmissionIntent> prepare(std::string_view job, json::object attributes = {}) {
        SubmitSpec spec = world.spec(std::string(job));
        spec.token = world.new_token();
        spec.job.attributes = std::move(attributes);
        return provider->prepare(spec);
    }
    RunReference start(std::string_view job, json::object attributes = {}) {
        Result<SubmissionIntent> intent = prepare(job, std::move(attributes));
        EXPECT_TRUE(intent.has_value());
        Result<PipelineRun> run = world.run(provider->submit(intent.value()));
        EXPECT_TRUE(run.has_value()) << (run ? "" : run.error().describe());
        return {run ? run.value().run_id : "", std::string(job), {}};
    }
    PipelineRun status(const RunReference& run) { return world.status(*provider, run); }
};

// BATCH-1: one job per name, the highest revision, wherever AWS's pages end; inactive ones are not listed.
TEST_F(BatchSandbox, DiscoversTheHighestActiveRevision) {
    world.add_bulk(150);
    for (int revision = 1; revision <= 12; ++revision)
        define(
            {{"jobDefinitionName", "rolling"}, {"parameters", {{"revision", fmt::format("{}", revision)}}}});
    define({{"jobDefinitionName", "rolling"}, {"status", "INACTIVE"}});
    define({{"jobDefinitionName", "retired"}, {"status", "INACTIVE"}});
    Result<JobPage> page = world.run(provider->discover({}));
    ASSERT_TRUE(page.has_value());
    EXPECT_TRUE(page.value().next.empty());
    int rolling = 0;
    for (const Job& job : page.value().jobs) {
        EXPECT_NE(job.external_id, "retired");
        if (job.external_id != "rolling") continue;
        ++rolling;
        EXPECT_EQ(job.details.at("revision"), 12);
        EXPECT_EQ(job.parameters.at(0).default_value, "12");
    }
    EXPECT_EQ(rolling, 1);
    EXPECT_GE(calls_of("DescribeJobDefinitions"), 2);
}

// BATCH-4
TEST_F(BatchSandbox, TheRunIdIsTheJobId) {
    define({{"jobDefinitionName", "plain"}});
    RunReference run = start("plain");
    EXPECT_TRUE(is_guid(run.run_id)) << run.run_id;
    EXPECT_EQ(status(run).run_id, run.run_id);
    EXPECT_TRUE(provider->monitor_url("plain", run.run_id).ends_with("#jobs/detail/" + run.run_id));
}

// BATCH-1: a bare name rolls forward, name:revision and ARNs pin.
TEST_F(BatchSandbox, DescribesByNameRevisionAndArn) {
    define({{"jobDefinitionName", "pinned"}, {"parameters", {{"a", "1"}}}});
    define({{"jobDefinitionName", "pinned"}, {"parameters", {{"a", "2"}}}});
    const std::string arn = "arn:aws:batch:us-east-1:123456789012:job-definition/pinned";
    for (auto [id, revision] :
         {std::pair<std::string, int>{"pinned", 2}, {"pinned:1", 1}, {arn + ":1", 1}, {arn, 2}}) {
        Result<Job> job = world.run(provider->describe(id));
        ASSERT_TRUE(job.has_value()) << id << job.error().describe();
        EXPECT_EQ(job.value().external_id, id);
        EXPECT_EQ(job.value().details.at("revision"), revision) << id;
    }
    for (const std::string& id : {std::string("pinned:9"), arn + ":9", std::string("nobody")}) {
        Result<Job> job = world.run(provider->describe(id));
        ASSERT_FALSE(job.has_value()) << id;
        EXPECT_EQ(job.error().kind, ErrorKind::not_found) << id;
    }
}

// BATCH-8
TEST_F(BatchSandbox, AnArrayShowsItsChildren) {
    define(
        {{"jobDefinitionName", "array"}, {"outcome", {{"status", "FAILED"}, {"failing_children", {1, 3}}}}});
    RunReference run = start("array", {{"array_size", 6}});
    world.advance(2s);
    PipelineRun running = status(run);
    EXPECT_EQ(running.status, PipelineRunStatus::running);
    EXPECT_EQ(running.progress_unit, "children");
    int children = 0;
    for (const ProgressCount& count : running.progress) children += count.count;
    EXPECT_EQ(children, 6);
    world.advance(60s);
    PipelineRun end = status(run);
    EXPECT_EQ(end.status, PipelineRunStatus::failed);
    std::map<std::string, int> counts;
    for (const ProgressCount& count : end.progress) counts[count.status] = count.count;
    EXPECT_EQ(counts, (std::map<std::string, int>{{"SUCCEEDED", 4}, {"FAILED", 2}}));
    EXPECT_FALSE(end.remedy.empty());
    Result<LogPage> log = world.run(provider->logs(run, {}));
    ASSERT_TRUE(log.has_value());
    EXPECT_NE(log.value().note.find(run.run_id + ":0"), std::string::npos) << log.value().note;
    // A child is a run of its own for those who ask.
    PipelineRun child = status({run.run_id + ":1", "array", {}});
    EXPECT_EQ(child.status, PipelineRunStatus::failed);
    Result<LogPage> child_log = world.run(provider->logs({run.run_id + ":1", "array", {}}, {}));
    ASSERT_TRUE(child_log.has_value());
    EXPECT_FALSE(child_log.value().lines.empty());
}

// PLAT-6: a job that stays RUNNABLE gets its diagnosis while it waits.
TEST_F(BatchSandbox, AStuckJobIsDiagnosedWhileItWaits) {
    define({{"jobDefinitionName", "stuck"}, {"outcome", {{"stuck", true}}}});
    define(
        {{"jobDefinitionName", "too-large"},
         {"outcome", {{"stuck", true}, {"reason", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - 99 vCPUs"}}}});
    RunReference silent = start("stuck");
    RunReference stated = start("too-large");
    world.advance(2min);
    EXPECT_TRUE(status(silent).remedy.empty());
    world.advance(16min);
    PipelineRun long_wait = status(silent);
    EXPECT_EQ(long_wait.aws_status, "RUNNABLE");
    EXPECT_EQ(long_wait.status, PipelineRunStatus::running);
    EXPECT_FALSE(long_wait.remedy.empty());
    PipelineRun reason = status(stated);
    EXPECT_EQ(reason.code, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT");
    EXPECT_FALSE(reason.remedy.empty());
    EXPECT_EQ(world.run(provider->cancel(silent, world.new_token())).value(), CancelResult::requested);
    world.advance(5s);
    EXPECT_EQ(status(silent).status, PipelineRunStatus::cancelled);
}

// BATCH-5, TASK-6
TEST_F(BatchSandbox, TheWaysToEnd) {
    struct Case {
        std::string_view name;
        json::object outcome, attributes;
        PipelineRunStatus status;
        std::string_view message_part;
        bool infrastructure;
    };
    using S = PipelineRunStatus;
    for (const Case& c :
         {Case{"exit", {{"status", "FAILED"}, {"exit_code", 3}}, {}, S::failed, "exit code 3", false},
          Case{"spot",
               {{"status", "FAILED"}, {"reason", "Host EC2 (instance i-0abc) terminated."}},
               {},
               S::failed,
               "Host EC2",
               true},
          Case{"oom",
               {{"status", "FAILED"},
                {"reason", "Essential container in task exited"},
                {"container_reason", "OutOfMemoryError: Container killed due to memory usage"},
                {"exit_code", 137}},
               {},
               S::failed,
               "OutOfMemoryError",
               false},
          Case{"pull",
               {{"status", "FAILED"},
                {"reason", "Task failed to start"},
                {"container_reason", "CannotPullContainerError: denied"}},
               {},
               S::failed,
               "CannotPullContainerError",
               false},
          Case{"slow",
               {{"run_ms", 600000}},
               {{"attempt_duration_seconds", 60}},
               S::failed,
               "exceeded timeout",
               false}}) {
        define({{"jobDefinitionName", c.name}, {"outcome", c.outcome}});
        RunReference run = start(c.name, c.attributes);
        world.advance(120s);
        PipelineRun end = status(run);
        EXPECT_EQ(end.status, c.status) << c.name;
        EXPECT_NE(end.message.find(c.message_part), std::string::npos) << end.message;
        EXPECT_EQ(end.infrastructure_loss, c.infrastructure) << c.name;
        EXPECT_FALSE(end.remedy.empty()) << c.name;
    }
}

// BATCH-3: Batch takes everything that a job may set.
TEST_F(BatchSandbox, EveryAttributeIsTaken) {
    world.admin("POST", "batch/queue",
                {{"jobQueueName", "fair"},
                 {"schedulingPolicyArn", "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair"}});
    define({{"jobDefinitionName", "all"}});
    RunReference first = start("all");
    RunReference run = start("all", {{"job_queue", "fair"},
                                     {"share_identifier", "team"},
                                     {"scheduling_priority_override", 0},
                                     {"attempt_duration_seconds", 60},
                                     {"retry_attempts", 2},
                                     {"array_size", 3},
                                     {"tags", {{"cost", "x"}}},
                                     {"propagate_tags", true},
                                     {"depends_on", json::array{json::object{{"jobId", first.run_id}}}},
                                     {"command", {"echo", "hello", "world"}},
                                     {"environment", {{"MODE", "fast"}}},
                                     {"vcpus", "2"},
                                     {"memory_mib", 4096},
                                     {"gpus", 1}});
    EXPECT_FALSE(run.run_id.empty());
}

// BATCH-2, PLAT-6
TEST_F(BatchSandbox, QueuesThatAreNotThere) {
    define({{"jobDefinitionName", "job"}});
    Result<SubmissionIntent> intent = prepare("job", {{"job_queue", "nowhere"}});
    ASSERT_TRUE(intent.has_value());
    Result<PipelineRun> run = world.run(provider->submit(intent.value()));
    ASSERT_FALSE(run.has_value());
    EXPECT_NE(run.error().remedy.find("nowhere"), std::string::npos) << run.error().remedy;
    Result<FindAnswer> found = world.run(provider->find_submission(intent.value(), world.clock.now()));
    ASSERT_TRUE(found.has_value()) << found.error().describe();
    EXPECT_EQ(found.value().result, FindResult::unknowable);
}

// aws-facts 3.1: AWS's name filter ignores case.
TEST_F(BatchSandbox, NamesAreComparedExactly) {
    define({{"jobDefinitionName", "job"}});
    Result<SubmissionIntent> intent = prepare("job");
    ASSERT_TRUE(intent.has_value());
    SubmissionIntent shouted = intent.value();
    std::string name(shouted.request.at("jobName").as_string());
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    shouted.request["jobName"] = name;
    ASSERT_TRUE(world.run(provider->submit(shouted)).has_value());
    Result<FindAnswer> found = world.run(provider->find_submission(intent.value(), world.clock.now()));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found.value().result, FindResult::not_yet) << found.value().explanation;
}

// PERF-11: a call per hundred jobs, whatever their queue, definition and age.
TEST_F(BatchSandbox, DescribesByTheHundred) {
    define({{"jobDefinitionName", "job"}});
    std::vector<RunReference> runs;
    for (int i = 0; i < 301; ++i) runs.push_back(start("job"));
    std::int64_t before = world.all_calls();
    for (const StatusAnswer& answer : world.run(provider->statuses(runs)))
        EXPECT_TRUE(answer.run.has_value());
    EXPECT_EQ(world.all_calls() - before, 4);
}

// A denied call is not repeated for every hundred.
TEST_F(BatchSandbox, ALastingRefusalEndsTheSweep) {
    define({{"jobDefinitionName", "job"}});
    RunReference run = start("job");
    std::vector<RunReference> runs;
    for (int i = 0; i < 2000; ++i) runs.push_back({fmt::format("0f8fad5b-d9cb-469f-a165-{:012}", i), "", {}});
    runs.push_back(run);
    world.admin("POST", "denials", {{"action", "batch:DescribeJobs"}});
    std::int64_t before = calls_of("DescribeJobs");
    for (const StatusAnswer& answer : world.run(provider->statuses(runs))) {
        ASSERT_FALSE(answer.run.has_value());
        EXPECT_EQ(answer.run.error().kind, ErrorKind::access_denied);
    }
    EXPECT_LE(calls_of("DescribeJobs") - before, 4);
}

// aws-facts 15: every attempt has a stream of its own.
TEST_F(BatchSandbox, LogsOfAllAttempts) {
    define({{"jobDefinitionName", "flaky"},
            {"outcome",
             {{"status", "FAILED"}, {"exit_code", 1}, {"failing_attempts", 1}, {"log_lines", {"hello"}}}}});
    RunReference run = start("flaky", {{"retry_attempts", 2}});
    Result<LogPage> early = world.run(provider->logs(run, {}));
    ASSERT_TRUE(early.has_value());
    EXPECT_TRUE(early.value().lines.empty());
    EXPECT_FALSE(early.value().note.empty());
    world.advance(60s);
    EXPECT_EQ(status(run).status, PipelineRunStatus::success);
    Result<LogPage> page = world.run(provider->logs(run, early.value().cursor));
    ASSERT_TRUE(page.has_value());
    std::set<std::string> streams;
    for (const LogLine& line : page.value().lines) streams.insert(line.stream);
    EXPECT_EQ(streams, (std::set<std::string>{"attempt 1", "attempt 2"}));
}

}  // namespace
}  // namespace polysync::conformance
