#include "sandbox/services/stepfunctions.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sandbox/services/service_test_kit.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view base = "arn:aws:states:eu-west-1:123456789012";

std::string machine_arn(std::string_view name) { return fmt::format("{}:stateMachine:{}", base, name); }

struct StepFunctions : testing::Test {
    Settings settings{.durations = {.running = 3000ms}};
    StepFunctionsService service{settings};
    Caller aws{service};

    StepFunctions() {
        aws.admin("state_machine", R"({"name":"orders","versions":2,"aliases":{"PROD":2}})");
        aws.admin("state_machine", R"({"name":"fast","type":"EXPRESS"})");
    }
    ServiceAnswer try_start(std::string_view machine, const std::string& more) {
        return aws.call("StartExecution",
                        fmt::format(R"({{"stateMachineArn":"{}"{}}})", machine_arn(machine), more));
    }
    std::string start(std::string_view machine, const std::string& more = "") {
        const ServiceAnswer got = try_start(machine, more);
        EXPECT_EQ(got.error_code, "") << got.error_message;
        return text(got.body, "executionArn");
    }
    Json describe(const std::string& arn) {
        return aws.ok("DescribeExecution", fmt::format(R"({{"executionArn":"{}"}})", arn));
    }
    std::string code(std::string_view operation, const std::string& arn) {
        return aws.code(operation, fmt::format(R"({{"executionArn":"{}"}})", arn));
    }
    std::vector<Json> history(const std::string& arn, const std::string& more = "") {
        return aws.all("GetExecutionHistory", fmt::format(R"({{"executionArn":"{}"{}}})", arn, more),
                       "events", "nextToken", "nextToken");
    }
};

