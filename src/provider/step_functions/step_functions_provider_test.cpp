#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/provider_test_kit.h"

namespace polysync {
namespace {

using provider_test::ScriptedAws;
using test::run_async;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string machine = "arn:aws:states:eu-west-1:012345678901:stateMachine:m";
const std::string express_arn = "arn:aws:states:eu-west-1:012345678901:express:m:Polysync-x:uuid-1";
const std::string token = "01234567-89ab-4def-8123-0123456789ab";
const std::string our_arn = "arn:aws:states:eu-west-1:012345678901:execution:m:Polysync-" + token;

std::string arn_of(int i) {
    return "arn:aws:states:eu-west-1:012345678901:execution:m:e" + std::to_string(i);
}

ScriptedAws aws_states() { return ScriptedAws(PlatformType::aws_step_functions); }

SubmissionIntent intent_of(Provider& provider, std::string_view type, bool sync = false) {
    SubmitSpec spec;
    spec.job.external_id = machine;
    spec.job.details["type"] = type;
    if (sync) spec.job.attributes["execution_mode"] = "sync";
    spec.token = SubmissionToken(token);
    ParameterValue out;
    out.parameter.name = "rows";
    out.parameter.direction = Direction::output;
    spec.values.push_back(out);
    return provider.prepare(spec).value();
}

RunReference reference(std::string run_id) {
    RunReference out;
    out.run_id = std::move(run_id);
    Parameter rows;
    rows.name = "Rows";
    rows.direction = Direction::output;
    out.outputs.push_back(rows);
    return out;
}

StatusAnswer status_of(Provider& provider, RunReference run) {
    std::vector<RunReference> runs{std::move(run)};
    return run_async(provider.statuses(runs)).at(0);
}

std::string express_machine(std::string_view level) {
    return R"({"stateMachineArn":")" + machine +
           R"(","name":"m","type":"EXPRESS","loggingConfiguration":{"level":")" + std::string(level) +
           R"(","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:eu-west-1:1:log-group:/m:*"}}]}})";
}

std::string logged(const std::string& type, const std::string& arn, long long ms,
                   const std::string& details = "{}") {
    boost::json::object message;
    message["type"] = type;
    message["execution_arn"] = arn;
    message["event_timestamp"] = std::to_string(ms);
    message["details"] = boost::json::parse(details);
    boost::json::object event;
    event["timestamp"] = ms;
    event["eventId"] = type;
    event["message"] = boost::json::serialize(message);
    return boost::json::serialize(event);
}

TEST(StepFunctionsProvider, DiscoversWithoutReadingDefinitions) {  // SFN-1
    auto aws = aws_states();
    aws.on(
        "ListStateMachines",
        R"({"stateMachines":[{"stateMachineArn":"arn:aws:states:eu-west-1:1:stateMachine:a","name":"a","type":"STANDARD"},
        {"stateMachineArn":"arn:aws:states:eu-west-1:1:stateMachine:b","name":"b","type":"EXPRESS"},
        {"stateMachineArn":"arn:aws:states:eu-west-1:1:stateMachine:c","name":"c","type":"EXPRESS"}],"nextToken":"t"})");
    aws.on(
        "DescribeStateMachine",
        R"({"stateMachineArn":"arn:aws:states:eu-west-1:1:stateMachine:a","name":"a","type":"STANDARD","roleArn":"r","definition":"{}"})");
    aws.refuse("DescribeStateMachine", "AccessDeniedException", "not allowed");
    aws.refuse("DescribeStateMachine", "StateMachineDoesNotExist");
    auto provider = aws.provider();
    auto page = run_async(provider->discover(""));
    ASSERT_TRUE(page) << page.error().describe();
    EXPECT_EQ(page.value().next, "t");
    ASSERT_EQ(page.value().jobs.size(), 2U);  // c was deleted since
    EXPECT_EQ(page.value().jobs[0].details.at("role_arn").as_string(), "r");
    EXPECT_EQ(page.value().jobs[1].details.at("type").as_string(), "EXPRESS");
    EXPECT_THAT(page.value().warnings, Contains(HasSubstr("stateMachine:b")));
    EXPECT_EQ(aws.sent("DescribeStateMachine").at(0).at("includedData").as_string(), "METADATA_ONLY");
}

