#include "sandbox/services/sagemaker.h"

#include <fmt/format.h>

#include "sandbox/services/service_test_kit.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view churn = R"({"PipelineName":"Customer-Churn","PipelineDefinition":{
    "Parameters":[{"Name":"Rows","Type":"Integer","DefaultValue":10},{"Name":"Rate","Type":"Float","DefaultValue":0.1},
                  {"Name":"Fast","Type":"Boolean","DefaultValue":false},{"Name":"Data","Type":"String"},
                  {"Name":"Kind","Type":"String","DefaultValue":"a","EnumValues":["a","b"]}],
    "Steps":[{"Name":"Train","Type":"Training","DependsOn":["Prepare"]},{"Name":"Prepare","Type":"Processing"},
             {"Name":"Check","Type":"Condition","DependsOn":["Train"],
              "Arguments":{"IfSteps":[{"Name":"Register","Type":"RegisterModel"}],"ElseSteps":[]}}]}})";

struct SageMaker : testing::Test {
    Settings settings{.durations = {.running = 4000ms, .stopping = 500ms}};
    SageMakerService service{settings};
    Caller aws{service};
    int tokens = 0;

    SageMaker() { aws.admin("pipeline", churn); }
    std::string token() { return fmt::format("token-{:032}", ++tokens); }
    std::string start(
        const std::string& pipeline = "Customer-Churn",
        const std::string& more = R"(,"PipelineParameters":[{"Name":"Data","Value":"s3://x"}])") {
        return text(aws.ok("StartPipelineExecution",
                           fmt::format(R"({{"PipelineName":"{}","ClientRequestToken":"{}"{}}})", pipeline,
                                       token(), more)),
                    "PipelineExecutionArn");
    }
    Json describe(const std::string& arn) {
        return aws.ok("DescribePipelineExecution", fmt::format(R"({{"PipelineExecutionArn":"{}"}})", arn));
    }
    std::string status(const std::string& arn) { return string_at(describe(arn), "PipelineExecutionStatus"); }
    std::vector<Json> steps(const std::string& arn, const std::string& order = "Ascending") {
        return aws.all(
            "ListPipelineExecutionSteps",
            fmt::format(R"({{"PipelineExecutionArn":"{}","SortOrder":"{}","MaxResults":1}})", arn, order),
            "PipelineExecutionSteps", "NextToken", "NextToken");
    }
    std::string stop(const std::string& arn, const std::string& with) {
        return aws.code(
            "StopPipelineExecution",
            fmt::format(R"({{"PipelineExecutionArn":"{}","ClientRequestToken":"{}"}})", arn, with));
    }
};

// SM-3, SM-4
TEST_F(SageMaker, RunsItsStepsInOrder) {
    const std::string arn = start();
    EXPECT_EQ(arn.find("arn:aws:sagemaker:eu-west-1:123456789012:pipeline/customer-churn/execution/"), 0u);
    EXPECT_EQ(status(arn), "Executing");
    ASSERT_EQ(steps(arn).size(), 1u);
    EXPECT_EQ(string_at(steps(arn)[0], "StepName"), "Prepare");
    EXPECT_EQ(string_at(steps(arn)[0], "StepStatus"), "Starting");
    aws.pass(1500ms);
    ASSERT_EQ(steps(arn).size(), 2u);
    EXPECT_EQ(string_at(steps(arn)[0], "StepStatus"), "Succeeded");
    EXPECT_EQ(string_at(steps(arn)[1], "StepStatus"), "Executing");
    EXPECT_NE(string_at(steps(arn)[1], "Metadata.TrainingJob.Arn"), "");
    aws.pass(2500ms);
    EXPECT_EQ(status(arn), "Succeeded");
    ASSERT_EQ(steps(arn).size(), 4u);
    EXPECT_EQ(string_at(steps(arn, "Descending")[0], "StepName"), "Register");
    EXPECT_EQ(string_at(steps(arn)[2], "Metadata.Condition.Outcome"), "True");
}

