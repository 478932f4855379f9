#include "provider/batch/batch_run.h"

#include <gtest/gtest.h>

#include "provider/batch/batch_logs.h"

namespace polysync::batch {
namespace {

using S = PipelineRunStatus;
constexpr SystemTime now{Millis(1'780'000'000'000)};

aws::batch::Job make_job(std::string status, std::string reason = {}) {
    aws::batch::Job job;
    job.id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    job.status = std::move(status);
    job.status_reason = std::move(reason);
    job.created_at = now - std::chrono::minutes(1);
    return job;
}

PipelineRun to_run(const aws::batch::Job& job) { return to_pipeline_run("eu-west-1", job, now); }

// BATCH-5, PLAT-7
TEST(BatchRun, StatusesMap) {
    for (auto [status, expected] : {std::pair{"SUBMITTED", S::running},
                                    {"PENDING", S::running},
                                    {"RUNNABLE", S::running},
                                    {"STARTING", S::running},
                                    {"RUNNING", S::running},
                                    {"SUCCEEDED", S::success},
                                    {"FAILED", S::failed},
                                    {"HIBERNATED", S::running}}) {
        PipelineRun run = to_run(make_job(status));
        EXPECT_EQ(run.status, expected) << status;
        EXPECT_EQ(run.aws_status, status);
    }
}

// BATCH-5: what makes a FAILED job a cancelled one.
TEST(BatchRun, CancelledOrFailed) {
    struct Case {
        std::string_view why;
        std::string reason, container_reason;
        std::optional<bool> is_cancelled, is_terminated;
        S expected;
    };
    const std::optional<bool> unset;
    for (const Case& c :
         {Case{"our cancel", "Cancelled by Polysync", "", unset, unset, S::cancelled},
          Case{"somebody else's", "Terminated by user alice", "", unset, unset, S::cancelled},
          Case{"flag: cancelled", "not needed", "", true, unset, S::cancelled},
          Case{"flag: terminated", "", "", unset, true, S::cancelled},
          Case{"flags that say no", "Essential container in task exited", "", false, false, S::failed},
          Case{"host lost", "Host EC2 (instance i-0abc) terminated.", "", unset, unset, S::failed},
          Case{"only the container says so", "Essential container in task exited", "Terminated", unset, unset,
               S::failed},
          Case{"timed out", "Job attempt duration exceeded timeout", "", unset, unset, S::failed},
          Case{"timed out, with the flag", "Job attempt duration exceeded timeout", "", unset, true,
               S::failed},
          Case{"lower case", "cancelled by polysync", "", unset, unset, S::failed},
          Case{"nothing", "", "", unset, unset, S::failed}}) {
        aws::batch::Job job = make_job("FAILED", c.reason);
        job.container.reason = c.container_reason;
        job.is_cancelled = c.is_cancelled;
        job.is_terminated = c.is_terminated;
        EXPECT_EQ(to_run(job).status, c.expected) << c.why;
    }
    // The flags mean "asked for": a job can still succeed first.
    aws::batch::Job raced = make_job("SUCCEEDED");
    raced.is_terminated = true;
    EXPECT_EQ(to_run(raced).status, S::success);
}

// BATCH-5, PLAT-6, TASK-6
TEST(BatchRun, FailuresSayWhy) {
    struct Case {
        std::string reason, container_reason;
        std::optional<int> exit_code;
        std::string message, code;
        bool infrastructure;
        std::string_view remedy_part;
    };
    for (const Case& c :
         {Case{"Essential container in task exited", "", 1,
               "Essential container in task exited (exit code 1)", "", false, "log"},
          Case{"Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage",
               137,
               "Essential container in task exited (exit code 137): OutOfMemoryError: Container killed due "
               "to memory usage",
               "OutOfMemoryError", false, "memory"},
          Case{"Task failed to start", "CannotPullContainerError: pull access denied", std::nullopt,
               "Task failed to start: CannotPullContainerError: pull access denied",
               "CannotPullContainerError", false, "image"},
          Case{"Host EC2 (instance i-0abc) terminated.", "", std::nullopt,
               "Host EC2 (instance i-0abc) terminated.", "", true, "Spot"},
          Case{"Job attempt duration exceeded timeout", "", 137,
               "Job attempt duration exceeded timeout (exit code 137)", "", false,
               "attempt_duration_seconds"}}) {
        aws::batch::Job job = make_job("FAILED", c.reason);
        job.container.exit_code = c.exit_code;
        job.container.reason = c.container_reason;
        PipelineRun run = to_run(job);
        EXPECT_EQ(run.message, c.message);
        EXPECT_EQ(run.code, c.code);
        EXPECT_EQ(run.exit_code, c.exit_code);
        EXPECT_EQ(run.infrastructure_loss, c.infrastructure) << c.reason;
        EXPECT_NE(run.remedy.find(c.remedy_part), std::string::npos) << run.remedy;
    }
}

// The job's own reason can be missing: the last attempt's, then the container's (aws-facts 15).
TEST(BatchRun, FallsBackToTheLastAttempt) {
    aws::batch::Job job = make_job("FAILED");
    job.attempts.resize(2);
    job.attempts[0].status_reason = "Host EC2 (instance i-1) terminated.";
    job.attempts[1].status_reason = "Essential container in task exited";
    job.attempts[1].containers.resize(2);
    job.attempts[1].containers[0].exit_code = 0;
    job.attempts[1].containers[1].exit_code = 3;
    PipelineRun run = to_run(job);
    EXPECT_EQ(run.message, "Essential container in task exited (exit code 3)");
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_FALSE(run.infrastructure_loss);
    job.attempts[1].status_reason = "Cancelled by Polysync";
    EXPECT_EQ(to_run(job).status, S::cancelled);

    aws::batch::Job multi = make_job("FAILED", "Essential container in task exited");
    multi.containers.resize(2);
    multi.containers[0].exit_code = 0;
    multi.containers[1].exit_code = 9;
    multi.container = multi.containers[0];
    EXPECT_EQ(to_run(multi).exit_code, 9);
}

// PLAT-6: a run that stays RUNNABLE gets its diagnosis while it waits.
TEST(BatchRun, RunnableIsDiagnosed) {
    aws::batch::Job stated =
        make_job("RUNNABLE", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job needs 99 vCPUs");
    EXPECT_EQ(to_run(stated).code, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT");
    EXPECT_NE(to_run(stated).remedy.find("vcpus"), std::string::npos);
    EXPECT_EQ(to_run(stated).message, stated.status_reason);

    struct Case {
        std::string_view why;
        Millis created_ago;
        std::optional<Millis> attempt_ended_ago, pending_ago;
        bool is_diagnosed;
    };
    using std::chrono::minutes;
    for (const Case& c : {Case{"fresh", minutes(14), {}, {}, false}, Case{"long", minutes(16), {}, {}, true},
                          Case{"between attempts", minutes(90), minutes(2), {}, false},
                          Case{"long after an attempt", minutes(90), minutes(20), {}, true},
                          Case{"it depended on others", minutes(90), {}, minutes(1), false}}) {
        aws::batch::Job job = make_job("RUNNABLE");
        job.created_at = now - c.created_ago;
        if (c.attempt_ended_ago) {
            job.attempts.resize(1);
            job.attempts[0].stopped_at = now - *c.attempt_ended_ago;
        }
        std::optional<SystemTime> since;
        if (c.pending_ago) since = now - *c.pending_ago;
        PipelineRun run = to_pipeline_run("eu-west-1", job, now, since);
        EXPECT_EQ(!run.remedy.empty(), c.is_diagnosed) << c.why << run.remedy;
    }
}

// BATCH-8
TEST(BatchRun, AnArrayIsOneRunWithProgress) {
    aws::batch::Job job = make_job("PENDING");
    job.array_size = 10;
    job.created_at = now - std::chrono::hours(2);
    job.array_status = {{"FAILED", 1}, {"SUCCEEDED", 4}, {"RUNNING", 5}, {"STARTING", 0}, {"DREAMING", 2}};
    PipelineRun run = to_run(job);
    EXPECT_EQ(run.status, S::running);
    EXPECT_EQ(run.progress_unit, "children");
    std::string text;
    for (const ProgressCount& count : run.progress)
        text += count.status + "=" + std::to_string(count.count) + " ";
    EXPECT_EQ(text, "RUNNING=5 SUCCEEDED=4 FAILED=1 DREAMING=2 ");
    EXPECT_TRUE(run.remedy.empty()) << "an array parent is PENDING while its children run";
    EXPECT_TRUE(to_run(make_job("RUNNING")).progress_unit.empty());
}

// BATCH-7
TEST(BatchRun, MonitorUrls) {
    EXPECT_EQ(job_monitor_url("eu-west-1", "abc"),
              "https://eu-west-1.console.aws.amazon.com/batch/home?region=eu-west-1#jobs/detail/abc");
    EXPECT_EQ(job_monitor_url("us-isob-east-1", "abc"), "");
}

// One bad id must not fail the ninety-nine others of its call.
TEST(BatchRun, JobIds) {
    for (std::string_view good :
         {"0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e:17", "a#0"})
        EXPECT_TRUE(is_job_id(good)) << good;
    for (std::string_view bad : {"", "a b", "etl/jr_1", "\"", "\xC3\xA4"})
        EXPECT_FALSE(is_job_id(bad)) << bad;
    EXPECT_FALSE(is_job_id(std::string(257, 'a')));
}

// aws-facts 15: one stream per attempt, all of them.
TEST(BatchLogs, StreamsOfAllAttempts) {
    aws::batch::Job job = make_job("RUNNING");
    job.attempts.resize(2);
    job.attempts[0].containers.resize(1);
    job.attempts[0].containers[0].log_stream_name = "render/default/1";
    job.attempts[1].containers.resize(2);
    job.attempts[1].containers[0] = {"main", {}, "", "render/default/2a"};
    job.attempts[1].containers[1] = {"side", {}, "", "render/default/2b"};
    job.container.log_stream_name = "render/default/3";
    LogPlan plan = plan_logs(job, "eu-west-1");
    std::vector<std::string> streams;
    for (const LogSource& source : plan.sources)
        streams.push_back(source.label + "=" + source.group + ":" + source.stream);
    EXPECT_EQ(streams, (std::vector<std::string>{"attempt 1=/aws/batch/job:render/default/1",
                                                 "attempt 2 main=/aws/batch/job:render/default/2a",
                                                 "attempt 2 side=/aws/batch/job:render/default/2b",
                                                 "attempt 3=/aws/batch/job:render/default/3"}));
    // After the end the current container is the last attempt's.
    job.container.log_stream_name = "render/default/2a";
    EXPECT_EQ(plan_logs(job, "eu-west-1").sources.size(), 3u);
    job.log.driver = "awslogs";
    job.log.options = {{"awslogs-group", "/mine"}, {"awslogs-region", "eu-west-1"}};
    EXPECT_EQ(plan_logs(job, "eu-west-1").sources[0].group, "/mine");
}

TEST(BatchLogs, NotesWhereThereAreNone) {
    struct Case {
        std::function<void(aws::batch::Job&)> change;
        std::string_view note_part;
    };
    for (const Case& c :
         {Case{[](auto& job) { job.array_size = 3; }, ":0 to"},
          Case{[](auto& job) { job.number_of_nodes = 2; }, "#0 to"},
          Case{[](auto& job) { job.log.driver = "splunk"; }, "splunk"},
          Case{[](auto& job) { job.log.options["awslogs-region"] = "us-east-1"; }, "us-east-1"},
          Case{[](auto& job) { job.is_eks = true; }, "EKS"}, Case{[](auto&) {}, "RUNNABLE"},
          Case{[](auto& job) { job.status = "FAILED"; }, "no container"}}) {
        aws::batch::Job job = make_job("RUNNABLE");
        c.change(job);
        LogPlan plan = plan_logs(job, "eu-west-1");
        EXPECT_TRUE(plan.sources.empty());
        EXPECT_NE(plan.note.find(c.note_part), std::string::npos) << plan.note;
    }
}

}  // namespace
}  // namespace polysync::batch
