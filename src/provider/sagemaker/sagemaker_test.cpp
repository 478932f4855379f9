// The pure parts of the SageMaker provider.
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/sagemaker/definition.h"
#include "provider/sagemaker/execution_run.h"
#include "provider/sagemaker/start_request.h"
#include "provider/sagemaker/step_log.h"

namespace polysync::sagemaker {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* guid = "01234567-89ab-4def-8123-0123456789ab";
constexpr const char* execution_arn =
    "arn:aws:sagemaker:eu-west-1:012345678901:pipeline/mypipe/execution/abc123";

TEST(SageMakerDefinition, DeclaresParameters) {  // SM-1
    auto declared = parse_parameters(R"({"Version":"2020-12-01","Parameters":[
        {"Name":"Instance","Type":"String","DefaultValue":"ml.m5.large","EnumValues":["ml.m5.large","ml.m5.xlarge"]},
        {"Name":"Count","Type":"Integer","DefaultValue":9007199254740993},
        {"Name":"Rate","Type":"Float","DefaultValue":0.1},
        {"Name":"Whole","Type":"Float","DefaultValue":5.0},
        {"Name":"Flag","Type":"Boolean","DefaultValue":true},
        {"Name":"Needed","Type":"String"},
        {"Name":"New","Type":"Duration","DefaultValue":"PT1H","Unknown":{}}],"Steps":[]})");
    EXPECT_EQ(declared.warning, "");
    ASSERT_EQ(declared.parameters.size(), 7U);
    const auto& p = declared.parameters;
    EXPECT_EQ(p[0].default_value, "ml.m5.large");
    EXPECT_THAT(p[0].allowed_values, ElementsAre("ml.m5.large", "ml.m5.xlarge"));
    EXPECT_EQ(p[1].type, DataType::integer);
    EXPECT_EQ(p[1].default_value, "9007199254740993");
    EXPECT_EQ(p[2].type, DataType::number);
    EXPECT_EQ(p[2].default_value, "0.1");
    EXPECT_EQ(p[3].default_value, "5");
    EXPECT_EQ(p[4].type, DataType::boolean);
    EXPECT_EQ(p[4].default_value, "true");
    EXPECT_TRUE(p[5].required);
    EXPECT_FALSE(p[0].required);
    EXPECT_EQ(p[6].type, DataType::string);
}

TEST(SageMakerDefinition, ThatCannotBeReadIsAWarning) {  // SM-1
    for (const char* text : {"", "{", "[]", "null", R"({"Parameters":{}})",
                             R"({"Parameters":[1,{"Type":"String"},{"Name":""},{"Name":5}]})"}) {
        auto declared = parse_parameters(text);
        EXPECT_THAT(declared.parameters, IsEmpty()) << text;
        EXPECT_NE(declared.warning, "") << text;
    }
    EXPECT_EQ(parse_parameters("{}").warning, "");
    EXPECT_EQ(parse_parameters(R"({"Parameters":null})").warning, "");
    aws::sagemaker::Pipeline pipeline;
    pipeline.name = "MyPipe";
    pipeline.role_arn = "arn:aws:iam::1:role/r";
    pipeline.definition = "{";
    auto imported = to_job(pipeline);
    EXPECT_EQ(imported.job.external_id, "MyPipe");
    EXPECT_EQ(imported.job.details.at("role_arn").as_string(), "arn:aws:iam::1:role/r");
    EXPECT_NE(imported.warning, "");
}

Platform platform() {
    Platform out;
    out.type = PlatformType::aws_sagemaker;
    out.region = "eu-west-1";
    out.defaults["pipeline_execution_role_arn"] = "arn:aws:iam::012345678901:role/pipeline";
    return out;
}

ParameterValue value(std::string name, DataType type, std::string text) {
    ParameterValue out;
    out.parameter.name = std::move(name);
    out.parameter.type = type;
    out.value = std::move(text);
    out.source = "-p";
    return out;
}

SubmitSpec spec() {
    SubmitSpec out;
    out.job.external_id = "MyPipe";
    out.token = SubmissionToken(guid);
    out.values = {value("Count", DataType::integer, "3"), value("Name", DataType::string, "a=b")};
    return out;
}

