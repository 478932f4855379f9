// The pure parts of the Step Functions provider.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/execution_run.h"
#include "provider/step_functions/express_log.h"
#include "provider/step_functions/history.h"
#include "provider/step_functions/input.h"
#include "provider/step_functions/outputs.h"
#include "provider/step_functions/start_request.h"

namespace polysync::step_functions {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* machine = "arn:aws:states:eu-west-1:012345678901:stateMachine:m";
constexpr const char* guid = "01234567-89AB-4def-8123-0123456789ab";

ParameterValue value(std::string name, DataType type, std::string text,
                     Direction direction = Direction::input) {
    ParameterValue out;
    out.parameter.name = std::move(name);
    out.parameter.type = type;
    out.parameter.direction = direction;
    out.value = std::move(text);
    out.source = "-p";
    return out;
}

Parameter output(std::string name, Direction direction = Direction::output) {
    Parameter out;
    out.name = std::move(name);
    out.direction = direction;
    return out;
}

struct ValueCase {
    DataType type;
    const char* text;
    const char* json;  // null: refused
};

const ValueCase value_cases[] = {
    // SFN-2
    {DataType::string, "plain", R"("plain")"},
    {DataType::string, "", R"("")"},
    {DataType::string, "10", R"("10")"},
    {DataType::string, "true", R"("true")"},
    {DataType::string, "null", R"("null")"},
    {DataType::string, "a \"b\"\n\\", R"("a \"b\"\n\\")"},
    {DataType::string, "grüße", R"("grüße")"},
    {DataType::string, R"({"a": 1})", R"({"a": 1})"},
    {DataType::string, R"( [1, 2] )", R"([1, 2])"},
    {DataType::string, R"({"a": )", R"("{\"a\": ")"},
    {DataType::string, R"("quoted")", R"("\"quoted\"")"},
    {DataType::string, "\xff\xfe", nullptr},
    {DataType::integer, "10", "10"},
    {DataType::integer, "-9007199254740993", "-9007199254740993"},
    {DataType::integer, "123456789012345678901234567890", "123456789012345678901234567890"},
    {DataType::integer, "1.5", nullptr},
    {DataType::integer, "007", nullptr},
    {DataType::number, "1.50", "1.50"},
    {DataType::number, "1e3", "1e3"},
    {DataType::number, "abc", nullptr},
    {DataType::boolean, "true", "true"},
    {DataType::boolean, "True", nullptr},
    {DataType::json, R"({"a":[1,2.0,12345678901234567890]})", R"({"a":[1,2.0,12345678901234567890]})"},
    {DataType::json, R"("text")", R"("text")"},
    {DataType::json, "null", "null"},
    {DataType::json, "{", nullptr},
    {DataType::json, "", nullptr},
};

TEST(StepFunctionsInput, TypesEveryValue) {
    for (const auto& c : value_cases) {
        SCOPED_TRACE(c.text);
        auto sent = json_of(value("p", c.type, c.text).parameter, c.text);
        if (!c.json) {
            ASSERT_FALSE(sent);
            EXPECT_EQ(sent.error().kind, ErrorKind::invalid_input);
            EXPECT_THAT(sent.error().message, HasSubstr("'p'"));
        } else {
            ASSERT_TRUE(sent) << sent.error().message;
            EXPECT_EQ(sent.value(), c.json);
        }
    }
}

TEST(StepFunctionsInput, IsOneObjectOfTheInputs) {
    EXPECT_EQ(build_input({}).value(), "{}");
    std::vector<ParameterValue> values{value("n", DataType::integer, "9007199254740993"),
                                       value("out", DataType::string, "x", Direction::output),
                                       value("both \"q\"", DataType::string, "[1]", Direction::input_output)};
    values.push_back({output("unset", Direction::input_output), std::nullopt, ""});
    EXPECT_EQ(build_input(values).value(), R"({"n":9007199254740993,"both \"q\"":[1]})");
    values.push_back(value("n", DataType::integer, "1"));
    EXPECT_THAT(build_input(values).error().message, HasSubstr("twice"));
}

TEST(StepFunctionsInput, HasALimitInBytes) {
    std::string frame = R"({"s":""})";
    std::vector<ParameterValue> values{
        value("s", DataType::string, std::string(input_limit_bytes - frame.size(), 'x'))};
    ASSERT_TRUE(build_input(values));
    EXPECT_EQ(build_input(values).value().size(), input_limit_bytes);
    values[0].value->push_back('x');
    EXPECT_EQ(build_input(values).error().code, "input_too_large");
    values[0].value = std::string(input_limit_bytes / 2, 'x') + "ü";  // two bytes in UTF-8
    EXPECT_TRUE(build_input(values));
}

struct OutputCase {
    std::vector<Parameter> parameters;
    std::optional<std::string> text;
    const char* filled;  // as a JSON object
    const char* note;    // a part
};

TEST(StepFunctionsOutputs, FillByNameIgnoringCase) {  // SFN-6
    const OutputCase cases[] = {
        {{output("a")}, R"({"a":1,"b":2})", R"({"a":1})", ""},
        {{output("a"), output("b", Direction::input_output)},
         R"({"a":{"x":[1]},"b":null})",
         R"({"a":{"x":[1]},"b":null})",
         ""},
        {{output("Rows")}, R"({"rows":7})", R"({"Rows":7})", ""},
        {{output("rows")}, R"({"Rows":1,"rows":2,"ROWS":3})", R"({"rows":2})", ""},  // the exact case wins
        {{output("rows")}, R"({"Rows":1,"ROWS":3})", R"({})", "2 properties"},
        {{output("a")}, R"({"b":1})", R"({})", "no property 'a'"},
        {{output("a", Direction::input)}, R"([1])", R"({})", ""},
        {{output("a")}, R"([1])", R"({})", "an array"},
        {{output("a")}, R"("text")", R"({})", "a string"},
        {{output("a")}, R"(5)", R"({})", "a number"},
        {{output("a")}, R"(true)", R"({})", "a boolean"},
        {{output("a")}, R"(null)", R"({})", "null"},
        {{output("a")}, R"({"a":)", R"({})", "not readable"},
        {{output("a")}, std::nullopt, R"({})", "no output"},
        {{output("big")}, R"({"big":9007199254740993})", R"({"big":9007199254740993})", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text.value_or("(none)"));
        auto filled = fill_outputs(c.parameters, c.text);
        boost::json::object got;
        for (auto& [name, json] : filled.values) got[name] = json;
        EXPECT_EQ(boost::json::serialize(got), c.filled);
        if (*c.note) {
            EXPECT_THAT(filled.note, HasSubstr(c.note));
        } else {
            EXPECT_EQ(filled.note, "");
        }
    }
}

TEST(StepFunctionsArn, OfMachinesAndExecutions) {  // SFN-1, SFN-4
    auto plain = parse_state_machine_arn(machine);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->qualifier, "");
    EXPECT_EQ(plain->execution("x"), "arn:aws:states:eu-west-1:012345678901:execution:m:x");
    auto alias = parse_state_machine_arn(std::string(machine) + ":PROD");
    ASSERT_TRUE(alias);
    EXPECT_EQ(alias->qualifier, "PROD");
    EXPECT_EQ(alias->plain(), machine);
    EXPECT_EQ(alias->execution("x"), "arn:aws:states:eu-west-1:012345678901:execution:m:x");
    for (const char* bad : {"m", "", "arn:aws:states:r:1:execution:m:x", "arn:aws:glue:r:1:stateMachine:m",
                            "arn:aws:states:r:1:stateMachine:", "arn:aws:states:r:1:stateMachine:m:1:2"}) {
        EXPECT_FALSE(parse_state_machine_arn(bad)) << bad;
    }
    auto express = parse_execution_arn("arn:aws:states:eu-west-1:1:express:m:name:uuid");
    ASSERT_TRUE(express);
    EXPECT_TRUE(express->express);
    EXPECT_EQ(express->name, "name");
    EXPECT_EQ(express->state_machine.plain(), "arn:aws:states:eu-west-1:1:stateMachine:m");
    for (const char* bad :
         {"", machine, "arn:aws:states:r:1:execution:m", "arn:aws:states:r:1:execution::n"}) {
        EXPECT_FALSE(parse_execution_arn(bad)) << bad;
    }
}

