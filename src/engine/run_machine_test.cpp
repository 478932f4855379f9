#include "engine/run_machine.h"

#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

using S = RunState;
using P = PipelineRunStatus;
const SystemTime now = parse_iso8601("2026-09-15T12:00:00Z").value();

TaskRun run_in(S state) {
    TaskRun run;
    run.id = RunId{7};
    run.state = state;
    run.queued_at = now - std::chrono::seconds(10);
    if (is_in_flight(state)) {
        run.token = "t";
        run.fence = 3;
        run.submitted_at = now;
    }
    return run;
}

PipelineRun seen(P status, std::string aws_status = "X", std::string message = {}) {
    PipelineRun run;
    run.run_id = "jr_1";
    run.status = status;
    run.aws_status = std::move(aws_status);
    run.message = std::move(message);
    return run;
}

RunPolicy with_retries(int attempts) {
    return {.retry = {.enabled = true, .max_attempts = attempts, .jitter = false}};
}

Decision decided(const TaskRun& run, const RunEvent& event, const RunPolicy& policy = {}) {
    SeededRandom random(1);
    auto decision = decide(run, event, policy, now, random);
    EXPECT_TRUE(decision) << decision.error().message;
    return decision ? decision.value() : Decision{};
}

Error refusal(ErrorKind kind, std::string code) { return make_error(kind, std::move(code), "no"); }

// Every event in every state: the machine takes exactly the arrows of the diagram, and each arrow is reached.
TEST(RunMachine, TakesEveryArrowOfTheDiagramAndNoOther) {  // TASK-8
    std::vector<RunEvent> events{Claimed{"n", "t"},
                                 Accepted{seen(P::starting)},
                                 Accepted{seen(P::running)},
                                 Accepted{seen(P::success)},
                                 Accepted{seen(P::failed)},
                                 Accepted{seen(P::cancelled)},
                                 Refused{refusal(ErrorKind::contention, "c")},
                                 Refused{refusal(ErrorKind::rejected, "r")},
                                 NotSubmitted{"x"},
                                 Unknowable{"x"},
                                 Observed{seen(P::starting)},
                                 Observed{seen(P::running)},
                                 Observed{seen(P::success)},
                                 Observed{seen(P::failed)},
                                 Observed{seen(P::cancelled)},
                                 Vanished{"x"},
                                 CancelRequested{},
                                 CancelRefused{"x"},
                                 LimitRejected{"x"},
                                 SkipRequested{"x"},
                                 MarkedSucceeded{}};
    std::set<std::tuple<S, std::string_view, S>> reached;
    SeededRandom random(1);
    for (int state = 0; state < 8; ++state) {
        for (const auto& event : events) {
            for (bool cancelled : {false, true}) {
                for (int attempts : {1, 5}) {
                    auto run = run_in(S(state));
                    if (cancelled) run.cancel = CancelCause::user;
                    auto decision = decide(run, event, with_retries(attempts), now, random);
                    if (!decision) {
                        EXPECT_EQ(decision.error().kind, ErrorKind::conflict) << decision.error().message;
                        continue;
                    }
                    reached.emplace(S(state), event_name(event), decision.value().run.state);
                    EXPECT_EQ(decision.value().ended, is_terminal(decision.value().run.state));
                }
            }
        }
    }
    for (const auto& t : transitions())
        EXPECT_TRUE(reached.contains({t.from, t.event, t.to}))
            << to_string(t.from) << " " << t.event << " " << to_string(t.to);
    EXPECT_EQ(reached.size(), transitions().size());
}

TEST(RunMachine, TheDocumentShowsTheSameArrows) {  // TASK-8
    std::ifstream file(POLYSYNC_SOURCE_DIR "/docs/state_machine.md");
    std::set<std::string> drawn, taken;
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("| ") && !line.starts_with("| from") && !line.starts_with("| ---"))
            drawn.insert(line);
    for (const auto& t : transitions())
        taken.insert("| " + std::string(to_string(t.from)) + " | " + std::string(t.event) + " | " +
                     std::string(to_string(t.to)) + " |");
    EXPECT_EQ(drawn, taken);
}

TEST(RunMachine, AClaimNamesTheSubmissionAndFencesOlderOnes) {  // SAFE-1
    auto decision = decided(run_in(S::queued), Claimed{"node-1", "guid"});
    EXPECT_EQ(decision.run.state, S::submitting);
    EXPECT_EQ(decision.run.token, "guid");
    EXPECT_EQ(decision.run.node, "node-1");
    EXPECT_EQ(decision.run.fence, 1);
}