TEST(SageMakerStart, BuildsTheRequest) {  // SM-2
    auto intent = prepare_start(platform(), spec(), {});
    ASSERT_TRUE(intent);
    EXPECT_EQ(
        boost::json::serialize(intent.value().request),
        R"({"PipelineName":"MyPipe","ClientRequestToken":"polysync-01234567-89ab-4def-8123-0123456789ab","PipelineParameters":)"
        R"([{"Name":"Count","Value":"3"},{"Name":"Name","Value":"a=b"}],"PipelineExecutionDisplayName":)"
        R"("Polysync-01234567-89ab-4def-8123-0123456789ab"})");
    EXPECT_TRUE(intent.value().repeat_is_safe);
    bool role_shown = false;
    for (const auto& part : intent.value().provenance)
        role_shown = role_shown || part.member == "pipeline_execution_role_arn";
    EXPECT_TRUE(role_shown);
    auto named = spec();
    named.job.attributes["execution_display_name"] = "nightly";
    named.job.attributes["execution_description"] = "d";
    named.job.attributes["max_parallel_execution_steps"] = 4;
    auto request = prepare_start(platform(), named, {}).value().request;
    EXPECT_EQ(request.at("PipelineExecutionDisplayName").as_string(), "nightly");
    EXPECT_EQ(request.at("PipelineExecutionDescription").as_string(), "d");
    EXPECT_EQ(request.at("ParallelismConfiguration").at("MaxParallelExecutionSteps").as_int64(), 4);
    // Every retry of one submission sends the same bytes.
    EXPECT_EQ(boost::json::serialize(prepare_start(platform(), named, {}).value().request),
              boost::json::serialize(request));
}

// Attributes of tasks may hold templates, whose numbers come as texts; a blank one is none.
TEST(SageMakerStart, TakesAttributesAsTemplatesGiveThem) {  // SM-2
    auto late = spec();
    late.job.attributes["max_parallel_execution_steps"] = "4";
    late.job.attributes["execution_display_name"] = "";
    auto intent = prepare_start(platform(), late, {}).value();
    EXPECT_EQ(intent.request.at("ParallelismConfiguration").at("MaxParallelExecutionSteps"), 4);
    EXPECT_EQ(intent.request.at("PipelineExecutionDisplayName").as_string(), std::string("Polysync-") + guid);
    late.job.attributes["max_parallel_execution_steps"] = "many";
    Platform with_default = platform();
    with_default.defaults["max_parallel_execution_steps"] = 2;
    intent = prepare_start(with_default, late, {}).value();
    EXPECT_EQ(intent.request.at("ParallelismConfiguration").at("MaxParallelExecutionSteps"), 2);
    EXPECT_THAT(intent.warnings, Contains(HasSubstr("max_parallel_execution_steps")));
}

TEST(SageMakerStart, RefusesBadInputBeforeAnyCall) {  // SAFE-5
    struct Case {
        const char* what;
        std::function<void(SubmitSpec&)> spoil;
    };
    const Case cases[] = {
        {"no pipeline", [](SubmitSpec& s) { s.job.external_id.clear(); }},
        {"no guid", [](SubmitSpec& s) { s.token = SubmissionToken("abc"); }},
        {"type", [](SubmitSpec& s) { s.values[0].value = "x"; }},
        {"twice", [](SubmitSpec& s) { s.values.push_back(s.values[0]); }},
        {"long value", [](SubmitSpec& s) { s.values[1].value = std::string(1025, 'x'); }},
        {"long name", [](SubmitSpec& s) { s.values[1].parameter.name = std::string(257, 'x'); }},
        {"too many",
         [](SubmitSpec& s) {
             for (int i = 0; i < 200; ++i)
                 s.values.push_back(value("p" + std::to_string(i), DataType::string, "v"));
         }},
        {"required",
         [](SubmitSpec& s) {
             s.job.parameters.push_back({});
             s.job.parameters[0].name = "Needed";
             s.job.parameters[0].required = true;
         }},
    };
    for (const auto& c : cases) {
        auto bad = spec();
        c.spoil(bad);
        auto intent = prepare_start(platform(), bad, {});
        ASSERT_FALSE(intent) << c.what;
        EXPECT_EQ(intent.error().kind, ErrorKind::invalid_input) << c.what;
    }
    auto long_value = spec();
    long_value.values[1].value = std::string();
    for (int i = 0; i < 1024; ++i) *long_value.values[1].value += "ü";  // characters, not bytes
    EXPECT_TRUE(prepare_start(platform(), long_value, {}));
}

TEST(SageMakerStart, WarnsOfWhatAwsWillJudge) {
    auto unlisted = spec();
    unlisted.values[1].parameter.allowed_values = {"x", "y"};
    unlisted.values.push_back(value("Result", DataType::string, ""));
    unlisted.values.back().parameter.direction = Direction::output;
    unlisted.values.back().value.reset();
    auto intent = prepare_start(platform(), unlisted, {});
    EXPECT_THAT(intent.value().warnings, Contains(HasSubstr("x, y")));
    EXPECT_THAT(intent.value().warnings, Contains(HasSubstr("no outputs")));
    EXPECT_EQ(intent.value().outputs.size(), 1U);
}

