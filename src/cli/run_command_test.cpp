#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/cli_bench.h"

namespace polysync::cli::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum PipelineRunStatus;

constexpr auto token = "8b0f5d0c-3f0e-4b7e-9a3b-1f2d3c4b5a69";

Error lost() { return make_error(ErrorKind::unclear, "connection_lost", "reset by peer"); }
FindAnswer find_answer(FindResult result) { return {result, std::nullopt, "because"}; }
FindAnswer found_run() { return {FindResult::found, run_with(running, "RUNNING", "j/9"), ""}; }

TEST(Run, SubmitsAndShows) {
    Bench bench;
    bench.script.submits = {run_with(starting, "STARTING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("run id      j/1\nstatus      Starting (STARTING)\n"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("token " + bench.script.submitted.token.str()));
    EXPECT_THAT(bench.script.calls, ElementsAre("complete", "submit"));  // no parameters: no definition is
                                                                         // needed
    EXPECT_EQ(bench.journal.entries.size(), 1u);
}

TEST(Run, JsonShape) {
    Bench bench;
    PipelineRun run = run_with(starting, "STARTING");
    run.outputs["rows"] = 5;
    run.exit_code = 3;
    bench.script.submits = {run};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--json"}), 0);
    auto value = boost::json::parse(bench.console.out_text).as_object();
    EXPECT_EQ(value.size(), 8u);
    EXPECT_EQ(value.at("run_id"), "j/1");
    EXPECT_EQ(value.at("status"), "Starting");
    EXPECT_EQ(value.at("aws_status"), "STARTING");
    EXPECT_EQ(value.at("message"), "");
    EXPECT_EQ(value.at("remedy"), "");
    EXPECT_EQ(value.at("monitor_url"), "");
    EXPECT_EQ(value.at("outputs").at("rows"), 5);
    EXPECT_EQ(value.at("exit_code"), 3);
}

TEST(Run, ExitCodesOfTheEnd) {
    struct Case {
        PipelineRunStatus status;
        std::string code;
        int exit_code;
    };
    for (const auto& c : {Case{success, "", 0}, Case{failed, "", 1}, Case{cancelled, "", 3},
                          Case{failed, "outcome_unknown", 5}}) {
        Bench bench;
        PipelineRun end = run_with(c.status, "X");
        end.code = c.code;
        bench.script.submits = {run_with(starting, "STARTING")};
        bench.script.statuses["j/1"] = {run_with(running, "RUNNING"), end};
        EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), c.exit_code);
        EXPECT_EQ(bench.script.count("statuses"), 2);
    }
}

TEST(Run, BadInputMakesNoCall) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--attr", "worker_typ=x"},
                                               {"--attr", "number_of_workers=0"},
                                               {"-p", "novalue"},
                                               {"-p", "a=1", "-p", "a=2"},
                                               {"-p", "a=1", "-p", "--a=2"},
                                               {"-p", "a=1", "--type", "b=integer"},
                                               {"-p", "a=1", "--type", "a=int"},
                                               {"-p", "a=x", "--type", "a=integer"},
                                               {"--token", "nope"},
                                               {"-p", "a=env://UNSET"},
                                               {"-p", "a=file:///nonexistent"},
                                               {"--patience", "x"},
                                               {"--unknown"}}) {
        Bench bench;
        std::vector<std::string> all{"pipeline", "run", "p", "j"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        EXPECT_EQ(bench.run(all), 2) << arguments[0];
        EXPECT_TRUE(bench.script.calls.empty());
        EXPECT_FALSE(bench.console.err_text.empty());
    }
    Bench bench;
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--attr", "worker_typ=x"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("did you mean 'worker_type'?"));
    EXPECT_EQ(bench.run({"pipeline", "run", "P2", "j"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("has no platform 'P2'"));
}

TEST(Run, WarnsOfNearMissesAndTakesTypes) {
    Bench bench;
    Job job;
    job.parameters = {Parameter{.name = "--source_path"},
                      Parameter{.name = "--limit", .type = DataType::integer}};
    bench.script.job = job;
    bench.script.submits = {run_with(starting, "STARTING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "-p", "source_pat=x", "-p", "--limit=5", "-p",
                         "other=1", "--type", "other=json"}),
              0);
    EXPECT_THAT(bench.console.err_text, HasSubstr("did you mean 'source_path'?"));
    EXPECT_THAT(bench.console.err_text, Not(HasSubstr("'limit'")));
    EXPECT_EQ(bench.script.submitted.request.at("--limit"), "integer:5");
    EXPECT_EQ(bench.script.submitted.request.at("other"), "json:1");
    EXPECT_EQ(bench.script.submitted.request.at("source_pat"), "string:x");
}

TEST(Run, ADefinitionThatMayNotBeReadStopsNothing) {
    Bench bench;
    bench.script.submits = {run_with(starting, "STARTING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "-p", "a=1"}), 0);
    EXPECT_THAT(bench.console.err_text, HasSubstr("could not be checked"));
    bench.script.job = make_error(ErrorKind::transient, "connect_failed", "refused");
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "-p", "a=1"}), 5);
    EXPECT_EQ(bench.script.count("submit"), 1);
}