struct StatusCase {
    const char* aws_status;
    PipelineRunStatus status;
    const char* error;
    const char* cause;
    const char* code;
    const char* message;
};

TEST(StepFunctionsRun, MapsStatusesAndReasons) {  // SFN-5, PLAT-7
    const StatusCase cases[] = {
        {"RUNNING", PipelineRunStatus::running, "", "", "", ""},
        {"PENDING_REDRIVE", PipelineRunStatus::running, "", "", "", ""},
        {"SUCCEEDED", PipelineRunStatus::success, "", "", "", ""},
        {"FAILED", PipelineRunStatus::failed, "MyError", "why", "MyError", "MyError: why"},
        {"FAILED", PipelineRunStatus::failed, "MyError", "", "MyError", "MyError"},
        {"FAILED", PipelineRunStatus::failed, "", "why", "", "why"},
        {"TIMED_OUT", PipelineRunStatus::failed, "", "", "States.Timeout", "The execution timed out."},
        {"ABORTED", PipelineRunStatus::cancelled, "PolysyncCancellation", "Cancelled by Polysync",
         "PolysyncCancellation", "Cancelled by Polysync"},
        {"SOMETHING_NEW", PipelineRunStatus::running, "", "", "", ""},
    };
    for (const auto& c : cases) {
        aws::states::Execution execution;
        execution.arn = "arn:aws:states:eu-west-1:1:execution:m:n";
        execution.status = c.aws_status;
        execution.error = c.error;
        execution.cause = c.cause;
        auto run = to_run(execution, {}, "eu-west-1");
        EXPECT_EQ(run.status, c.status) << c.aws_status;
        EXPECT_EQ(run.aws_status, c.aws_status);
        EXPECT_EQ(run.code, c.code) << c.aws_status;
        EXPECT_EQ(run.message, c.message) << c.aws_status;
        EXPECT_EQ(
            run.monitor_url,
            "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/"
            "arn:aws:states:eu-west-1:1:execution:m:n");  // SFN-8
    }
    EXPECT_EQ(monitor_url("us-iso-east-1", "arn:x"), "");
}