// SFN-4, SFN-5, SFN-6
TEST_F(StepFunctions, Ends) {
    struct Case {
        std::string outcome;
        std::string status;
        std::string error;
        std::string output;
        std::string last_event;
    };
    const Case cases[] = {
        {R"({})", "SUCCEEDED", "", R"({"day":1})", "ExecutionSucceeded"},
        {R"({"output":{"rows":5}})", "SUCCEEDED", "", R"({"rows":5})", "ExecutionSucceeded"},
        {R"({"output":"text"})", "SUCCEEDED", "", R"("text")", "ExecutionSucceeded"},
        {R"({"output":"{\"rows\": 0.05}"})", "SUCCEEDED", "", R"({"rows": 0.05})", "ExecutionSucceeded"},
        {R"({"output":{"rate":0.05}})", "SUCCEEDED", "", R"({"rate":0.05})", "ExecutionSucceeded"},
        {R"({"status":"FAILED","error":"States.TaskFailed","cause":"boom"})", "FAILED", "States.TaskFailed",
         "", "ExecutionFailed"},
        {R"({"status":"TIMED_OUT","error":"States.Timeout"})", "TIMED_OUT", "States.Timeout", "",
         "ExecutionTimedOut"},
        {R"({"status":"ABORTED"})", "ABORTED", "", "", "ExecutionAborted"},
    };
    for (const Case& each : cases) {
        aws.admin("outcome", fmt::format(R"({{"state_machine":"orders","runs":1{}{})",
                                         each.outcome == "{}" ? "" : ",", each.outcome.substr(1)));
        const std::string arn = start("orders", R"(,"input":"{\"day\":1}")");
        EXPECT_EQ(string_at(describe(arn), "status"), "RUNNING");
        EXPECT_TRUE(member(describe(arn), "stopDate").is_null());
        aws.pass(3000ms);
        const Json ended = describe(arn);
        EXPECT_EQ(string_at(ended, "status"), each.status);
        EXPECT_EQ(string_at(ended, "error"), each.error);
        EXPECT_EQ(string_at(ended, "output"), each.output);
        EXPECT_FALSE(member(ended, "stopDate").is_null());
        EXPECT_EQ(string_at(history(arn, R"(,"reverseOrder":true)").front(), "type"), each.last_event);
        const Json meta =
            aws.ok("DescribeExecution",
                   fmt::format(R"({{"executionArn":"{}","includedData":"METADATA_ONLY"}})", arn));
        for (const char* data : {"input", "output", "error", "cause"})
            EXPECT_TRUE(member(meta, data).is_null());
    }
}

// aws-facts 5.1: the table of idempotency by name. SFN-3, SAFE-1.
TEST_F(StepFunctions, TheNameMakesAStartIdempotent) {
    const std::string first = start("orders", R"(,"name":"n","input":"{}")");
    EXPECT_EQ(first, fmt::format("{}:execution:orders:n", base));
    const ServiceAnswer again = try_start("orders", R"(,"name":"n")");
    EXPECT_EQ(again.error_code, "");
    EXPECT_EQ(text(again.body, "executionArn"), first);
    EXPECT_EQ(try_start("orders", R"(,"name":"n","input":"{ }")").error_code, "ExecutionAlreadyExists");
    EXPECT_EQ(try_start("orders", R"(,"name":"n","input":"{ }")").error_message,
              fmt::format("Execution Already Exists: '{}'", first));
    aws.pass(3000ms);
    EXPECT_EQ(try_start("orders", R"(,"name":"n","input":"{}")").error_code, "ExecutionAlreadyExists");
    EXPECT_EQ(integer(service.submissions(), "n"), 1);
    aws.pass(24h * 91);
    EXPECT_EQ(code("DescribeExecution", first), "ExecutionDoesNotExist");
    EXPECT_EQ(try_start("orders", R"(,"name":"n")").error_code, "");
    EXPECT_EQ(integer(service.submissions(), "n"), 2);
}

// SFN-9 and aws-facts 5.2
TEST_F(StepFunctions, ExpressExecutionsCannotBeLookedUp) {
    const std::string arn = start("fast", R"(,"name":"n")");
    EXPECT_EQ(arn.find(fmt::format("{}:express:fast:n:", base)), 0u);
    EXPECT_NE(start("fast", R"(,"name":"n")"), arn);
    EXPECT_EQ(integer(service.submissions(), "n"), 2);
    for (const char* operation : {"DescribeExecution", "StopExecution", "GetExecutionHistory"}) {
        EXPECT_EQ(code(operation, arn), "InvalidArn") << operation;
    }
    EXPECT_EQ(aws.call("DescribeExecution", fmt::format(R"({{"executionArn":"{}"}})", arn)).error_message,
              "Invalid Arn: 'Resource type not valid in this context: express'");
    EXPECT_EQ(aws.code("ListExecutions", fmt::format(R"({{"stateMachineArn":"{}"}})", machine_arn("fast"))),
              "StateMachineTypeNotSupported");
}

TEST_F(StepFunctions, SyncAnswersAtTheEnd) {
    const auto call =
        fmt::format(R"({{"stateMachineArn":"{}","input":"{{\"a\":1}}","name":"s"}})", machine_arn("fast"));
    const ServiceAnswer good = aws.call("StartSyncExecution", call);
    EXPECT_EQ(good.error_code, "");
    EXPECT_EQ(good.delay, 3000ms);
    EXPECT_EQ(text(good.body, "status"), "SUCCEEDED");
    EXPECT_EQ(text(good.body, "output"), R"({"a":1})");
    aws.admin("outcome",
              R"({"state_machine":"fast","runs":1,"status":"FAILED","error":"Bad","cause":"why"})");
    const ServiceAnswer failed = aws.call("StartSyncExecution", call);
    EXPECT_EQ(failed.error_code, "");
    EXPECT_EQ(text(failed.body, "status"), "FAILED");
    EXPECT_EQ(text(failed.body, "error"), "Bad");
    aws.admin("outcome", R"({"state_machine":"fast","runs":1,"run_ms":600000})");
    const ServiceAnswer slow = aws.call("StartSyncExecution", call);
    EXPECT_EQ(text(slow.body, "status"), "TIMED_OUT");
    EXPECT_EQ(slow.delay, 5min);
    EXPECT_EQ(
        aws.code("StartSyncExecution", fmt::format(R"({{"stateMachineArn":"{}"}})", machine_arn("orders"))),
        "StateMachineTypeNotSupported");
}

TEST_F(StepFunctions, RefusesBadStarts) {
    aws.admin("state_machine", R"({"name":"leaving","status":"DELETING"})");
    struct Case {
        std::string arn;
        std::string more;
        std::string code;
    };
    const std::string good = machine_arn("orders");
    const Case cases[] = {
        {machine_arn("none"), "", "StateMachineDoesNotExist"},
        {"orders", "", "InvalidArn"},
        {"arn:aws:states:eu-west-1:123456789012:execution:orders:x", "", "InvalidArn"},
        {"arn:aws:states:us-east-1:123456789012:stateMachine:orders", "", "StateMachineDoesNotExist"},
        {good + "/label", "", "ValidationException"},
        {good + ":9", "", "StateMachineDoesNotExist"},
        {good + ":TEST", "", "StateMachineDoesNotExist"},
        {machine_arn("leaving"), "", "StateMachineDeleting"},
        {good, R"(,"input":"{")", "InvalidExecutionInput"},
        {good, R"(,"input":"")", "InvalidExecutionInput"},
        {good, R"(,"name":"a b")", "InvalidName"},
        {good, R"(,"name":"a/b")", "InvalidName"},
        {good, R"(,"name":"Ünicode_-.","input":"5")", ""},
        {good + ":1", "", ""},
        {good + ":PROD", "", ""},
    };
    for (const Case& each : cases) {
        EXPECT_EQ(
            aws.code("StartExecution", fmt::format(R"({{"stateMachineArn":"{}"{}}})", each.arn, each.more)),
            each.code)
            << each.arn << each.more;
    }
    JsonObject large{{"stateMachineArn", good}, {"input", "\"" + std::string(262'200, 'x') + "\""}};
    EXPECT_EQ(aws.code("StartExecution", boost::json::serialize(large)), "InvalidExecutionInput");
}

TEST_F(StepFunctions, VersionsAndAliases) {
    const std::string arn = start("orders:PROD");
    EXPECT_EQ(arn.find(fmt::format("{}:execution:orders:", base)), 0u);
    EXPECT_EQ(string_at(describe(arn), "stateMachineArn"), machine_arn("orders"));
    EXPECT_EQ(string_at(describe(arn), "stateMachineVersionArn"), machine_arn("orders:2"));
    EXPECT_EQ(string_at(describe(arn), "stateMachineAliasArn"), machine_arn("orders:PROD"));
    (void)start("orders");
    const Json listed =
        aws.ok("ListExecutions", fmt::format(R"({{"stateMachineArn":"{}"}})", machine_arn("orders:PROD")));
    EXPECT_EQ(member(listed, "executions").as_array().size(), 1u);
    const auto query = fmt::format(R"({{"stateMachineArn":"{}"}})", machine_arn("orders"));
    EXPECT_EQ(member(aws.ok("ListStateMachineVersions", query), "stateMachineVersions").as_array().size(),
              2u);
    EXPECT_EQ(member(aws.ok("ListStateMachineAliases", query), "stateMachineAliases").as_array().size(), 1u);
    EXPECT_EQ(string_at(aws.ok("DescribeStateMachine", query), "type"), "STANDARD");
    EXPECT_EQ(aws.code("DescribeStateMachine", R"({"stateMachineArn":"x"})"), "InvalidArn");
}

// SFN-7
TEST_F(StepFunctions, StopAborts) {
    const std::string arn = start("orders");
    aws.pass(1000ms);
    const auto stop = fmt::format(
        R"({{"executionArn":"{}","error":"PolysyncCancellation","cause":"Cancelled by Polysync"}})", arn);
    const JsonObject first = aws.ok("StopExecution", stop);
    EXPECT_EQ(string_at(describe(arn), "status"), "ABORTED");
    EXPECT_EQ(string_at(describe(arn), "error"), "PolysyncCancellation");
    EXPECT_EQ(string_at(describe(arn), "cause"), "Cancelled by Polysync");
    EXPECT_EQ(string_at(history(arn).back(), "type"), "ExecutionAborted");
    EXPECT_EQ(string_at(history(arn).back(), "executionAbortedEventDetails.cause"), "Cancelled by Polysync");
    aws.pass(1h);
    EXPECT_EQ(aws.ok("StopExecution", stop), first);
    const std::string done = start("orders");
    aws.pass(1h);
    EXPECT_EQ(code("StopExecution", done), "");
    EXPECT_EQ(string_at(describe(done), "status"), "SUCCEEDED");
    EXPECT_EQ(code("StopExecution", fmt::format("{}:execution:orders:none", base)), "ExecutionDoesNotExist");
    EXPECT_EQ(code("StopExecution", "nonsense"), "InvalidArn");
}

TEST_F(StepFunctions, HistoryFollowsTheDefinition) {
    aws.admin("state_machine", R"({"name":"flow","definition":{"StartAt":"Read","States":{
        "Read":{"Type":"Task","Resource":"arn:aws:states:::glue:startJobRun.sync","Next":"Pause"},
        "Pause":{"Type":"Wait","Seconds":2,"Next":"Choose"},
        "Choose":{"Type":"Choice","Choices":[],"Default":"Load"},
        "Load":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:1:function:load","Next":"Done"},
        "Done":{"Type":"Succeed"}}}})");
    const std::string arn = start("flow");
    aws.pass(1s);
    const std::size_t early = history(arn).size();
    aws.pass(1h);
    const auto events = history(arn, R"(,"maxResults":3)");
    EXPECT_LT(early, events.size());
    std::string types;
    for (std::size_t i = 0; i < events.size(); ++i) {
        types += string_at(events[i], "type") + " ";
        EXPECT_EQ(member(events[i], "id").as_int64(), std::int64_t(i) + 1);
    }
    EXPECT_EQ(types,
              "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded "
              "TaskStateExited "
              "WaitStateEntered WaitStateExited ChoiceStateEntered ChoiceStateExited TaskStateEntered "
              "LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited "
              "SucceedStateEntered SucceedStateExited ExecutionSucceeded ");
    const auto bare = history(arn, R"(,"includeExecutionData":false)");
    EXPECT_TRUE(member(bare[0], "executionStartedEventDetails.input").is_null());
    aws.admin("outcome", R"({"state_machine":"flow","status":"FAILED","error":"E","cause":"C"})");
    const std::string bad = start("flow");
    aws.pass(1h);
    const auto failed = history(bad, R"(,"reverseOrder":true,"maxResults":2)");
    EXPECT_EQ(string_at(failed[0], "executionFailedEventDetails.error"), "E");
    EXPECT_EQ(string_at(failed[1], "lambdaFunctionFailedEventDetails.cause"), "C");
    aws.admin("state_machine", R"({"name":"refuse","definition":{"StartAt":"F","States":{
        "F":{"Type":"Fail","Error":"NoData","Cause":"nothing there"}}}})");
    const std::string refused = start("refuse");
    aws.pass(1h);
    EXPECT_EQ(string_at(describe(refused), "error"), "NoData");
}