TEST(StepFunctionsProvider, AThrottledDiscoveryIsNoHalfPage) {
    auto aws = aws_states();
    aws.on(
        "ListStateMachines",
        R"({"stateMachines":[{"stateMachineArn":"arn:aws:states:eu-west-1:1:stateMachine:a","name":"a","type":"STANDARD"}]})");
    aws.refuse("DescribeStateMachine", "ThrottlingException", "Rate exceeded");
    auto provider = aws.provider();
    EXPECT_EQ(run_async(provider->discover("")).error().kind, ErrorKind::throttled);
}

TEST(StepFunctionsProvider, StartsUnderItsOwnName) {  // SFN-3, SFN-4
    auto aws = aws_states();
    aws.on("StartExecution", R"({"executionArn":")" + our_arn + R"(","startDate":1800000000.5})");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider, "STANDARD")));
    ASSERT_TRUE(run);
    EXPECT_EQ(run.value().run_id, our_arn);
    EXPECT_EQ(run.value().status, PipelineRunStatus::running);
    EXPECT_EQ(aws.sent("StartExecution").at(0).at("name").as_string(), "Polysync-" + token);
    EXPECT_EQ(aws.sent("StartExecution").at(0).at("input").as_string(), "{}");
}

TEST(StepFunctionsProvider, ATakenNameOfOursIsOurRun) {  // SAFE-1
    auto aws = aws_states();
    aws.refuse("StartExecution", "ExecutionAlreadyExists", "Execution Already Exists");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider, "STANDARD")));
    ASSERT_TRUE(run);
    EXPECT_EQ(run.value().run_id, our_arn);
}

TEST(StepFunctionsProvider, AnExpressStartIsNeverRepeated) {  // SFN-9, SAFE-1
    auto aws = aws_states();
    aws.lose("StartExecution");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider, "EXPRESS")));
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().kind, ErrorKind::unclear);
    EXPECT_EQ(aws.calls(), 1U);
    auto standard = aws_states();
    standard.lose("StartExecution");
    standard.on("StartExecution", R"({"executionArn":")" + our_arn + R"("})");
    provider = standard.provider();
    EXPECT_TRUE(run_async(provider->submit(intent_of(*provider, "STANDARD"))));
    EXPECT_EQ(standard.calls(), 2U);
    EXPECT_EQ(standard.sent("StartExecution").at(0), standard.sent("StartExecution").at(1));
}

TEST(StepFunctionsProvider, NotNowIsContention) {  // PLAT-8
    auto aws = aws_states();
    aws.refuse("StartExecution", "ExecutionLimitExceeded");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider, "STANDARD")));
    EXPECT_EQ(run.error().kind, ErrorKind::contention);
    EXPECT_THAT(run.error().remedy, HasSubstr("012345678901"));
}

TEST(StepFunctionsProvider, SyncAnswersWithTheEnd) {  // SFN-9
    auto aws = aws_states();
    aws.on("StartSyncExecution",
           R"({"executionArn":")" + express_arn +
               R"(","status":"SUCCEEDED","output":"{\"ROWS\":7}","startDate":1,"stopDate":2})");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider, "EXPRESS", true)));
    ASSERT_TRUE(run);
    EXPECT_EQ(run.value().status, PipelineRunStatus::success);
    EXPECT_EQ(run.value().outputs.at("rows").as_int64(), 7);
    aws.forget("StartSyncExecution");
    aws.on("StartSyncExecution",
           R"({"executionArn":")" + express_arn + R"(","status":"FAILED","error":"E","cause":"c"})");
    run = run_async(provider->submit(intent_of(*provider, "EXPRESS", true)));
    ASSERT_TRUE(run);
    EXPECT_EQ(run.value().status, PipelineRunStatus::failed);
    EXPECT_EQ(run.value().message, "E: c");
}