TEST(RunMachine, NotNowKeepsTheRunQueuedAndCostsNoAttempt) {  // PLAT-8
    for (auto kind : {ErrorKind::contention, ErrorKind::throttled, ErrorKind::transient,
                      ErrorKind::credentials, ErrorKind::clock_skew}) {
        auto decision =
            decided(run_in(S::submitting), Refused{refusal(kind, "ConcurrentRunsExceededException")});
        EXPECT_EQ(decision.run.state, S::queued);
        EXPECT_EQ(decision.run.attempt, 1);
        EXPECT_GT(decision.run.not_before, now);
        EXPECT_NE(decision.run.waiting_for.find("ConcurrentRunsExceededException"), std::string::npos);
        EXPECT_FALSE(decision.ended);
    }
    auto hinted = refusal(ErrorKind::throttled, "ThrottlingException");
    hinted.retry_after = Millis(60'000);
    EXPECT_GE(decided(run_in(S::submitting), Refused{hinted}).run.not_before, now + Millis(60'000));
    RunPolicy limited{.queue_timeout = std::chrono::seconds(10)};
    auto decision = decided(run_in(S::submitting), Refused{refusal(ErrorKind::contention, "c")}, limited);
    EXPECT_EQ(decision.run.state, S::failed);
    EXPECT_NE(decision.message.find("queue timeout"), std::string::npos);
}

TEST(RunMachine, ARequestThatCanNeverSucceedIsNotRetried) {  // TASK-6
    for (auto kind :
         {ErrorKind::invalid_input, ErrorKind::rejected, ErrorKind::not_found, ErrorKind::unsupported})
        EXPECT_EQ(decided(run_in(S::submitting), Refused{refusal(kind, "x")}, with_retries(5)).run.state,
                  S::failed);
    EXPECT_EQ(decided(run_in(S::submitting), Refused{refusal(ErrorKind::access_denied, "x")}, with_retries(5))
                  .run.state,
              S::queued);
}

TEST(RunMachine, AFailedAttemptIsFollowedByTheNext) {  // TASK-6
    auto decision =
        decided(run_in(S::running), Observed{seen(P::failed, "FAILED", "out of memory")}, with_retries(2));
    EXPECT_EQ(decision.run.state, S::queued);
    EXPECT_EQ(decision.run.attempt, 2);
    EXPECT_EQ(decision.run.not_before, now + std::chrono::seconds(60));
    EXPECT_EQ(decision.message, "attempt 1 failed: out of memory");
    EXPECT_TRUE(decision.attempt_ended);
    EXPECT_TRUE(decision.run.pipeline_run_id.empty());
    decision.run.state = S::running;
    auto last = decided(decision.run, Observed{seen(P::failed, "FAILED", "again")}, with_retries(2));
    EXPECT_EQ(last.run.state, S::failed);
    EXPECT_EQ(last.message, "again");
}

TEST(RunMachine, InfrastructureLossesHaveRetriesOfTheirOwn) {  // TASK-6
    auto lost = seen(P::failed, "FAILED", "Host EC2 (instance i-1) terminated.");
    lost.infrastructure_loss = true;
    auto run = run_in(S::running);
    for (int i = 1; i <= 2; ++i) {
        auto decision = decided(run, Observed{lost});
        ASSERT_EQ(decision.run.state, S::queued);
        EXPECT_EQ(decision.run.infrastructure_losses, i);
        run = decision.run;
        run.state = S::running;
    }
    EXPECT_EQ(decided(run, Observed{lost}).run.state, S::failed);
}

TEST(RunMachine, ARecordedCancelWinsWhateverAwsSays) {  // TASK-7
    auto run = decided(run_in(S::running), CancelRequested{CancelCause::user, "ana"}).run;
    EXPECT_EQ(run.state, S::running);
    for (auto status : {P::failed, P::cancelled}) {
        auto decision = decided(run, Observed{seen(status, "FAILED", "Essential container in task exited")},
                                with_retries(5));
        EXPECT_EQ(decision.run.state, S::cancelled);
        EXPECT_NE(decision.message.find("by ana"), std::string::npos);
    }
    auto finished = decided(run, Observed{seen(P::success)});
    EXPECT_EQ(finished.run.state, S::succeeded);
    EXPECT_EQ(finished.message, "the cancel met a run that had already succeeded");
}

TEST(RunMachine, ACancelWhileSubmittingIsSentWhenTheRunIsKnown) {  // TASK-7
    auto asked = decided(run_in(S::submitting), CancelRequested{});
    EXPECT_FALSE(asked.send_cancel);
    EXPECT_EQ(asked.run.state, S::submitting);
    EXPECT_TRUE(decided(asked.run, Accepted{seen(P::running)}).send_cancel);
    EXPECT_EQ(decided(asked.run, NotSubmitted{"x"}).run.state, S::cancelled);
    EXPECT_EQ(decided(asked.run, Refused{refusal(ErrorKind::throttled, "t")}).run.state, S::cancelled);
    EXPECT_TRUE(decided(run_in(S::running), CancelRequested{}).send_cancel);
    // A second cancel changes nothing.
    auto again = decided(asked.run, CancelRequested{CancelCause::timeout, ""});
    EXPECT_FALSE(again.changed);
    EXPECT_EQ(again.run.cancel, CancelCause::user);
}

TEST(RunMachine, ACancelThatAwsCannotCarryOutIsTakenBack) {  // SFN-9, TASK-7
    auto asked = decided(run_in(S::running), CancelRequested{CancelCause::user, "ana"}).run;
    auto refused = decided(asked, CancelRefused{"AWS cannot stop an Express execution"});
    EXPECT_EQ(refused.run.cancel, CancelCause::none);
    EXPECT_EQ(refused.message, "cannot be cancelled: AWS cannot stop an Express execution");
    EXPECT_FALSE(decided(run_in(S::running), CancelRefused{"x"}).changed);
}

TEST(RunMachine, TheExecutionTimeoutFailsAndMayRetry) {  // TASK-7
    auto run = decided(run_in(S::running), CancelRequested{CancelCause::timeout, ""}).run;
    auto retried = decided(run, Observed{seen(P::cancelled, "STOPPED")}, with_retries(2));
    EXPECT_EQ(retried.run.state, S::queued);
    EXPECT_EQ(retried.run.cancel, CancelCause::none);
    auto failed = decided(run, Observed{seen(P::cancelled, "STOPPED")});
    EXPECT_EQ(failed.run.state, S::failed);
    EXPECT_NE(failed.message.find("execution timeout"), std::string::npos);
}

TEST(RunMachine, AnUnknownOutcomeIsNeverRetriedByItself) {  // SAFE-1
    auto decision = decided(run_in(S::submitting), Unknowable{"AWS keeps no record of it"}, with_retries(5));
    EXPECT_EQ(decision.run.state, S::failed);
    EXPECT_EQ(decision.run.code, "outcome_unknown");
    auto express = seen(P::failed);
    express.code = "outcome_unknown";
    EXPECT_EQ(decided(run_in(S::running), Observed{express}, with_retries(5)).run.state, S::failed);
    EXPECT_EQ(decided(run_in(S::running), Vanished{"x"}, with_retries(5)).run.code, "outcome_unknown");
}

TEST(RunMachine, StaleAnswersChangeNothing) {  // SAFE-2
    SeededRandom random(1);
    for (auto state : {S::succeeded, S::failed, S::cancelled, S::skipped, S::queued}) {
        auto decision = decide(run_in(state), Observed{seen(P::running)}, {}, now, random);
        ASSERT_FALSE(decision);
        EXPECT_EQ(decision.error().kind, ErrorKind::conflict);
    }
    auto run = run_in(S::running);
    run.aws_status = "RUNNING";
    EXPECT_FALSE(decided(run, Observed{seen(P::running, "RUNNING")}).changed);
    EXPECT_EQ(decided(run, Observed{seen(P::starting, "STARTING")}).run.state, S::running);  // never back
}

TEST(RunMachine, OutputsAreKept) {  // SFN-6
    auto done = seen(P::success, "SUCCEEDED");
    done.outputs["rows"] = 12;
    EXPECT_EQ(decided(run_in(S::running), Observed{done}).run.outputs, R"({"rows":12})");
    EXPECT_EQ(decided(run_in(S::failed), MarkedSucceeded{R"({"rows":1})", "ana"}).run.outputs,
              R"({"rows":1})");
}

}  // namespace
}  // namespace polysync::engine