Platform platform() {
    Platform out;
    out.type = PlatformType::aws_step_functions;
    out.region = "eu-west-1";
    out.defaults["trace_header"] = "Root=default";
    return out;
}

SubmitSpec spec() {
    SubmitSpec out;
    out.job.external_id = machine;
    out.job.details["type"] = "STANDARD";
    out.token = SubmissionToken(guid);
    out.values.push_back(value("n", DataType::integer, "1"));
    return out;
}

TEST(StepFunctionsStart, BuildsTheRequest) {  // SFN-3
    auto intent = prepare_start(platform(), spec(), SystemTime(Millis(5)));
    ASSERT_TRUE(intent);
    EXPECT_EQ(
        boost::json::serialize(intent.value().request),
        R"({"stateMachineArn":"arn:aws:states:eu-west-1:012345678901:stateMachine:m","name":)"
        R"("Polysync-01234567-89ab-4def-8123-0123456789ab","input":"{\"n\":1}","traceHeader":"Root=default"})");
    EXPECT_EQ(intent.value().operation, "StartExecution");
    EXPECT_TRUE(intent.value().repeat_is_safe);
    EXPECT_THAT(intent.value().from_definition, IsEmpty());
    EXPECT_THAT(intent.value().warnings, IsEmpty());
    auto own = spec();
    own.job.attributes["trace_header"] = "Root=job";
    intent = prepare_start(platform(), own, {});
    EXPECT_EQ(intent.value().request.at("traceHeader").as_string(), "Root=job");  // the job's tier wins
}