TEST(StepFunctionsProvider, OneListCallServesAllThatRun) {
    auto aws = aws_states();
    std::string items;
    std::vector<RunReference> runs;
    for (int i = 0; i < 50; ++i) {
        runs.push_back(reference(arn_of(i)));
        if (i == 7) continue;
        items += (items.empty() ? "" : ",") +
                 (R"({"executionArn":")" + arn_of(i) + R"(","status":"RUNNING","startDate":5})");
    }
    runs.push_back(reference("no arn"));
    aws.on("ListExecutions", R"({"executions":[)" + items + R"(]})");
    aws.on("DescribeExecution",
           R"({"executionArn":")" + arn_of(7) + R"(","status":"SUCCEEDED","output":"{\"rows\":1}"})");
    auto provider = aws.provider();
    auto answers = run_async(provider->statuses(runs));
    ASSERT_EQ(answers.size(), 51U);
    EXPECT_EQ(aws.calls(), 2U);
    EXPECT_EQ(aws.sent("ListExecutions").at(0).at("stateMachineArn").as_string(), machine);
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(answers[i].run) << i;
        EXPECT_EQ(answers[i].run.value().status,
                  i == 7 ? PipelineRunStatus::success : PipelineRunStatus::running);
    }
    EXPECT_EQ(answers[7].run.value().outputs.at("Rows").as_int64(), 1);
    EXPECT_EQ(answers[50].run.error().kind, ErrorKind::invalid_input);
}

// PERF-11: what rides and is in no complete list of all that run has ended, and is described; where the list
// goes on it is left out.
TEST(StepFunctionsProvider, RunsRideOnTheListOfOthers) {
    auto aws = aws_states();
    auto running = [](int i) {
        return R"({"executionArn":")" + arn_of(i) + R"(","status":"RUNNING","startDate":1800000000})";
    };
    aws.on("ListExecutions", R"({"executions":[)" + running(1) + "," + running(2) + R"(],"nextToken":"t"})");
    aws.on("ListExecutions", R"({"executions":[)" + running(1) + "]}");
    aws.on("DescribeExecution",
           R"({"executionArn":")" + arn_of(2) +
               R"(","status":"SUCCEEDED","startDate":1800000000,"stopDate":1800000009})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2)), reference(arn_of(3))};
    runs[1].rides = runs[2].rides = true;
    auto answers = run_async(provider->statuses(runs));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].run.value().aws_status, "RUNNING");
    EXPECT_EQ(answers[1].run.value().aws_status, "RUNNING");
    EXPECT_TRUE(answers[2].left_out);
    EXPECT_EQ(aws.sent("DescribeExecution").size(), 0U);
    runs.pop_back();
    answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[0].run.value().aws_status, "RUNNING");
    EXPECT_EQ(answers[1].run.value().aws_status, "SUCCEEDED");
    EXPECT_EQ(aws.sent("ListExecutions").size(), 2U);
    EXPECT_EQ(aws.sent("DescribeExecution").size(), 1U);
}

TEST(StepFunctionsProvider, AListLeavesEndsToCallsOfTheirOwn) {  // PERF-9
    auto aws = aws_states();
    aws.on("ListExecutions",
           R"({"executions":[{"executionArn":")" + arn_of(1) + R"(","status":"RUNNING","startDate":5}]})");
    aws.on("DescribeExecution", R"({"executionArn":")" + arn_of(2) + R"(","status":"SUCCEEDED"})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2)), reference(arn_of(3))};
    for (auto& run : runs) run.by = AskBy::list;
    runs[2].rides = true;
    auto answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[0].run.value().aws_status, "RUNNING");
    EXPECT_TRUE(answers[1].needs_own_call && answers[2].needs_own_call);
    EXPECT_EQ(aws.sent("DescribeExecution").size(), 0U);
    for (auto& run : runs) run.by = AskBy::itself;
    answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[1].run.value().aws_status, "SUCCEEDED");
    EXPECT_EQ(aws.sent("ListExecutions").size(), 1U);
    EXPECT_EQ(aws.sent("DescribeExecution").size(), 3U);
}