TEST(SageMakerRun, MapsStatuses) {  // SM-4, PLAT-7
    const std::pair<const char*, PipelineRunStatus> cases[] = {
        {"Executing", PipelineRunStatus::running},
        {"Stopping", PipelineRunStatus::running},
        {"Succeeded", PipelineRunStatus::success},
        {"Failed", PipelineRunStatus::failed},
        {"CompletedWithFailures", PipelineRunStatus::failed},
        {"Stopped", PipelineRunStatus::cancelled},
        {"Brand New", PipelineRunStatus::running}};
    for (auto [aws_status, status] : cases) {
        aws::sagemaker::Execution execution;
        execution.arn = execution_arn;
        execution.status = aws_status;
        execution.last_modified_time = SystemTime(Millis(9));
        auto run = to_run(execution, "MyPipe", "eu-west-1");
        EXPECT_EQ(run.status, status) << aws_status;
        EXPECT_EQ(run.aws_status, aws_status);
        EXPECT_EQ(run.ended_at.has_value(), is_terminal(status));
        EXPECT_EQ(run.monitor_url, std::string("https://eu-west-1.console.aws.amazon.com/sagemaker/"
                                               "home?region=eu-west-1#/pipelines/MyPipe/executions/") +
                                       execution_arn);  // SM-6
    }
}

aws::sagemaker::Step step(std::string name, std::string status, std::string reason = {}, long long start = 1,
                          long long end = 0) {
    aws::sagemaker::Step out;
    out.name = std::move(name);
    out.status = std::move(status);
    out.failure_reason = std::move(reason);
    out.start_time = SystemTime(Millis(start));
    if (end > 0) out.end_time = SystemTime(Millis(end));
    out.type = "TrainingJob";
    return out;
}

TEST(SageMakerRun, StepsAreProgressAndReasons) {  // SM-4
    PipelineRun run;
    run.status = PipelineRunStatus::failed;
    run.message = "Step failure: One or multiple steps failed.";
    std::vector<aws::sagemaker::Step> steps{
        step("a", "Succeeded"), step("b", "Failed", "ClientError: no data"),
        step("c", "Executing"), step("d", "Succeeded"),
        step("e", "Paused"),    step("f", "Failed")};
    add_steps(run, steps);
    std::string counts;
    for (const auto& count : run.progress) counts += count.status + "=" + std::to_string(count.count) + " ";
    EXPECT_EQ(counts, "Executing=1 Failed=2 Succeeded=2 Paused=1 ");
    EXPECT_EQ(run.progress_unit, "steps");
    EXPECT_EQ(run.message,
              "Step failure: One or multiple steps failed. Step b: ClientError: no data. Step f: failed");
    PipelineRun running;
    running.status = PipelineRunStatus::running;
    add_steps(running, steps);
    EXPECT_EQ(running.message, "");
    PipelineRun many;
    many.status = PipelineRunStatus::failed;
    add_steps(many, std::vector<aws::sagemaker::Step>(12, step("s", "Failed", "r")));
    EXPECT_THAT(many.message, HasSubstr("2 more steps failed"));
}

TEST(SageMakerRun, ReadsExecutionArns) {  // SM-3
    auto arn = parse_execution_arn(execution_arn);
    ASSERT_TRUE(arn);
    EXPECT_EQ(arn->pipeline_arn, "arn:aws:sagemaker:eu-west-1:012345678901:pipeline/mypipe");
    EXPECT_EQ(arn->pipeline_name, "mypipe");
    for (const char* bad :
         {"", "x", "arn:aws:sagemaker:r:1:pipeline/p", "arn:aws:sagemaker:r:1:pipeline//execution/x",
          "arn:aws:sagemaker:r:1:pipeline/p/execution/", "arn:aws:states:r:1:pipeline/p/execution/x"}) {
        EXPECT_FALSE(parse_execution_arn(bad)) << bad;
    }
}

TEST(SageMakerLog, GivesEachLineOnce) {
    StepCursor cursor;
    std::vector<aws::sagemaker::Step> steps{step("b", "Executing", "", 5), step("a", "Failed", "why", 1, 3)};
    auto lines = take_new_lines(steps, cursor);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].text, "started (TrainingJob)");
    EXPECT_EQ(lines[1].text, "Failed (TrainingJob): why");
    EXPECT_EQ(lines[2].stream, "b");
    auto resumed = decode_step_cursor(encode_cursor(cursor));
    ASSERT_TRUE(resumed);
    steps[0] = step("b", "Succeeded", "", 5, 6);
    lines = take_new_lines(steps, resumed.value());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].text, "Succeeded (TrainingJob)");
    for (const char* bad : {"x", "s1:1", "s1:zzzzzzzz", "h1:0:"})
        EXPECT_FALSE(decode_step_cursor(bad)) << bad;
}

}  // namespace
}  // namespace polysync::sagemaker