TEST_F(SageMaker, FailuresStandInTheStep) {
    struct Case {
        std::string outcome;
        std::string status;
        std::size_t steps;
        std::string failed;
    };
    const Case cases[] = {
        {R"({"status":"Failed","failing_step":"Train","reason":"AlgorithmError: NaN"})", "Failed", 2,
         "Train"},
        {R"({"status":"Failed"})", "Failed", 4, "Register"},
        {R"({"status":"CompletedWithFailures","failing_step":"Check"})", "CompletedWithFailures", 3, "Check"},
    };
    for (const Case& each : cases) {
        aws.admin("outcome",
                  fmt::format(R"({{"pipeline":"Customer-Churn","runs":1,{})", each.outcome.substr(1)));
        const std::string arn = start();
        aws.pass(4s);
        EXPECT_EQ(status(arn), each.status);
        EXPECT_EQ(string_at(describe(arn), "FailureReason"), "Step failure: One or multiple steps failed.");
        const auto list = steps(arn);
        ASSERT_EQ(list.size(), each.steps) << each.outcome;
        EXPECT_EQ(string_at(list.back(), "StepName"), each.failed);
        EXPECT_EQ(string_at(list.back(), "StepStatus"), "Failed");
        EXPECT_NE(string_at(list.back(), "FailureReason"), "");
    }
}

// SM-2, SAFE-1
TEST_F(SageMaker, TheSameTokenIsTheSameExecution) {
    const auto body = [](const std::string& data, const std::string& with) {
        return fmt::format(R"({{"PipelineName":"Customer-Churn","ClientRequestToken":"{}",
                             "PipelineParameters":[{{"Name":"Data","Value":"{}"}}]}})",
                           with, data);
    };
    const std::string with = token();
    const JsonObject first = aws.ok("StartPipelineExecution", body("x", with));
    aws.pass(1h);
    EXPECT_EQ(aws.ok("StartPipelineExecution", body("x", with)), first);
    EXPECT_EQ(aws.code("StartPipelineExecution", body("y", with)), "ConflictException");
    EXPECT_EQ(integer(service.submissions(), with), 1);
    EXPECT_NE(aws.ok("StartPipelineExecution", body("x", token())), first);
}

TEST_F(SageMaker, ChecksParameters) {
    struct Case {
        std::string name;
        std::string value;
        bool good;
    };
    const Case cases[] = {{"Rows", "12", true},   {"Rows", "-3", true},   {"Rows", "1.5", false},
                          {"Rows", "ten", false}, {"Rows", "", false},    {"Rate", "1e-3", true},
                          {"Rate", "x", false},   {"Fast", "true", true}, {"Fast", "yes", false},
                          {"Kind", "b", true},    {"Kind", "c", false},   {"Nope", "1", false},
                          {"Data", "", true}};
    for (const Case& each : cases) {
        const std::string data = each.name == "Data" ? "" : R"({"Name":"Data","Value":"x"},)";
        const ServiceAnswer got =
            aws.call("StartPipelineExecution",
                     fmt::format(R"({{"PipelineName":"Customer-Churn","ClientRequestToken":"{}",
                            "PipelineParameters":[{}{{"Name":"{}","Value":"{}"}}]}})",
                                 token(), data, each.name, each.value));
        EXPECT_EQ(got.error_code, each.good ? "" : "ValidationException") << each.name << each.value;
        if (!each.good) {
            EXPECT_NE(got.error_message.find(each.name), std::string::npos);
        }
    }
    const ServiceAnswer missing =
        aws.call("StartPipelineExecution",
                 fmt::format(R"({{"PipelineName":"Customer-Churn","ClientRequestToken":"{}"}})", token()));
    EXPECT_EQ(missing.error_code, "ValidationException");
    EXPECT_NE(missing.error_message.find("[Data] has no default"), std::string::npos);
}