// 300 starts a second are allowed, and 20 looks at a state machine.
TEST(StepFunctionsProvider, StartsOfAMinuteShareOneLookAtTheStateMachine) {
    auto aws = aws_states();
    aws.on("DescribeStateMachine",
           R"({"stateMachineArn":")" + machine + R"(","name":"m","type":"STANDARD"})");
    auto provider = aws.provider();
    SubmitSpec spec;
    spec.job.external_id = machine;
    spec.token = SubmissionToken(token);
    auto prepared = provider->prepare(spec).value();
    for (int i = 0; i < 3; ++i) {
        auto intent = run_async(provider->complete(prepared));
        ASSERT_TRUE(intent);
        EXPECT_TRUE(intent.value().repeat_is_safe);
    }
    EXPECT_EQ(aws.sent("DescribeStateMachine").size(), 1U);
    aws.clock.advance(std::chrono::seconds(61));
    ASSERT_TRUE(run_async(provider->complete(prepared)));
    EXPECT_EQ(aws.sent("DescribeStateMachine").size(), 2U);
}

TEST(StepFunctionsProvider, ARefusedListFallsBackToDescribe) {
    auto aws = aws_states();
    aws.refuse("ListExecutions", "AccessDeniedException");
    aws.on("DescribeExecution", R"({"executionArn":"x","status":"RUNNING"})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2))};
    auto answers = run_async(provider->statuses(runs));
    EXPECT_TRUE(answers[0].run && answers[1].run);
    EXPECT_EQ(aws.calls(), 3U);
}

TEST(StepFunctionsProvider, ReadsWithoutTheDataThatAKeyCloses) {  // aws-facts 15
    auto aws = aws_states();
    aws.refuse("DescribeExecution", "KmsAccessDeniedException", "kms");
    aws.on("DescribeExecution", R"({"executionArn":")" + our_arn +
                                    R"(","status":"SUCCEEDED","outputDetails":{"included":false}})");
    auto provider = aws.provider();
    auto answer = status_of(*provider, reference(our_arn));
    ASSERT_TRUE(answer.run);
    EXPECT_EQ(answer.run.value().status, PipelineRunStatus::success);
    EXPECT_THAT(answer.run.value().outputs_note, HasSubstr("kms:Decrypt"));
    EXPECT_EQ(aws.sent("DescribeExecution").at(1).at("includedData").as_string(), "METADATA_ONLY");
}

TEST(StepFunctionsProvider, AFailureSaysWhyAndWhatToDo) {  // SFN-5, PLAT-6
    auto aws = aws_states();
    aws.on("DescribeExecution", R"({"executionArn":")" + our_arn + R"(","status":"TIMED_OUT"})");
    auto provider = aws.provider();
    auto answer = status_of(*provider, reference(our_arn));
    EXPECT_EQ(answer.run.value().code, "States.Timeout");
    EXPECT_THAT(answer.run.value().remedy, HasSubstr("TimeoutSeconds"));
}

TEST(StepFunctionsProvider, CancelsWithItsOwnWords) {  // SFN-7
    auto aws = aws_states();
    aws.on("StopExecution", R"({"stopDate":1})");
    aws.on("DescribeExecution", R"({"executionArn":")" + our_arn + R"(","status":"ABORTED"})");
    auto provider = aws.provider();
    EXPECT_EQ(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))).value(),
              CancelResult::requested);
    EXPECT_EQ(aws.sent("StopExecution").at(0).at("cause").as_string(), "Cancelled by Polysync");
    EXPECT_EQ(aws.sent("StopExecution").at(0).at("error").as_string(), "PolysyncCancellation");
    aws.forget("DescribeExecution");
    aws.on("DescribeExecution", R"({"executionArn":")" + our_arn + R"(","status":"SUCCEEDED"})");
    EXPECT_EQ(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))).value(),
              CancelResult::already_ended);
    aws.forget_requests();
    auto refused = run_async(provider->cancel(reference(express_arn), SubmissionToken(token)));
    EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);  // SFN-9
    EXPECT_EQ(aws.calls(), 0U);
}

