// What is SageMaker's own, against the sandbox: declared parameters, display names, steps.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

json::object step(std::string_view name) {
    return {{"Name", name}, {"Type", "Training"}, {"Arguments", json::object()}};
}

class SageMakerSandbox : public testing::Test {
  protected:
    World world{subjects()[2]};
    std::unique_ptr<Provider> provider = world.provider();

    void add(std::string_view name, json::object outcome = {}, json::value definition = {}) {
        json::object pipeline{{"PipelineName", name}};
        if (definition.is_null()) {
            definition = json::object{
                {"Version", "2020-12-01"},
                {"Parameters",
                 json::array{json::object{{"Name", "Count"}, {"Type", "Integer"}, {"DefaultValue", 1}},
                             json::object{{"Name", "Rate"}, {"Type", "Float"}, {"DefaultValue", 0.5}}}},
                {"Steps", json::array{step("Prepare"), step("Train"), step("Evaluate")}}};
        }
        pipeline["PipelineDefinition"] = std::move(definition);
        if (!outcome.empty()) pipeline["outcome"] = std::move(outcome);
        world.admin("POST", "sagemaker/pipeline", pipeline);
    }
    SubmissionIntent intent(std::string_view pipeline, json::object attributes = {},
                            std::vector<ParameterValue> values = {}) {
        SubmitSpec spec = world.spec(std::string(pipeline));
        spec.token = world.new_token();
        spec.job.attributes = std::move(attributes);
        spec.values = std::move(values);
        Result<SubmissionIntent> prepared = provider->prepare(spec);
        EXPECT_TRUE(prepared.has_value()) << (prepared ? "" : prepared.error().describe());
        return prepared.value();
    }
    RunReference submit(const SubmissionIntent& made) {
        Result<PipelineRun> started = world.run(provider->submit(made));
        EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().describe());
        RunReference run;
        if (started) run.run_id = started.value().run_id;
        run.external_id = made.external_id;
        return run;
    }
};

// SM-7: training jobs and their kind are started by pipelines, never by us; no permission for them is asked
// for.
TEST_F(SageMakerSandbox, StartsNothingButPipelines) {
    add("Trains");
    RunReference run = submit(intent("Trains"));
    world.advance(1h);
    EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::success);
    for (const auto& [operation, count] : world.calls())
        EXPECT_THAT(operation, HasSubstr("Pipeline")) << count;
    EXPECT_THAT(json::serialize(provider->required_permissions({})), Not(HasSubstr("Job")));
}

// SM-1
TEST_F(SageMakerSandbox, ImportsDeclaredParameters) {
    add("Declared");
    Result<Job> job = world.run(provider->describe("Declared"));
    ASSERT_TRUE(job.has_value()) << job.error().describe();
    ASSERT_EQ(job.value().parameters.size(), 2U);
    EXPECT_EQ(job.value().parameters[0].type, DataType::integer);
    EXPECT_EQ(job.value().parameters[1].default_value, "0.5");
    EXPECT_TRUE(job.value().details.contains("role_arn"));
}

// SM-4: steps are progress and reasons.
TEST_F(SageMakerSandbox, StepsAreProgressAndReasons) {
    add("Failing", {{"status", "Failed"},
                    {"reason", "ClientError: no data in the bucket"},
                    {"failing_step", "Train"},
                    {"run_ms", 9000}});
    RunReference run = submit(intent("Failing"));
    run.with_progress = true;
    bool saw_progress = false;
    PipelineRun known;
    for (int i = 0; i < 40 && !is_terminal(known.status); ++i) {
        world.advance(1s);
        known = world.status(*provider, run);
        if (!is_terminal(known.status) && !known.progress.empty()) saw_progress = true;
    }
    EXPECT_TRUE(saw_progress);
    EXPECT_EQ(known.status, PipelineRunStatus::failed);
    EXPECT_THAT(known.message, HasSubstr("Step Train: "));
    EXPECT_THAT(known.message, HasSubstr("no data in the bucket"));
    EXPECT_FALSE(known.remedy.empty());
    EXPECT_EQ(known.progress_unit, "steps");
    EXPECT_TRUE(known.ended_at.has_value());
}

// SM-4: the newer end.
TEST_F(SageMakerSandbox, CompletedWithFailuresIsAFailure) {
    add("Partly", {{"status", "CompletedWithFailures"},
                   {"reason", "AlgorithmError: exit 1"},
                   {"failing_step", "Evaluate"}});
    RunReference run = submit(intent("Partly"));
    world.advance(120s);
    PipelineRun end = world.status(*provider, run);
    EXPECT_EQ(end.status, PipelineRunStatus::failed);
    EXPECT_EQ(end.aws_status, "CompletedWithFailures");
    EXPECT_THAT(end.message, HasSubstr("Step Evaluate"));
}

// SM-6: the ARN spells the name in lower case, the link does not.
TEST_F(SageMakerSandbox, TheLinkHasThePipelinesOwnName) {
    add("MixedCase");
    RunReference run = submit(intent("MixedCase"));
    EXPECT_THAT(run.run_id, HasSubstr("pipeline/mixedcase/"));
    RunReference bare{run.run_id, "", {}};
    PipelineRun known = world.status(*world.provider(), bare);
    EXPECT_THAT(known.monitor_url, HasSubstr("#/pipelines/MixedCase/executions/arn:aws:sagemaker:"));
}

// SM-2: types are SageMaker's to judge where they are not known here.
TEST_F(SageMakerSandbox, AWrongTypeIsAValidationException) {
    add("Typed");
    Result<PipelineRun> refused = world.run(provider->submit(intent("Typed", {}, {value("Count", "many")})));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "ValidationException");
    EXPECT_THAT(refused.error().remedy, HasSubstr("Integer"));
    EXPECT_TRUE(world.run(provider->submit(intent("Typed", {}, {value("Count", "2"), value("Rate", "1.5")})))
                    .has_value());
}

// SAFE-1: a display name of the user's says nothing; the token does.
TEST_F(SageMakerSandbox, ARepeatUnderAUsersDisplayNameIsTheSameRun) {
    add("Named");
    json::object attributes{{"execution_display_name", "nightly"}, {"max_parallel_execution_steps", 2}};
    submit(intent("Named", attributes));  // an older one of that name
    SubmissionIntent made = intent("Named", attributes);
    world.fault({{"kind", "lost_answer"}, {"operation", "StartPipelineExecution"}, {"count", 20}});
    EXPECT_FALSE(world.run(provider->submit(made)).has_value());
    world.clear_faults();
    Result<FindAnswer> found = world.run(provider->find_submission(made, world.clock.now()));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found.value().result, FindResult::repeat_is_safe);
    submit(made);
    EXPECT_EQ(world.runs_of(made.token), 1);
}

}  // namespace
}  // namespace polysync::conformance
