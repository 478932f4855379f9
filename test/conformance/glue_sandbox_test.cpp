// What is Glue's own, against the sandbox: its retries, its arguments, its pages.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;

class GlueSandbox : public testing::Test {
  protected:
    World world{subjects()[0]};
    std::unique_ptr<Provider> provider = world.provider();

    void add(json::object job) {
        if (!job.contains("ExecutionProperty"))
            job["ExecutionProperty"] = json::object{{"MaxConcurrentRuns", 1000}};
        world.admin("POST", "glue/job", job);
    }
    std::int64_t calls_of(std::string_view operation) {
        auto all = world.calls();
        auto found = all.find("glue." + std::string(operation));
        return found == all.end() ? 0 : found->second;
    }
    SubmissionIntent intent(std::string_view job, json::object attributes = {}) {
        SubmitSpec spec = world.spec(std::string(job));
        spec.token = world.new_token();
        spec.job.attributes = std::move(attributes);
        Result<SubmissionIntent> prepared = provider->prepare(spec);
        EXPECT_TRUE(prepared.has_value());
        Result<SubmissionIntent> completed = world.run(provider->complete(prepared.value()));
        EXPECT_TRUE(completed.has_value());
        return completed.value();
    }
};

// GLUE-9: followed to Glue's last attempt before it counts as failed, by fresh processes too.
TEST_F(GlueSandbox, RetriesAreFollowedToTheLastAttempt) {
    struct Case {
        int max_retries, failing_attempts;
        PipelineRunStatus end;
        std::string_view last;
    };
    for (const Case& c :
         {Case{2, 2, PipelineRunStatus::success, "_attempt_2"},
          Case{2, 9, PipelineRunStatus::failed, "_attempt_2"},
          Case{1, 1, PipelineRunStatus::success, "_attempt_1"}, Case{0, 9, PipelineRunStatus::failed, ""}}) {
        for (bool is_forgetful : {false, true}) {
            std::string name = fmt::format("flaky-{}-{}-{}", c.max_retries, c.failing_attempts, is_forgetful);
            add({{"Name", name},
                 {"MaxRetries", c.max_retries},
                 {"outcome",
                  {{"status", "FAILED"}, {"reason", "boom"}, {"failing_attempts", c.failing_attempts}}}});
            RunReference run = world.start(*provider, name);
            PipelineRun known;
            for (int step = 0; step < 60; ++step) {
                if (is_forgetful) provider = world.provider();
                known = world.status(*provider, run);
                if (is_terminal(known.status)) break;
                world.advance(500ms);
            }
            EXPECT_EQ(known.status, c.end) << name << known.message;
            EXPECT_EQ(known.run_id, run.run_id);
            EXPECT_NE(known.monitor_url.find(c.last), std::string::npos) << known.monitor_url;
            if (c.end == PipelineRunStatus::failed) {
                EXPECT_NE(known.message.find("boom"), std::string::npos) << known.message;
            }
            world.advance(1h);
            EXPECT_EQ(world.status(*world.provider(), run).status, c.end) << "and it stays so";
        }
    }
}

// GLUE-9: while Glue retries, a poll costs one call.
TEST_F(GlueSandbox, APollOfARetriedRunCostsOneCall) {
    add({{"Name", "flaky"},
         {"MaxRetries", 1},
         {"outcome", {{"status", "FAILED"}, {"failing_attempts", 1}, {"run_ms", 60000}}}});
    RunReference run = world.start(*provider, "flaky");
    world.advance(70s);
    EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::running);
    std::int64_t before = world.all_calls();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::running);
    EXPECT_EQ(world.all_calls() - before, 5);
}

// GLUE-7, GLUE-9: the attempt that runs is the one that is stopped.
TEST_F(GlueSandbox, CancelStopsTheAttemptThatRuns) {
    for (bool is_forgetful : {false, true}) {
        std::string name = is_forgetful ? "a" : "b";
        add({{"Name", name},
             {"MaxRetries", 3},
             {"outcome", {{"status", "FAILED"}, {"failing_attempts", 2}, {"run_ms", 60000}}}});
        RunReference run = world.start(*provider, name);
        world.advance(70s);
        EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::running);
        if (is_forgetful) provider = world.provider();
        Result<CancelResult> cancel = world.run(provider->cancel(run, world.new_token()));
        ASSERT_TRUE(cancel.has_value()) << cancel.error().describe();
        EXPECT_EQ(cancel.value(), CancelResult::requested);
        world.advance(10s);
        EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::cancelled);
    }
}