TEST(StepFunctionsProvider, StopsWithoutWordsWhereTheKeyIsClosed) {
    auto aws = aws_states();
    aws.refuse("StopExecution", "KmsAccessDeniedException");
    aws.on("StopExecution", R"({"stopDate":1})");
    aws.on("DescribeExecution", R"({"status":"ABORTED"})");
    auto provider = aws.provider();
    EXPECT_TRUE(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))));
    EXPECT_FALSE(aws.sent("StopExecution").at(1).contains("cause"));
}

TEST(StepFunctionsProvider, FindsASubmissionByItsName) {  // SAFE-1
    auto aws = aws_states();
    aws.on("DescribeExecution",
           R"({"executionArn":")" + our_arn + R"(","status":"SUCCEEDED","output":"{\"rows\":2}"})");
    auto provider = aws.provider();
    auto intent = intent_of(*provider, "STANDARD");
    auto found = run_async(provider->find_submission(intent, aws.clock.now()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found.value().result, FindResult::found);
    EXPECT_EQ(found.value().run->outputs.at("rows").as_int64(), 2);
    EXPECT_EQ(aws.sent("DescribeExecution").at(0).at("executionArn").as_string(), our_arn);
    aws.forget("DescribeExecution");
    aws.refuse("DescribeExecution", "ExecutionDoesNotExist");
    EXPECT_EQ(run_async(provider->find_submission(intent, aws.clock.now())).value().result,
              FindResult::repeat_is_safe);
    auto long_ago = aws.clock.now() - std::chrono::hours(24) * 91;
    EXPECT_EQ(run_async(provider->find_submission(intent, long_ago)).value().result, FindResult::unknowable);
}

TEST(StepFunctionsProvider, AnExpressSubmissionIsFoundInItsLogOnly) {  // SAFE-1, SFN-9
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("ERROR"));
    auto provider = aws.provider();
    auto intent = intent_of(*provider, "EXPRESS");
    EXPECT_EQ(run_async(provider->find_submission(intent, aws.clock.now())).value().result,
              FindResult::unknowable);
    aws.forget("DescribeStateMachine");
    aws.on("DescribeStateMachine", express_machine("ALL"));
    provider = aws.provider();
    auto arn = "arn:aws:states:eu-west-1:012345678901:express:m:Polysync-" + token + ":u";
    aws.on("FilterLogEvents", R"({"events":[]})");
    aws.on("FilterLogEvents", R"({"events":[)" + logged("ExecutionStarted", arn, 1800000000000) + "]}");
    EXPECT_EQ(run_async(provider->find_submission(intent, aws.clock.now())).value().result,
              FindResult::not_yet);
    auto found = run_async(provider->find_submission(intent, aws.clock.now()));
    EXPECT_EQ(found.value().result, FindResult::found);
    EXPECT_EQ(found.value().run->run_id, arn);
}