TEST(StepFunctionsStart, TheTypeDecidesWhatMayBeRepeated) {  // SFN-9, SAFE-1
    auto unknown = spec();
    unknown.job.details.clear();
    auto intent = prepare_start(platform(), unknown, {});
    ASSERT_TRUE(intent);
    EXPECT_FALSE(intent.value().repeat_is_safe);
    EXPECT_THAT(intent.value().from_definition, ElementsAre("type"));
    aws::states::StateMachine described;
    described.type = "STANDARD";
    auto completed = complete_start(intent.value(), described);
    EXPECT_TRUE(completed.value().repeat_is_safe);
    EXPECT_THAT(completed.value().from_definition, IsEmpty());
    described.type = "EXPRESS";
    completed = complete_start(intent.value(), described);
    EXPECT_FALSE(completed.value().repeat_is_safe);
    EXPECT_THAT(completed.value().warnings, Contains(HasSubstr("outcome_unknown")));
    described.logging.level = "ALL";
    described.logging.log_group_arns = {"arn:aws:logs:eu-west-1:1:log-group:/x:*"};
    EXPECT_THAT(complete_start(intent.value(), described).value().warnings, IsEmpty());

    unknown.job.attributes["execution_mode"] = "sync";
    intent = prepare_start(platform(), unknown, {});
    EXPECT_EQ(intent.value().operation, "StartSyncExecution");
    described.type = "STANDARD";
    EXPECT_EQ(complete_start(intent.value(), described).error().code, "sync_needs_express");
    unknown.job.details["type"] = "STANDARD";
    EXPECT_EQ(prepare_start(platform(), unknown, {}).error().code, "sync_needs_express");
    unknown.job.details["type"] = "EXPRESS";
    EXPECT_FALSE(prepare_start(platform(), unknown, {}).value().repeat_is_safe);
}

TEST(StepFunctionsStart, RefusesBadInputBeforeAnyCall) {  // SAFE-5
    auto bad = spec();
    bad.job.external_id = "m";
    EXPECT_EQ(prepare_start(platform(), bad, {}).error().code, "bad_state_machine_arn");
    bad = spec();
    bad.token = SubmissionToken("x");
    EXPECT_EQ(prepare_start(platform(), bad, {}).error().code, "bad_token");
    bad = spec();
    bad.values.push_back(value("j", DataType::json, "{"));
    EXPECT_EQ(prepare_start(platform(), bad, {}).error().kind, ErrorKind::invalid_input);
    bad = spec();
    Parameter needed;
    needed.name = "day";
    needed.required = true;
    bad.job.parameters.push_back(needed);
    EXPECT_EQ(prepare_start(platform(), bad, {}).error().code, "missing_parameter");
    bad.values.push_back(value("day", DataType::string, "x"));
    EXPECT_TRUE(prepare_start(platform(), bad, {}));
}

aws::logs::LogEvent logged(long long ms, std::string message) {
    aws::logs::LogEvent out;
    out.timestamp = SystemTime(Millis(ms));
    out.message = std::move(message);
    out.event_id = std::to_string(ms) + out.message.substr(0, 12);
    return out;
}