// SM-5
TEST_F(SageMaker, Stops) {
    const std::string arn = start();
    aws.pass(1200ms);
    const std::string with = token();
    EXPECT_EQ(stop(arn, with), "");
    EXPECT_EQ(status(arn), "Stopping");
    EXPECT_EQ(string_at(steps(arn)[1], "StepStatus"), "Stopping");
    EXPECT_EQ(stop(arn, token()), "");
    aws.pass(500ms);
    EXPECT_EQ(status(arn), "Stopped");
    ASSERT_EQ(steps(arn).size(), 2u);
    EXPECT_EQ(string_at(steps(arn)[1], "StepStatus"), "Stopped");
    EXPECT_EQ(stop(arn, with), "");
    EXPECT_EQ(stop(arn, token()), "ValidationException");
    EXPECT_EQ(stop("arn:aws:sagemaker:eu-west-1:123456789012:pipeline/x/execution/y", token()),
              "ResourceNotFound");
}

TEST_F(SageMaker, AStopWaitsForALambdaStep) {
    aws.admin("pipeline",
              R"({"PipelineName":"l","PipelineDefinition":{"Steps":[{"Name":"Call","Type":"Lambda"}]}})");
    const std::string arn = start("l", "");
    aws.pass(100ms);
    EXPECT_EQ(stop(arn, token()), "");
    aws.pass(3800ms);
    EXPECT_EQ(status(arn), "Stopping");
    aws.pass(100ms);
    EXPECT_EQ(status(arn), "Stopped");
    EXPECT_EQ(string_at(steps(arn)[0], "StepStatus"), "Succeeded");
}

TEST_F(SageMaker, ListsPipelines) {
    aws.pass(1s);
    aws.admin("pipeline", R"({"count":120,"name_prefix":"bulk-"})");
    int pages = 0;
    const auto all = aws.all("ListPipelines", "{}", "PipelineSummaries", "NextToken", "NextToken", &pages);
    EXPECT_EQ(all.size(), 121u);
    EXPECT_EQ(pages, 13);
    EXPECT_EQ(string_at(all.back(), "PipelineName"), "Customer-Churn");
    const auto named =
        aws.all("ListPipelines", R"({"SortBy":"Name","SortOrder":"Descending","MaxResults":100})",
                "PipelineSummaries", "NextToken", "NextToken", &pages);
    EXPECT_EQ(string_at(named.front(), "PipelineName"), "bulk-00119");
    EXPECT_EQ(pages, 2);
    EXPECT_EQ(aws.all("ListPipelines", R"({"PipelineNamePrefix":"Cust"})", "PipelineSummaries", "NextToken",
                      "NextToken")
                  .size(),
              1u);
    EXPECT_EQ(aws.code("ListPipelines", R"({"NextToken":"x"})"), "ValidationException");
}

TEST_F(SageMaker, ListsExecutionsNewestFirst) {
    std::vector<std::string> arns;
    for (int i = 0; i < 25; ++i) {
        arns.push_back(start());
        aws.pass(1s);
    }
    int pages = 0;
    const auto all = aws.all("ListPipelineExecutions", R"({"PipelineName":"Customer-Churn"})",
                             "PipelineExecutionSummaries", "NextToken", "NextToken", &pages);
    ASSERT_EQ(all.size(), 25u);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(string_at(all.front(), "PipelineExecutionArn"), arns.back());
    const double middle = number(describe(arns[10]).as_object(), "CreationTime");
    const auto later =
        aws.all("ListPipelineExecutions",
                fmt::format(R"({{"PipelineName":"Customer-Churn","CreatedAfter":{}}})", middle),
                "PipelineExecutionSummaries", "NextToken", "NextToken");
    EXPECT_EQ(later.size(), 14u);
    const auto by_arn = aws.all(
        "ListPipelineExecutions",
        R"({"PipelineName":"Customer-Churn","SortBy":"PipelineExecutionArn","SortOrder":"Ascending"})",
        "PipelineExecutionSummaries", "NextToken", "NextToken");
    EXPECT_TRUE(std::is_sorted(by_arn.begin(), by_arn.end(), [](const Json& a, const Json& b) {
        return string_at(a, "PipelineExecutionArn") < string_at(b, "PipelineExecutionArn");
    }));
    settings.consistency.list_delay = 1min;
    const Json late = aws.ok("ListPipelineExecutions", R"({"PipelineName":"Customer-Churn"})");
    EXPECT_TRUE(member(late, "PipelineExecutionSummaries").as_array().empty());
}