TEST(StepFunctionsProvider, AnExpressEndComesFromItsLog) {  // SFN-9
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("ALL"));
    aws.on("FilterLogEvents", R"({"events":[],"nextToken":"more"})");
    aws.on("FilterLogEvents",
           R"({"events":[)" + logged("ExecutionStarted", express_arn, 1799999999000) + "]}");
    aws.on("FilterLogEvents",
           R"({"events":[)" + logged("ExecutionStarted", express_arn, 1799999999000) + "," +
               logged("ExecutionSucceeded", express_arn, 1800000000000, R"({"output":"{\"rows\":3}"})") +
               "]}");
    auto provider = aws.provider();
    auto answer = status_of(*provider, reference(express_arn));
    ASSERT_TRUE(answer.run);
    EXPECT_EQ(answer.run.value().status, PipelineRunStatus::running);
    answer = status_of(*provider, reference(express_arn));
    EXPECT_EQ(answer.run.value().status, PipelineRunStatus::success);
    EXPECT_EQ(answer.run.value().outputs.at("Rows").as_int64(), 3);
    EXPECT_EQ(aws.sent("DescribeStateMachine").size(), 1U);  // asked once
    EXPECT_THAT(std::string(aws.sent("FilterLogEvents").at(0).at("filterPattern").as_string()),
                HasSubstr(express_arn));
}

TEST(StepFunctionsProvider, WithoutALogTheOutcomeIsUnknown) {  // SFN-9, SAFE-2
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("OFF"));
    auto provider = aws.provider();
    auto answer = status_of(*provider, reference(express_arn));
    ASSERT_TRUE(answer.run);
    EXPECT_EQ(answer.run.value().status, PipelineRunStatus::failed);
    EXPECT_EQ(answer.run.value().code, "outcome_unknown");
    EXPECT_THAT(answer.run.value().message, HasSubstr("keeps no record"));
    EXPECT_THAT(answer.run.value().remedy, HasSubstr("level ALL"));
}

TEST(StepFunctionsProvider, ASilentLogEndsTheWait) {  // SAFE-2
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("ALL"));
    aws.on("FilterLogEvents", R"({"events":[]})");
    auto provider = aws.provider();
    EXPECT_EQ(status_of(*provider, reference(express_arn)).run.value().status, PipelineRunStatus::running);
    aws.clock.advance(std::chrono::minutes(11));
    EXPECT_EQ(status_of(*provider, reference(express_arn)).run.value().code, "outcome_unknown");
    auto fresh = aws.provider();  // a new process that knows when the run was submitted
    auto known = reference(express_arn);
    known.submitted_at = aws.clock.now() - std::chrono::minutes(11);
    EXPECT_EQ(status_of(*fresh, known).run.value().code, "outcome_unknown");
}

TEST(StepFunctionsProvider, OneLogSearchServesSeveralExecutions) {
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("ALL"));
    aws.on("FilterLogEvents",
           R"({"events":[)" +
               logged("ExecutionFailed", express_arn + "2", 1800000000000, R"({"error":"E"})") + "]}");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(express_arn), reference(express_arn + "2"), reference(our_arn)};
    aws.on("DescribeExecution", R"({"executionArn":")" + our_arn + R"(","status":"RUNNING"})");
    auto answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[0].run.value().status, PipelineRunStatus::running);
    EXPECT_EQ(answers[1].run.value().code, "E");
    EXPECT_EQ(answers[2].run.value().run_id, our_arn);
    EXPECT_EQ(aws.sent("FilterLogEvents").size(), 1U);
}

TEST(StepFunctionsProvider, TheHistoryIsReadPageByPage) {
    auto aws = aws_states();
    aws.on("GetExecutionHistory",
           R"({"events":[{"id":1,"type":"ExecutionStarted","timestamp":1}],"nextToken":"t2"})");
    aws.on(
        "GetExecutionHistory",
        R"({"events":[{"id":2,"type":"PassStateEntered","previousEventId":1,"timestamp":2,"stateEnteredEventDetails":{"name":"A"}}]})");
    aws.refuse("GetExecutionHistory", "InvalidToken");
    aws.on(
        "GetExecutionHistory",
        R"({"events":[{"id":1,"type":"ExecutionStarted"},{"id":2,"type":"PassStateEntered"},{"id":3,"type":"ExecutionSucceeded"}]})");
    auto provider = aws.provider();
    auto page = run_async(provider->logs(reference(our_arn), ""));
    ASSERT_TRUE(page);
    EXPECT_FALSE(page.value().at_end);
    page = run_async(provider->logs(reference(our_arn), page.value().cursor));
    EXPECT_TRUE(page.value().at_end);
    ASSERT_EQ(page.value().lines.size(), 1U);
    EXPECT_EQ(page.value().lines[0].stream, "A");
    page = run_async(provider->logs(reference(our_arn), page.value().cursor));  // the token has expired
                                                                                // meanwhile
    ASSERT_TRUE(page) << page.error().describe();
    ASSERT_EQ(page.value().lines.size(), 1U);
    EXPECT_EQ(page.value().lines[0].text, "ExecutionSucceeded");
}