TEST(Run, DryRunSendsNothing) {
    Bench bench;
    bench.variables["DB"] = "geheim-123456";
    EXPECT_EQ(
        bench.run({"pipeline", "run", "p", "j", "-p", "a=1", "-p", "pw=env://DB", "--dry-run", "--wait"}), 0);
    EXPECT_TRUE(bench.script.calls.empty());
    EXPECT_THAT(bench.console.out_text, HasSubstr("\"a\": \"string:1\""));
    EXPECT_THAT(bench.console.out_text, HasSubstr("-p env://DB"));
    EXPECT_THAT(bench.console.out_text + bench.console.err_text, Not(HasSubstr("geheim")));
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "-p", "a=1", "--dry-run", "--json"}), 0);
    auto value = boost::json::parse(bench.console.out_text);
    EXPECT_EQ(value.at("request").at("a"), "string:1");
    EXPECT_EQ(value.at("provenance").at(0).at("source"), "-p");
    EXPECT_TRUE(bench.journal.entries.empty());
}

TEST(Run, ErrorsOfAws) {
    Bench bench;
    Error denied = make_error(ErrorKind::access_denied, "AccessDeniedException", "no");
    denied.request_id = "r-1";
    denied.http_status = 400;
    bench.script.submits = {denied, denied};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 4);
    EXPECT_THAT(bench.console.err_text,
                HasSubstr("AccessDeniedException: no\n  what to do: grant it\n  request id: r-1\n"));
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--json"}), 4);
    EXPECT_EQ(
        bench.console.out_text,
        R"({"error":{"code":"AccessDeniedException","message":"no","remedy":"grant it","request_id":"r-1"}})"
        "\n");
    EXPECT_TRUE(bench.journal.entries.empty());  // a definite refusal leaves no doubt
}

// SAFE-1: a lost answer is looked up; found.
TEST(Run, FindsTheRunAfterALostAnswer) {
    Bench bench;
    bench.script.submits = {lost()};
    bench.script.finds = {find_answer(FindResult::not_yet), found_run()};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("j/9"));
    EXPECT_EQ(bench.script.count("submit"), 1);
}

// SAFE-1: two empty look-ups a minute apart, after the call's deadline, say that nothing was started.
TEST(Run, ProvesThatNothingWasStarted) {
    Bench bench;
    bench.script.submits = {lost()};
    bench.script.finds = {find_answer(FindResult::not_yet)};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "-p", "a=it's", "--json"}), 5);
    auto error = boost::json::parse(bench.console.out_text).at("error");
    EXPECT_EQ(error.at("code"), "not_started");
    EXPECT_THAT(std::string(error.at("remedy").as_string()),
                HasSubstr("pipeline run p j -p 'a=it'\\''s' --token "));
    EXPECT_EQ(bench.script.count("submit"), 1);
    EXPECT_GE(bench.clock.slept(), std::chrono::seconds(120));
    EXPECT_TRUE(bench.journal.entries.empty());

    bench.script.submits = {lost()};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--patience", "20", "--json"}), 5);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("error").at("code"), "outcome_unknown");
    EXPECT_EQ(bench.journal.entries.size(), 1u);
}