TEST_F(SageMaker, DescribesPipelines) {
    const Json found = aws.ok("DescribePipeline", R"({"PipelineName":"Customer-Churn"})");
    EXPECT_EQ(string_at(found, "PipelineArn"),
              "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/customer-churn");
    EXPECT_NE(string_at(found, "PipelineDefinition").find("\"Rows\""), std::string::npos);
    const std::string by_arn = fmt::format(R"({{"PipelineName":"{}"}})", string_at(found, "PipelineArn"));
    EXPECT_EQ(string_at(aws.ok("DescribePipeline", by_arn), "PipelineName"), "Customer-Churn");
    const ServiceAnswer none = aws.call("DescribePipeline", R"({"PipelineName":"customer-churn"})");
    EXPECT_EQ(none.error_code, "ResourceNotFound");
    EXPECT_EQ(none.error_message, "Pipeline 'customer-churn' does not exist.");
    EXPECT_EQ(aws.code("ListPipelineExecutions", R"({"PipelineName":"no"})"), "ResourceNotFound");
}

TEST_F(SageMaker, Limits) {
    aws.admin("limits", R"({"concurrent_executions":1})");
    (void)start();
    const auto again = fmt::format(R"({{"PipelineName":"Customer-Churn","ClientRequestToken":"{}",
                                     "PipelineParameters":[{{"Name":"Data","Value":"x"}}]}})",
                                   token());
    EXPECT_EQ(aws.code("StartPipelineExecution", again), "ResourceLimitExceeded");
    aws.pass(4s);
    EXPECT_EQ(aws.code("StartPipelineExecution", again), "");
}

TEST_F(SageMaker, SelectedStepsAndParallelism) {
    aws.admin("pipeline", R"({"PipelineName":"wide","PipelineDefinition":{"Steps":[
        {"Name":"A","Type":"Processing"},{"Name":"B","Type":"Processing"},{"Name":"C","Type":"Processing"}]}})");
    const std::string wide = start("wide", "");
    EXPECT_EQ(steps(wide).size(), 3u);
    const std::string narrow =
        start("wide", R"(,"ParallelismConfiguration":{"MaxParallelExecutionSteps":1})");
    EXPECT_EQ(steps(narrow).size(), 1u);
    const std::string one =
        start("wide", R"(,"SelectiveExecutionConfig":{"SelectedSteps":[{"StepName":"B"}]})");
    aws.pass(1h);
    ASSERT_EQ(steps(one).size(), 1u);
    EXPECT_EQ(string_at(steps(one)[0], "StepName"), "B");
    EXPECT_EQ(steps(narrow).size(), 3u);
    EXPECT_EQ(
        aws.code("StartPipelineExecution", fmt::format(R"({{"PipelineName":"wide","ClientRequestToken":"{}",
                                     "SelectiveExecutionConfig":{{"SelectedSteps":[{{"StepName":"X"}}]}}}})",
                                                       token())),
        "ValidationException");
}

TEST_F(SageMaker, AdminRefusesWhatItDoesNotKnow) {
    EXPECT_NE(aws.admin_refusal("pipelines", "{}").find("pipeline, outcome"), std::string::npos);
    EXPECT_NE(aws.admin_refusal("pipeline", R"({"PipelineName":"x","PipelineDefinition":"no json"})"), "");
    EXPECT_NE(aws.admin_refusal("pipeline", R"({"PipelineName":"x","PipelineDefinition":{"Steps":[
        {"Name":"A","DependsOn":["A"]}]}})"),
              "");
}

}  // namespace
}  // namespace polysync::sandbox