TEST_F(StepFunctions, ListsExecutions) {
    std::vector<std::string> arns;
    for (int i = 0; i < 250; ++i) {
        if (i % 5 == 0) aws.admin("outcome", R"({"state_machine":"orders","runs":1,"status":"FAILED"})");
        arns.push_back(start("orders"));
        aws.pass(1ms);
    }
    const auto list = [&](const std::string& more, int* pages = nullptr) {
        return aws.all("ListExecutions",
                       fmt::format(R"({{"stateMachineArn":"{}"{}}})", machine_arn("orders"), more),
                       "executions", "nextToken", "nextToken", pages);
    };
    int pages = 0;
    EXPECT_EQ(list("", &pages).size(), 250u);
    EXPECT_EQ(string_at(list("").front(), "executionArn"), arns.back());
    EXPECT_GT(pages, 3);  // short and empty pages in between
    EXPECT_EQ(list(R"(,"statusFilter":"RUNNING","maxResults":7)").size(), 250u);
    aws.pass(1h);
    EXPECT_EQ(list(R"(,"statusFilter":"RUNNING")").size(), 0u);
    EXPECT_EQ(list(R"(,"statusFilter":"FAILED","maxResults":10)").size(), 50u);
    EXPECT_EQ(list(R"(,"statusFilter":"SUCCEEDED","maxResults":1000)").size(), 200u);
    settings.consistency.list_delay = 1s;
    settings.consistency.describe_delay = 1s;
    const std::string late = start("orders");
    EXPECT_EQ(list("").size(), 250u);
    EXPECT_EQ(code("DescribeExecution", late), "ExecutionDoesNotExist");
    aws.pass(1s);
    EXPECT_EQ(list("").size(), 251u);
    EXPECT_EQ(code("DescribeExecution", late), "");
    for (const char* bad : {R"("statusFilter":"PENDING_REDRIVE")", R"("mapRunArn":"x")"}) {
        EXPECT_EQ(aws.code("ListExecutions",
                           fmt::format(R"({{"stateMachineArn":"{}",{}}})", machine_arn("orders"), bad)),
                  "ValidationException");
    }
    EXPECT_EQ(aws.code("ListExecutions",
                       fmt::format(R"({{"stateMachineArn":"{}","nextToken":"x"}})", machine_arn("orders"))),
              "InvalidToken");
}