// SAFE-1: the token is found far behind the newest page, and in runs that wait without a start time.
TEST_F(GlueSandbox, TheTokenIsFoundAmongManyRuns) {
    add({{"Name", "many"}});
    SubmissionIntent wanted = intent("many");
    SystemTime called_at = world.clock.now();
    Result<PipelineRun> started = world.run(provider->submit(wanted));
    ASSERT_TRUE(started.has_value());
    for (int i = 0; i < 420; ++i) world.start(*provider, "many");
    Result<FindAnswer> answer = world.run(provider->find_submission(wanted, called_at));
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer.value().result, FindResult::found) << answer.value().explanation;
    EXPECT_EQ(answer.value().run->run_id, started.value().run_id);

    add({{"Name", "queued"},
         {"ExecutionProperty", {{"MaxConcurrentRuns", 1}}},
         {"JobRunQueuingEnabled", true}});
    world.start(*provider, "queued");
    SubmissionIntent waiting = intent("queued", {{"job_run_queuing", true}});
    Result<PipelineRun> queued = world.run(provider->submit(waiting));
    ASSERT_TRUE(queued.has_value()) << queued.error().describe();
    PipelineRun state = world.status(*provider, {queued.value().run_id, "queued", {}});
    EXPECT_EQ(state.aws_status, "WAITING");
    EXPECT_EQ(state.status, PipelineRunStatus::starting);
    Result<FindAnswer> found = world.run(provider->find_submission(waiting, world.clock.now()));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found.value().result, FindResult::found);
}

// SAFE-1: looking for what was never sent reads one page, not the whole history.
TEST_F(GlueSandbox, AVainLookUpStopsAtTheCall) {
    add({{"Name", "old"}});
    for (int i = 0; i < 450; ++i) world.start(*provider, "old");
    world.advance(24h);
    SubmissionIntent never = intent("old");
    std::int64_t before = calls_of("GetJobRuns");
    Result<FindAnswer> answer = world.run(provider->find_submission(never, world.clock.now()));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer.value().result, FindResult::not_yet);
    EXPECT_NE(answer.value().explanation.find("60 s apart"), std::string::npos);
    EXPECT_EQ(calls_of("GetJobRuns") - before, 1);
}

// GLUE-6: pages where they are cheaper, single reads where they are not.
TEST_F(GlueSandbox, StatusesTakeTheCheaperCalls) {
    add({{"Name", "busy"}});
    std::vector<RunReference> runs;
    for (int i = 0; i < 700; ++i) runs.push_back(world.start(*provider, "busy"));
    struct Case {
        std::string_view why;
        std::vector<std::size_t> picked;
        std::int64_t pages, singles;
    };
    std::vector<std::size_t> all(700);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    for (const Case& c : {Case{"one run", {699}, 0, 1}, Case{"two new ones", {699, 698}, 1, 0},
                          Case{"two old ones", {0, 1}, 1, 2}, Case{"one new, one old", {0, 699}, 1, 1},
                          Case{"all", all, 4, 0}}) {
        std::vector<RunReference> wanted;
        for (std::size_t i : c.picked) wanted.push_back(runs[i]);
        std::int64_t pages = calls_of("GetJobRuns"), singles = calls_of("GetJobRun");
        for (const StatusAnswer& answer : world.run(provider->statuses(wanted)))
            EXPECT_TRUE(answer.run.has_value());
        EXPECT_EQ(calls_of("GetJobRuns") - pages, c.pages) << c.why;
        EXPECT_EQ(calls_of("GetJobRun") - singles, c.singles) << c.why;
    }
}

// Without glue:GetJobRuns, which the seed's list of permissions lacks, everything still works.
TEST_F(GlueSandbox, StatusesWithoutThePageCall) {
    add({{"Name", "narrow"}});
    std::vector<RunReference> runs{world.start(*provider, "narrow"), world.start(*provider, "narrow")};
    world.admin("POST", "denials", {{"action", "glue:GetJobRuns"}});
    for (const StatusAnswer& answer : world.run(provider->statuses(runs)))
        EXPECT_TRUE(answer.run.has_value());
}