TEST(StepFunctionsProvider, TheHistoryIsReadWithoutTheDataThatAKeyCloses) {
    auto aws = aws_states();
    aws.refuse("GetExecutionHistory", "KmsAccessDeniedException");
    aws.on("GetExecutionHistory", R"({"events":[{"id":1,"type":"ExecutionStarted","timestamp":1}]})");
    auto provider = aws.provider();
    EXPECT_EQ(run_async(provider->logs(reference(our_arn), "")).value().lines.size(), 1U);
    EXPECT_FALSE(aws.sent("GetExecutionHistory").at(1).at("includeExecutionData").as_bool());
}

TEST(StepFunctionsProvider, ALogThatNeverEndsIsNotReadForEver) {
    auto aws = aws_states();
    aws.on("DescribeStateMachine", express_machine("ALL"));
    for (int i = 0; i < 100; ++i)
        aws.on("FilterLogEvents", R"({"events":[],"nextToken":"t)" + std::to_string(i) + R"("})");
    auto provider = aws.provider();
    auto answer = status_of(*provider, reference(express_arn));
    ASSERT_TRUE(answer.run);
    EXPECT_EQ(answer.run.value().status, PipelineRunStatus::running);
    EXPECT_THAT(answer.run.value().message, HasSubstr("no event"));
    EXPECT_EQ(aws.sent("FilterLogEvents").size(), 50U);
}

TEST(StepFunctionsProvider, TestsItsConnection) {  // PLAT-4, SAFE-3
    auto aws = aws_states();
    aws.on("GetCallerIdentity",
           "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::012345678901:user/ann</"
           "Arn><UserId>U</UserId>"
           "<Account>012345678901</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
    aws.refuse("ListStateMachines", "AccessDeniedException",
               "User: arn:aws:iam::012345678901:user/ann is not authorized to perform: "
               "states:ListStateMachines on resource: "
               "arn:aws:states:eu-west-1:012345678901:stateMachine:*");
    auto provider = aws.provider();
    auto report = run_async(provider->test_connection());
    EXPECT_FALSE(report.passed());
    EXPECT_EQ(report.account, "012345678901");
    EXPECT_EQ(report.caller_arn, "arn:aws:iam::012345678901:user/ann");
    EXPECT_EQ(report.credentials_source, "test keys");
    ASSERT_EQ(report.checks.size(), 3U);
    EXPECT_TRUE(report.checks[0].passed);
    EXPECT_TRUE(report.checks[1].passed);
    EXPECT_FALSE(report.checks[2].passed);
    EXPECT_THAT(
        report.checks[2].remedy,
        HasSubstr("Allow states:ListStateMachines on arn:aws:states:eu-west-1:012345678901:stateMachine:*"));
    for (const auto& check : report.checks)
        EXPECT_THAT(check.detail + check.remedy, Not(HasSubstr("test-secret")));
    aws.credentials = std::make_shared<provider_test::FixedCredentials>(
        make_error(ErrorKind::credentials, "no_credentials", "none found"));
    report = run_async(aws.provider()->test_connection());
    ASSERT_EQ(report.checks.size(), 1U);
    EXPECT_EQ(report.checks[0].name, "credentials");
}

}  // namespace
}  // namespace polysync