TEST_F(StepFunctions, ListsStateMachines) {
    aws.admin("state_machine", R"({"count":500,"name_prefix":"bulk-"})");
    int pages = 0;
    EXPECT_EQ(aws.all("ListStateMachines", "{}", "stateMachines", "nextToken", "nextToken", &pages).size(),
              502u);
    EXPECT_GE(pages, 6);
    EXPECT_EQ(aws.code("ListStateMachines", R"({"nextToken":"x"})"), "InvalidToken");
}

TEST_F(StepFunctions, LimitsAndScripts) {
    aws.admin("limits", R"({"open_executions":1})");
    (void)start("orders");
    EXPECT_EQ(try_start("orders", "").error_code, "ExecutionLimitExceeded");
    aws.pass(3s);
    EXPECT_EQ(try_start("orders", "").error_code, "");
    EXPECT_NE(aws.admin_refusal("machines", "{}").find("state_machine"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("state_machine", R"({"name":"x","definition":"{}"})"), "");
}

// SFN-9: the only trace of an Express execution.
TEST_F(StepFunctions, LogsWhatItsLevelAllows) {
    struct Case {
        std::string name;
        std::string logging;
        std::size_t events;
        bool output;
    };
    const Case cases[] = {
        {"all", R"({"level":"ALL","includeExecutionData":true})", 7, true},
        {"bare", R"({"level":"ALL"})", 7, false},
        {"errors", R"({"level":"ERROR","includeExecutionData":true})", 0, false},
        {"off", R"({"level":"OFF"})", 0, false},
    };
    for (const Case& each : cases) {
        aws.admin("state_machine",
                  fmt::format(R"({{"name":"{}","type":"EXPRESS","loggingConfiguration":{}}})", each.name,
                              each.logging));
        (void)start(each.name, R"(,"input":"{\"k\":1}")");
        aws.pass(4s);
        const std::string group = fmt::format("/aws/vendedlogs/states/{}-Logs", each.name);
        EXPECT_TRUE(service.has_log_group(group, aws.context));
        std::vector<LogLine> lines;
        service.each_log_stream(group, {}, aws.context, [&](const std::string& stream) {
            const auto found = service.log_stream(group, stream, aws.context);
            lines.insert(lines.end(), found->begin(), found->end());
            return true;
        });
        ASSERT_EQ(lines.size(), each.events) << each.name;
        if (lines.empty()) continue;
        const Json last = boost::json::parse(lines.back().message);
        EXPECT_EQ(string_at(last, "type"), "ExecutionSucceeded");
        EXPECT_EQ(string_at(last, "event_timestamp"), std::to_string(millis(lines.back().at)));
        EXPECT_EQ(string_at(last, "details.output"), each.output ? R"({"k":1})" : "");
    }
    EXPECT_FALSE(service.has_log_group("/aws/vendedlogs/states/fast-Logs", aws.context));
}

}  // namespace
}  // namespace polysync::sandbox