// GLUE-5, GLUE-8
TEST_F(GlueSandbox, NamesAsAwsAllowsThem) {
    for (std::string_view name : {"team/etl/daily", "with space",
                                  "\xC3\x9C"
                                  "bersicht",
                                  "a%2Fb", "q\"uote"}) {
        add({{"Name", name}});
        RunReference run = world.start(*provider, std::string(name));
        EXPECT_EQ(world.status(*provider, run).run_id, run.run_id) << name;
        EXPECT_EQ(provider->monitor_url(name, run.run_id).find(' '), std::string::npos);
        EXPECT_TRUE(world.run(provider->cancel(run, world.new_token())).has_value()) << name;
    }
}

// GLUE-4: half a pair is completed from the definition, and Glue takes the request.
TEST_F(GlueSandbox, WorkersAreCompletedFromTheDefinition) {
    add({{"Name", "sized"}, {"WorkerType", "G.2X"}, {"NumberOfWorkers", 7}});
    SubmissionIntent half = intent("sized", {{"worker_type", "G.1X"}});
    EXPECT_EQ(half.request.at("NumberOfWorkers"), 7);
    EXPECT_TRUE(world.run(provider->submit(half)).has_value());

    add({{"Name", "script"}, {"Command", {{"Name", "pythonshell"}, {"ScriptLocation", "s3://s/x.py"}}}});
    World::Options options;
    options.defaults = {{"worker_type", "G.1X"}, {"number_of_workers", 2}};
    provider = world.provider(options);
    SubmissionIntent python = intent("script");
    EXPECT_FALSE(python.request.contains("WorkerType"));
    EXPECT_TRUE(python.warnings.empty());
    EXPECT_TRUE(world.run(provider->submit(python)).has_value());
    SubmissionIntent refused = intent("script", {{"worker_type", "G.2X"}});
    EXPECT_FALSE(refused.request.contains("WorkerType"));
    EXPECT_EQ(refused.warnings.size(), 1u);
}

TEST_F(GlueSandbox, AnIncompleteIntentIsNotSent) {
    add({{"Name", "sized"}});
    SubmitSpec spec = world.spec("sized");
    spec.token = world.new_token();
    spec.job.attributes = {{"worker_type", "G.1X"}};
    Result<SubmissionIntent> prepared = provider->prepare(spec);
    ASSERT_TRUE(prepared.has_value());
    Result<PipelineRun> started = world.run(provider->submit(prepared.value()));
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code, "incomplete_intent");
    EXPECT_EQ(calls_of("StartJobRun"), 0);
}

// aws-facts 15: all attempts, labelled.
TEST_F(GlueSandbox, LogsOfAllAttempts) {
    add({{"Name", "flaky"},
         {"MaxRetries", 1},
         {"outcome", {{"status", "FAILED"}, {"failing_attempts", 1}, {"log_lines", {"hello"}}}}});
    RunReference run = world.start(*provider, "flaky");
    world.advance(60s);
    Result<LogPage> page = world.run(provider->logs(run, {}));
    ASSERT_TRUE(page.has_value()) << page.error().describe();
    std::set<std::string> streams;
    for (const LogLine& line : page.value().lines) streams.insert(line.stream);
    EXPECT_TRUE(streams.contains("output"));
    EXPECT_TRUE(streams.contains("output attempt 2"));
    EXPECT_TRUE(streams.contains("error"));
    EXPECT_TRUE(page.value().at_end);
}

TEST_F(GlueSandbox, FailuresByEveryEnd) {
    for (std::string_view status : {"TIMEOUT", "ERROR", "EXPIRED", "FAILED"}) {
        std::string name = "ends-" + std::string(status);
        add({{"Name", name}, {"outcome", {{"status", status}}}});
        RunReference run = world.start(*provider, name);
        world.advance(60s);
        PipelineRun end = world.status(*provider, run);
        EXPECT_EQ(end.status, PipelineRunStatus::failed) << status;
        EXPECT_FALSE(end.remedy.empty()) << status;
    }
}

}  // namespace
}  // namespace polysync::conformance