TEST(ExpressLog, TellsHowAnExecutionEnded) {  // SFN-9
    const std::string arn = "arn:aws:states:r:1:express:m:n:u";
    std::vector<aws::logs::LogEvent> events{
        logged(
            1000,
            R"({"id":"1","type":"ExecutionStarted","details":{"input":"{}"},"event_timestamp":"1001","execution_arn":")" +
                arn + R"("})"),
        logged(1500,
               R"({"id":"2","type":"ExecutionFailed","execution_arn":"arn:other","event_timestamp":"1500"})"),
        logged(1600, "no JSON"),
        logged(1700, R"([1])"),
    };
    auto trace = read_trace(events, arn);
    EXPECT_TRUE(trace.seen);
    EXPECT_EQ(trace.execution.status, "RUNNING");
    EXPECT_EQ(trace.execution.start_date, SystemTime(Millis(1001)));
    events.push_back(logged(
        2000, R"({"id":"5","type":"ExecutionSucceeded","details":{"output":"{\"a\":1}","new":[]},"new":1,)"
              R"("event_timestamp":"2002","execution_arn":")" +
                  arn + R"("})"));
    trace = read_trace(events, arn);
    EXPECT_EQ(trace.execution.status, "SUCCEEDED");
    EXPECT_EQ(trace.execution.output, R"({"a":1})");
    EXPECT_EQ(trace.execution.stop_date, SystemTime(Millis(2002)));
    EXPECT_TRUE(trace.data_logged);
    events.back() =
        logged(2000, R"({"type":"ExecutionTimedOut","event_timestamp":7,"execution_arn":")" + arn + R"("})");
    trace = read_trace(events, arn);
    EXPECT_EQ(trace.execution.status, "TIMED_OUT");
    EXPECT_FALSE(trace.data_logged);
    events.back() =
        logged(2000, R"({"type":"ExecutionFailed","details":{"error":"E","cause":"c"},"execution_arn":")" +
                         arn + R"("})");
    trace = read_trace(events, arn);
    EXPECT_EQ(trace.execution.error, "E");
    EXPECT_EQ(trace.execution.stop_date, SystemTime(Millis(2000)));
    EXPECT_FALSE(read_trace({}, arn).seen);
}

TEST(ExpressLog, GivesEachLineOnce) {
    std::vector<aws::logs::LogEvent> events{logged(2, "b"), logged(1, "a")};
    EventCursor cursor;
    auto lines = take_new_lines(events, cursor);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].text, "a");
    auto resumed = decode_event_cursor(encode_event_cursor(cursor));
    ASSERT_TRUE(resumed);
    events.push_back(logged(2, "c"));
    events.push_back(logged(3, "d"));
    lines = take_new_lines(events, resumed.value());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].text, "c");
    for (const char* bad : {"x", "x1:", "x1:9", "x1:-1:", "h1:0:"})
        EXPECT_FALSE(decode_event_cursor(bad)) << bad;
    EXPECT_EQ(phrase_pattern(R"(a"b)"), R"("a\"b")");
}

TEST(History, BecomesLinesWithTheirStates) {
    aws::states::HistoryEvent started, entered, failed, ended;
    started.id = 1;
    started.type = "ExecutionStarted";
    started.timestamp = SystemTime(Millis(1));
    started.input = "{}";
    entered.id = 2;
    entered.previous_id = 1;
    entered.type = "TaskStateEntered";
    entered.name = "Load";
    failed.id = 3;
    failed.previous_id = 2;
    failed.type = "TaskFailed";
    failed.resource = "glue:startJobRun";
    failed.error = "E";
    failed.cause = std::string(5000, 'x');
    ended.id = 4;
    ended.previous_id = 3;
    ended.type = "ExecutionFailed";
    std::vector<aws::states::HistoryEvent> events{started, entered, failed, ended};
    auto lines = to_log_lines(events, 0);
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines[0].text, "ExecutionStarted input {}");
    EXPECT_EQ(lines[1].stream, "Load");
    EXPECT_EQ(lines[2].stream, "Load");
    EXPECT_THAT(lines[2].text, HasSubstr("TaskFailed glue:startJobRun E: xxx"));
    EXPECT_LT(lines[2].text.size(), 2100U);
    EXPECT_EQ(lines[3].stream, "");
    EXPECT_EQ(to_log_lines(events, 2).size(), 2U);
    HistoryCursor cursor{7, "token:with|anything"};
    auto again = decode_history_cursor(encode_cursor(cursor));
    ASSERT_TRUE(again);
    EXPECT_EQ(again.value().last_id, 7);
    EXPECT_EQ(again.value().page_token, "token:with|anything");
    for (const char* bad : {"x", "h1:", "h1:a:", "h1:-1:", "h1:5"})
        EXPECT_FALSE(decode_history_cursor(bad)) << bad;
}

}  // namespace
}  // namespace polysync::step_functions