TEST(Run, RepeatsWhereAwsKeepsTheToken) {
    Bench bench;
    bench.script.submits = {lost(), lost(), run_with(starting, "Executing")};
    bench.script.finds = {find_answer(FindResult::repeat_is_safe)};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 0);
    EXPECT_EQ(bench.script.count("submit"), 3);
    bench.script.submits = {lost(), lost(), lost(), lost(), lost()};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 5);
    EXPECT_EQ(bench.script.count("submit"), 3 + 4);
}

// SAFE-1: "too many requests" to a repeat does not say that the lost call started nothing.
TEST(Run, ARefusedRepeatDecidesNothing) {
    Bench bench;
    bench.script.submits = {lost(), make_error(ErrorKind::throttled, "ThrottlingException", "Rate exceeded"),
                            run_with(starting, "Executing")};
    bench.script.finds = {find_answer(FindResult::repeat_is_safe)};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 0);
    EXPECT_EQ(bench.script.count("submit"), 3);
    // Of a refusal of the request itself nothing is left to find out.
    bench.script.submits = {lost(), make_error(ErrorKind::rejected, "ValidationException", "bad")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 4);
    EXPECT_EQ(bench.script.count("submit"), 3 + 2);
}

TEST(Run, SaysWhereAwsCannotTell) {
    Bench bench;
    bench.script.submits = {lost()};
    bench.script.finds = {find_answer(FindResult::unknowable)};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j"}), 5);
    EXPECT_THAT(
        bench.console.err_text,
        HasSubstr(
            "outcome_unknown: AWS's answer was lost; whether a run was started cannot be told: because"));
    EXPECT_EQ(bench.script.count("submit"), 1);
}

// SAFE-1: under another job, a token would answer with a run that nobody asked for.
TEST(Run, ATokenBelongsToOneJob) {
    Bench bench;
    bench.journal.entries[token] = {bench.clock.now(), "j/1", "p", "other"};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("for the job other of platform 'p'"));
    EXPECT_EQ(bench.script.count("submit") + bench.script.count("statuses"), 0);
    EXPECT_EQ(bench.journal.entries[token].run_id, "j/1");
}

