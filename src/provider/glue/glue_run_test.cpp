#include "provider/glue/glue_run.h"

#include <gtest/gtest.h>

#include "provider/glue/glue_logs.h"

namespace polysync::glue {
namespace {

constexpr SystemTime now{Millis(1'780'000'000'000)};

aws::glue::JobRun make_run(std::string id, std::string state, std::string message = {}) {
    aws::glue::JobRun run;
    run.id = std::move(id);
    run.state = std::move(state);
    run.error_message = std::move(message);
    run.started_on = now - std::chrono::minutes(10);
    return run;
}

Chain alone(aws::glue::JobRun run) { return {run, run, false}; }

// GLUE-6, PLAT-7
TEST(GlueRun, StatesMapToStatuses) {
    using S = PipelineRunStatus;
    for (auto [state, status] : {std::pair{"STARTING", S::starting},
                                 {"WAITING", S::starting},
                                 {"RUNNING", S::running},
                                 {"STOPPING", S::running},
                                 {"SUCCEEDED", S::success},
                                 {"FAILED", S::failed},
                                 {"ERROR", S::failed},
                                 {"TIMEOUT", S::failed},
                                 {"EXPIRED", S::failed},
                                 {"STOPPED", S::cancelled},
                                 {"PAUSED_BY_MAGIC", S::running},
                                 {"", S::running}}) {
        PipelineRun run = to_pipeline_run("eu-west-1", "etl", alone(make_run("jr_1", state)), now);
        EXPECT_EQ(run.status, status) << state;
        EXPECT_EQ(run.aws_status, state);
        EXPECT_EQ(run.run_id, "etl/jr_1");
    }
}

// GLUE-6: failures carry ErrorMessage, and words of their own where Glue has none.
TEST(GlueRun, FailuresSayWhy) {
    PipelineRun failed = to_pipeline_run(
        "eu-west-1", "etl", alone(make_run("jr_1", "FAILED", "KeyError: 'x'\nTraceback …")), now);
    EXPECT_EQ(failed.message, "KeyError: 'x'\nTraceback …");
    EXPECT_FALSE(failed.remedy.empty());
    PipelineRun timeout = to_pipeline_run("eu-west-1", "etl", alone(make_run("jr_1", "TIMEOUT")), now);
    EXPECT_EQ(timeout.code, "TIMEOUT");
    EXPECT_NE(timeout.message.find("timeout"), std::string::npos);
    EXPECT_NE(timeout.remedy.find("timeout_minutes"), std::string::npos);  // PLAT-6
    PipelineRun lost = to_pipeline_run("eu-west-1", "etl",
                                       alone(make_run("jr_1", "FAILED", "Internal service error : x")), now);
    EXPECT_TRUE(lost.infrastructure_loss);  // TASK-6
    aws::glue::JobRun waiting = make_run("jr_1", "WAITING");
    waiting.state_detail = "queued: max concurrency";
    EXPECT_EQ(to_pipeline_run("eu-west-1", "etl", alone(waiting), now).message, "queued: max concurrency");
}

// GLUE-8
TEST(GlueRun, MonitorUrlsArePercentEncoded) {
    EXPECT_EQ(run_monitor_url("us-east-1", "team/etl job", "jr_1"),
              "https://us-east-1.console.aws.amazon.com/gluestudio/home?region=us-east-1#/job/"
              "team%2Fetl%20job/run/jr_1");
    EXPECT_EQ(run_monitor_url("cn-north-1", "etl", "jr_1"),
              "https://cn-north-1.console.amazonaws.cn/gluestudio/home?region=cn-north-1#/job/etl/run/jr_1");
    EXPECT_EQ(run_monitor_url("us-iso-east-1", "etl", "jr_1"), "");
}

// GLUE-9
TEST(GlueRun, AttemptIds) {
    EXPECT_EQ(attempt_id("jr_1", 0), "jr_1");
    EXPECT_EQ(attempt_id("jr_1", 2), "jr_1_attempt_2");
    for (auto [id, number, root] : {std::tuple{"jr_1", 0, "jr_1"},
                                    {"jr_1_attempt_12", 12, "jr_1"},
                                    {"jr_1_attempt_", 0, "jr_1_attempt_"},
                                    {"jr_1_attempt_x", 0, "jr_1_attempt_x"}}) {
        EXPECT_EQ(attempt_number(id), number) << id;
        EXPECT_EQ(root_id(id), root) << id;
    }
}

// GLUE-9
TEST(GlueRun, ARetryIsDueOnlyAfterAFailureAndForAWhile) {
    struct Case {
        std::string state, id;
        std::optional<int> max_retries;
        std::optional<Millis> ended_ago;
        bool is_due;
    };
    using std::chrono::minutes;
    for (const Case& c :
         {Case{"FAILED", "jr_1", 1, minutes(1), true}, Case{"FAILED", "jr_1", 0, minutes(1), false},
          Case{"FAILED", "jr_1", 1, minutes(6), false}, Case{"TIMEOUT", "jr_1", 1, minutes(1), false},
          Case{"STOPPED", "jr_1", 1, minutes(1), false}, Case{"RUNNING", "jr_1", 1, minutes(1), false},
          Case{"FAILED", "jr_1_attempt_1", 1, minutes(1), false},
          Case{"FAILED", "jr_1_attempt_1", 2, minutes(1), true},
          Case{"FAILED", "jr_1", std::nullopt, minutes(1), true}}) {
        aws::glue::JobRun run = make_run(c.id, c.state);
        run.completed_on = now - *c.ended_ago;
        EXPECT_EQ(is_retry_due(run, c.max_retries, now), c.is_due) << c.state << c.id;
    }
    aws::glue::JobRun timeless = make_run("jr_1", "FAILED");
    timeless.started_on.reset();
    EXPECT_FALSE(is_retry_due(timeless, 1, now)) << "SAFE-2: nothing waits for ever";
}

// GLUE-9: the chain is one run, under the id that was submitted.
TEST(GlueRun, AChainIsOneRun) {
    Chain chain{make_run("jr_1", "FAILED", "first"), make_run("jr_1_attempt_2", "RUNNING"), false};
    chain.last.attempt = 2;
    chain.last.started_on = now;
    PipelineRun run = to_pipeline_run("us-east-1", "etl", chain, now);
    EXPECT_EQ(run.run_id, "etl/jr_1");
    EXPECT_EQ(run.status, PipelineRunStatus::running);
    EXPECT_EQ(run.message, "Glue's attempt 3 (jr_1_attempt_2)");
    EXPECT_EQ(run.started_at, chain.first.started_on);
    EXPECT_NE(run.monitor_url.find("jr_1_attempt_2"), std::string::npos);

    Chain due = alone(make_run("jr_1", "FAILED", "boom"));
    due.retry_is_due = true;
    PipelineRun pending = to_pipeline_run("us-east-1", "etl", due, now);
    EXPECT_EQ(pending.status, PipelineRunStatus::running);
    EXPECT_EQ(pending.aws_status, "FAILED");
    EXPECT_FALSE(pending.ended_at.has_value());
    EXPECT_NE(pending.message.find("boom"), std::string::npos);
}

std::vector<std::string> places(const LogPlan& plan) {
    std::vector<std::string> out;
    for (const LogSource& source : plan.sources)
        out.push_back(source.label + "=" + source.group + ":" + source.stream_prefix);
    return out;
}

// aws-facts 15
TEST(GlueLogs, GroupsByVersionAndArguments) {
    struct Case {
        std::string version, base, command;
        aws::glue::StringMap run_arguments, job_arguments;
        std::vector<std::string> places;
        bool is_lasting;
    };
    using V = std::vector<std::string>;
    for (const Case& c :
         {Case{"4.0",
               "",
               "glueetl",
               {},
               {},
               V{"output=/aws-glue/jobs/output:jr_1", "error=/aws-glue/jobs/error:jr_1"},
               true},
          Case{"4.0",
               "/aws-glue/jobs",
               "glueetl",
               {},
               {{"--enable-continuous-cloudwatch-log", "true"}},
               V{"output=/aws-glue/jobs/output:jr_1", "error=/aws-glue/jobs/error:jr_1",
                 "continuous=/aws-glue/jobs/logs-v2:jr_1"},
               true},
          Case{
              "3.0",
              "",
              "glueetl",
              {{"--enable-continuous-cloudwatch-log", "true"}, {"--continuous-log-logGroup", "/mine"}},
              {{"--continuous-log-logGroup", "/job"}, {"--continuous-log-logStreamPrefix", "p"}},
              V{"output=/aws-glue/jobs/output:jr_1", "error=/aws-glue/jobs/error:jr_1", "continuous=/mine:p"},
              false},
          Case{"1.0",
               "",
               "pythonshell",
               {},
               {},
               V{"output=/aws-glue/python-jobs/output:jr_1", "error=/aws-glue/python-jobs/error:jr_1"},
               true},
          Case{"5.0",
               "/aws-glue/jobs",
               "glueetl",
               {},
               {},
               V{"output=/aws-glue/jobs/output:jr_1", "error=/aws-glue/jobs/error:jr_1"},
               true},
          Case{"5.1",
               "",
               "glueetl",
               {{"--custom-logGroup-prefix", "/own"}},
               {{"--custom-logStream-prefix", "s"}},
               V{"output=/own/output:s", "error=/own/error:s"},
               false}}) {
        aws::glue::JobRun run = make_run("jr_1", "RUNNING");
        run.glue_version = c.version;
        run.log_group_name = c.base;
        run.arguments = c.run_arguments;
        aws::glue::Job job;
        job.command_name = c.command;
        job.default_arguments = c.job_arguments;
        LogPlan plan = plan_logs(run, &job);
        EXPECT_EQ(places(plan), c.places);
        EXPECT_EQ(plan.is_lasting, c.is_lasting);
    }
    EXPECT_EQ(plan_logs(make_run("jr_1", "RUNNING"), nullptr).sources.size(), 2u);
}

TEST(GlueLogs, StreamsOfAllAttempts) {
    using O = std::optional<std::string>;
    for (auto [stream, label] : {std::pair<std::string_view, O>{"jr_1", "output"},
                                 {"jr_1-driver", "output"},
                                 {"jr_1-3", "output 3"},
                                 {"jr_1_g-ab", "output g-ab"},
                                 {"jr_1_attempt_1", "output attempt 2"},
                                 {"jr_1_attempt_1-2", "output attempt 2 2"},
                                 {"jr_12", std::nullopt},
                                 {"jr_1_attempt_x", std::nullopt},
                                 {"other", std::nullopt}}) {
        EXPECT_EQ(label_stream("output", "jr_1", stream), label) << stream;
    }
}

}  // namespace
}  // namespace polysync::glue