// The same token never starts a second run.
TEST(Run, AGivenTokenIsLookedUpFirst) {
    Bench bench;
    bench.script.finds = {found_run()};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 0);
    EXPECT_THAT(bench.script.calls, ElementsAre("complete", "find"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("no second run was started"));

    bench.script.finds = {find_answer(FindResult::not_yet)};
    bench.script.submits = {run_with(starting, "STARTING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 0);
    EXPECT_EQ(bench.script.count("submit"), 1);
    // AWS's lists need not show it yet: the journal knows.
    bench.script.statuses["j/1"] = {run_with(running, "RUNNING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 0);
    EXPECT_EQ(bench.script.count("submit"), 1);
    EXPECT_THAT(bench.console.out_text, HasSubstr("j/1"));
}

TEST(Run, AnEarlierCallWithoutOutcomeIsSettledFirst) {
    Bench bench;
    bench.journal.entries[token] = {bench.clock.now() - std::chrono::seconds(5), ""};
    bench.script.finds = {find_answer(FindResult::not_yet)};
    bench.script.submits = {run_with(starting, "STARTING")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 0);
    EXPECT_GE(bench.clock.slept(), std::chrono::seconds(115));
    EXPECT_EQ(bench.script.count("submit"), 1);

    bench.journal.entries[token] = {bench.clock.now(), ""};
    bench.script.finds = {find_answer(FindResult::unknowable)};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 5);
    EXPECT_EQ(bench.script.count("submit"), 1);
}

TEST(Run, ALookUpThatFailsSendsNothing) {
    Bench bench;
    bench.script.finds = {make_error(ErrorKind::access_denied, "AccessDeniedException", "glue:GetJobRuns")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--token", token}), 4);
    EXPECT_THAT(bench.console.err_text,
                HasSubstr("nothing was sent, because an earlier run of this token could not be looked up"));
    EXPECT_EQ(bench.script.count("submit"), 0);
}

TEST(Wait, SurvivesThrottlingAndOutages) {
    Bench bench;
    bench.script.submits = {run_with(starting, "STARTING")};
    bench.script.statuses["j/1"] = {make_error(ErrorKind::throttled, "ThrottlingException", "slow down"),
                                    make_error(ErrorKind::transient, "connect_failed", "refused"),
                                    make_error(ErrorKind::not_found, "EntityNotFoundException", "not yet"),
                                    run_with(success, "SUCCEEDED")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 0);
    EXPECT_THAT(bench.console.err_text, HasSubstr("its status could not be read: ThrottlingException"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("AWS answers again"));
}

TEST(Wait, GivesUpAfterTenMinutesOrADefiniteRefusal) {
    Bench bench;
    bench.script.submits = {run_with(starting, "STARTING"), run_with(starting, "STARTING")};
    bench.script.statuses["j/1"] = {make_error(ErrorKind::transient, "connect_failed", "refused")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 5);
    EXPECT_THAT(bench.console.err_text, HasSubstr("pipeline status p j/1"));
    EXPECT_GE(bench.clock.slept(), std::chrono::minutes(10));
    bench.script.statuses["j/1"] = {make_error(ErrorKind::access_denied, "AccessDeniedException", "no")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 4);
}

// PLAT-6: the diagnosis of a run that waits too long is shown while it waits.
TEST(Wait, ShowsChangesAndDiagnoses) {
    Bench bench;
    PipelineRun stuck = run_with(running, "RUNNABLE");
    stuck.message = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
    stuck.remedy = "Check the compute environment.";
    PipelineRun array = run_with(running, "RUNNING");
    array.progress = {{"SUCCEEDED", 3}, {"FAILED", 0}, {"RUNNING", 2}};
    array.progress_unit = "children";
    bench.script.submits = {run_with(starting, "SUBMITTED")};
    bench.script.statuses["j/1"] = {stuck, stuck, array, run_with(success, "SUCCEEDED")};
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 0);
    const std::string& text = bench.console.err_text;
    EXPECT_THAT(text, HasSubstr("children: 3 SUCCEEDED, 2 RUNNING"));
    auto first = text.find("Check the compute environment.");
    EXPECT_NE(first, std::string::npos);
    EXPECT_EQ(text.find("Check the compute environment.", first + 1), std::string::npos);
}

TEST(Wait, WithoutATerminalAnInterruptLeavesTheRunGoing) {
    Bench bench;
    bench.script.submits = {run_with(starting, "STARTING")};
    bench.script.statuses["j/1"] = {run_with(running, "RUNNING")};
    bench.script.on_call = [&](const std::string& call) {
        if (call == "statuses" && bench.script.count("statuses") == 3) bench.console.interrupt();
    };
    EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 130);
    EXPECT_EQ(bench.script.count("cancel"), 0);
    EXPECT_THAT(bench.console.err_text, HasSubstr("the run goes on. Look again with: polysync -f"));
}

TEST(Wait, OnATerminalAnInterruptAsks) {
    for (bool yes : {true, false}) {
        Bench bench;
        bench.console.terminal = true;
        bench.console.lines = {yes ? "y" : "n"};
        bench.script.submits = {run_with(starting, "STARTING")};
        auto& answers = bench.script.statuses["j/1"];
        answers = {run_with(running, "RUNNING"), run_with(running, "RUNNING"), run_with(running, "STOPPING"),
                   run_with(cancelled, "STOPPED")};
        bench.script.on_call = [&](const std::string& call) {
            if (call == "statuses" && bench.script.count("statuses") == 2) bench.console.interrupt();
        };
        EXPECT_EQ(bench.run({"pipeline", "run", "p", "j", "--wait"}), 3);
        EXPECT_EQ(bench.script.count("cancel"), yes ? 1 : 0);
        EXPECT_THAT(bench.console.err_text, HasSubstr("Cancel the run? [y/N]"));
    }
}

}  // namespace
}  // namespace polysync::cli::test
