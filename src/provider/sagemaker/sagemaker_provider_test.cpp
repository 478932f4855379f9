#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/provider_test_kit.h"

namespace polysync {
namespace {

using provider_test::ScriptedAws;
using test::run_async;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::string token = "01234567-89ab-4def-8123-0123456789ab";
const std::string pipeline_arn = "arn:aws:sagemaker:eu-west-1:012345678901:pipeline/mypipe";
const std::string our_arn = pipeline_arn + "/execution/abc0";

std::string arn_of(int i) { return pipeline_arn + "/execution/abc" + std::to_string(i); }

ScriptedAws aws_sagemaker() { return ScriptedAws(PlatformType::aws_sagemaker); }

SubmissionIntent intent_of(Provider& provider, const std::string& display_name = {}) {
    SubmitSpec spec;
    spec.job.external_id = "MyPipe";
    if (!display_name.empty()) spec.job.attributes["execution_display_name"] = display_name;
    spec.token = SubmissionToken(token);
    return provider.prepare(spec).value();
}

RunReference reference(std::string run_id, std::string external_id = "MyPipe") {
    RunReference out;
    out.run_id = std::move(run_id);
    out.external_id = std::move(external_id);
    return out;
}

std::string summary(const std::string& arn, const std::string& status, const std::string& name = "x") {
    return R"({"PipelineExecutionArn":")" + arn + R"(","PipelineExecutionStatus":")" + status +
           R"(","PipelineExecutionDisplayName":")" + name + R"(","StartTime":1800000000})";
}

TEST(SageMakerProvider, DiscoversWithDeclaredParameters) {  // SM-1
    auto aws = aws_sagemaker();
    aws.on(
        "ListPipelines",
        R"({"PipelineSummaries":[{"PipelineName":"MyPipe","PipelineArn":")" + pipeline_arn +
            R"("},{"PipelineName":"Odd"},{"PipelineName":"Closed"},{"PipelineName":"Gone"}],"NextToken":"t"})");
    aws.on(
        "DescribePipeline",
        R"({"PipelineName":"MyPipe","RoleArn":"r","PipelineDefinition":"{\"Parameters\":[{\"Name\":\"N\",\"Type\":\"Integer\"}]}"})");
    aws.on("DescribePipeline", R"({"PipelineName":"Odd","PipelineDefinition":"{"})");
    aws.refuse("DescribePipeline", "AccessDeniedException");
    aws.refuse("DescribePipeline", "ResourceNotFound");
    auto provider = aws.provider();
    auto page = run_async(provider->discover(""));
    ASSERT_TRUE(page) << page.error().describe();
    ASSERT_EQ(page.value().jobs.size(), 3U);
    EXPECT_EQ(page.value().jobs[0].parameters.at(0).type, DataType::integer);
    EXPECT_EQ(page.value().jobs[1].external_id, "Odd");
    EXPECT_EQ(page.value().warnings.size(), 2U);
    EXPECT_THAT(page.value().warnings, Contains(HasSubstr("Closed")));
    EXPECT_EQ(page.value().next, "t");
    // The name as the pipeline has it, from the listing (SM-6).
    EXPECT_THAT(provider->monitor_url("", our_arn), HasSubstr("/pipelines/MyPipe/executions/"));
    EXPECT_THAT(aws.provider()->monitor_url("", our_arn), HasSubstr("/pipelines/mypipe/executions/"));
}

TEST(SageMakerProvider, RepeatsALostStartWithTheSameBytes) {  // SM-2, SAFE-1
    auto aws = aws_sagemaker();
    aws.lose("StartPipelineExecution");
    aws.on("StartPipelineExecution", R"({"PipelineExecutionArn":")" + our_arn + R"("})");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider)));
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_EQ(run.value().run_id, our_arn);
    EXPECT_EQ(run.value().aws_status, "Executing");
    auto sent = aws.sent("StartPipelineExecution");
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0], sent[1]);
    EXPECT_EQ(sent[0].at("ClientRequestToken").as_string(), "polysync-" + token);
}

// A conflict says that this token was seen before: an execution of ours may run (aws-facts 1.6).
TEST(SageMakerProvider, AConflictIsLookedUpAndNotTakenForARefusal) {  // SAFE-1
    auto aws = aws_sagemaker();
    aws.refuse("StartPipelineExecution", "ConflictException");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider)));
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().kind, ErrorKind::unclear);
    EXPECT_EQ(run.error().code, "ConflictException");
    EXPECT_FALSE(run.error().remedy.empty());
}

TEST(SageMakerProvider, NotNowIsContention) {  // PLAT-8
    auto aws = aws_sagemaker();
    aws.refuse("StartPipelineExecution", "ResourceLimitExceeded");
    auto provider = aws.provider();
    auto run = run_async(provider->submit(intent_of(*provider)));
    EXPECT_EQ(run.error().kind, ErrorKind::contention);
    EXPECT_THAT(run.error().remedy, HasSubstr("Service Quotas"));
}

TEST(SageMakerProvider, OneListCallServesManyRuns) {  // SM-4
    auto aws = aws_sagemaker();
    std::string items;
    std::vector<RunReference> runs;
    for (int i = 0; i < 30; ++i) {
        runs.push_back(reference(arn_of(i)));
        if (i == 29) continue;  // too fresh for the list
        items += (i > 0 ? "," : "") + summary(arn_of(i), i == 3 ? "Failed" : "Executing");
    }
    runs.push_back(reference("nonsense"));
    aws.on("ListPipelineExecutions", R"({"PipelineExecutionSummaries":[)" + items + "]}");
    aws.on(
        "DescribePipelineExecution",
        R"({"PipelineExecutionArn":")" + arn_of(3) +
            R"(","PipelineExecutionStatus":"Failed","FailureReason":"Step failure: One or multiple steps failed.","LastModifiedTime":1800000100})");
    aws.on("DescribePipelineExecution",
           R"({"PipelineExecutionArn":")" + arn_of(29) + R"(","PipelineExecutionStatus":"Executing"})");
    aws.on(
        "ListPipelineExecutionSteps",
        R"({"PipelineExecutionSteps":[{"StepName":"Train","StepStatus":"Failed","FailureReason":"ClientError: no data"},
        {"StepName":"Prep","StepStatus":"Succeeded"}]})");
    auto provider = aws.provider();
    auto answers = run_async(provider->statuses(runs));
    ASSERT_EQ(answers.size(), 31U);
    EXPECT_EQ(aws.calls(), 4U);
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(answers[i].run) << i;
        EXPECT_EQ(answers[i].run.value().status,
                  i == 3 ? PipelineRunStatus::failed : PipelineRunStatus::running)
            << i;
    }
    const auto& failed = answers[3].run.value();
    EXPECT_THAT(failed.message, HasSubstr("Step Train: ClientError: no data"));
    EXPECT_EQ(failed.progress.size(), 2U);
    EXPECT_TRUE(failed.ended_at);
    EXPECT_FALSE(failed.remedy.empty());
    EXPECT_EQ(answers[30].run.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(aws.sent("ListPipelineExecutions").at(0).at("PipelineName").as_string(), "MyPipe");
}

TEST(SageMakerProvider, RunsRideOnTheListOfOthers) {  // PERF-11
    auto aws = aws_sagemaker();
    aws.on("ListPipelineExecutions", R"({"PipelineExecutionSummaries":[)" + summary(arn_of(1), "Executing") +
                                         "," + summary(arn_of(2), "Executing") + R"(],"NextToken":"t"})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2)), reference(arn_of(3))};
    runs[1].rides = runs[2].rides = true;
    auto answers = run_async(provider->statuses(runs));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_FALSE(answers[0].left_out);
    EXPECT_EQ(answers[0].run.value().aws_status, "Executing");
    EXPECT_EQ(answers[1].run.value().aws_status, "Executing");
    EXPECT_TRUE(answers[2].left_out);
    EXPECT_FALSE(answers[2].run);
    EXPECT_EQ(aws.sent("ListPipelineExecutions").size(), 1U);
    EXPECT_EQ(aws.sent("DescribePipelineExecution").size(), 0U);
}

TEST(SageMakerProvider, AListLeavesEndsToCallsOfTheirOwn) {  // PERF-9
    auto aws = aws_sagemaker();
    aws.on("ListPipelineExecutions", R"({"PipelineExecutionSummaries":[)" + summary(arn_of(1), "Executing") +
                                         "," + summary(arn_of(2), "Succeeded") + "]}");
    aws.on("DescribePipelineExecution",
           R"({"PipelineExecutionArn":")" + arn_of(2) + R"(","PipelineExecutionStatus":"Succeeded"})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2)), reference(arn_of(3))};
    for (auto& run : runs) run.by = AskBy::list;
    auto answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[0].run.value().aws_status, "Executing");
    EXPECT_TRUE(answers[1].needs_own_call && answers[2].needs_own_call);
    EXPECT_EQ(aws.calls(), 1U);
    for (auto& run : runs) run.by = AskBy::itself;
    answers = run_async(provider->statuses(runs));
    EXPECT_EQ(answers[1].run.value().aws_status, "Succeeded");
    EXPECT_EQ(aws.sent("ListPipelineExecutions").size(), 1U);
    EXPECT_EQ(aws.sent("DescribePipelineExecution").size(), 3U);
}

TEST(SageMakerProvider, GivesUpOnPagesThatShowNoneOfOurs) {
    auto aws = aws_sagemaker();
    aws.on("ListPipelineExecutions",
           R"({"PipelineExecutionSummaries":[)" + summary(arn_of(99), "Executing") + R"(],"NextToken":"t"})");
    aws.on("DescribePipelineExecution", R"({"PipelineExecutionStatus":"Executing"})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(arn_of(1)), reference(arn_of(2)), reference(arn_of(3))};
    auto answers = run_async(provider->statuses(runs));
    EXPECT_EQ(aws.sent("ListPipelineExecutions").size(), 1U);
    EXPECT_EQ(aws.sent("DescribePipelineExecution").size(), 3U);
    EXPECT_TRUE(answers[2].run);
}

TEST(SageMakerProvider, ProgressIsAskedForOnDemand) {  // SM-4
    auto aws = aws_sagemaker();
    aws.on("DescribePipelineExecution",
           R"({"PipelineExecutionArn":")" + our_arn + R"(","PipelineExecutionStatus":"Executing"})");
    aws.on("ListPipelineExecutionSteps",
           R"({"PipelineExecutionSteps":[{"StepName":"A","StepStatus":"Executing"}]})");
    auto provider = aws.provider();
    auto run = reference(our_arn);
    std::vector<RunReference> runs{run};
    auto answer = run_async(provider->statuses(runs)).at(0);
    EXPECT_TRUE(answer.run.value().progress.empty());
    run.with_progress = true;
    runs = {run};
    answer = run_async(provider->statuses(runs)).at(0);
    ASSERT_EQ(answer.run.value().progress.size(), 1U);
    EXPECT_EQ(answer.run.value().progress_unit, "steps");
}

TEST(SageMakerProvider, LearnsAnUnknownPipelinesNameOnce) {  // SM-6
    auto aws = aws_sagemaker();
    aws.on("DescribePipelineExecution",
           R"({"PipelineExecutionArn":")" + our_arn + R"(","PipelineExecutionStatus":"Succeeded"})");
    aws.on("DescribePipeline", R"({"PipelineName":"MyPipe","PipelineArn":")" + pipeline_arn + R"("})");
    auto provider = aws.provider();
    for (int i = 0; i < 2; ++i) {
        std::vector<RunReference> runs{reference(our_arn, "")};
        auto answer = run_async(provider->statuses(runs)).at(0);
        EXPECT_THAT(answer.run.value().monitor_url, HasSubstr("/pipelines/MyPipe/executions/"));
    }
    EXPECT_EQ(aws.sent("DescribePipeline").size(), 1U);
}

TEST(SageMakerProvider, AFailureThatPassesDoesNotFixTheName) {  // SM-6
    auto aws = aws_sagemaker();
    aws.on("DescribePipelineExecution",
           R"({"PipelineExecutionArn":")" + our_arn + R"(","PipelineExecutionStatus":"Succeeded"})");
    aws.refuse("DescribePipeline", "InternalFailure");  // on all three attempts
    aws.refuse("DescribePipeline", "InternalFailure");
    aws.refuse("DescribePipeline", "InternalFailure");
    aws.on("DescribePipeline", R"({"PipelineName":"MyPipe","PipelineArn":")" + pipeline_arn + R"("})");
    auto provider = aws.provider();
    std::vector<RunReference> runs{reference(our_arn, "")};
    auto first = run_async(provider->statuses(runs)).at(0);
    EXPECT_THAT(first.run.value().monitor_url, HasSubstr("/pipelines/mypipe/executions/"));
    auto second = run_async(provider->statuses(runs)).at(0);
    EXPECT_THAT(second.run.value().monitor_url, HasSubstr("/pipelines/MyPipe/executions/"));
}

TEST(SageMakerProvider, CancelsWithItsOwnToken) {  // SM-5
    auto aws = aws_sagemaker();
    aws.on("StopPipelineExecution", R"({"PipelineExecutionArn":")" + our_arn + R"("})");
    auto provider = aws.provider();
    EXPECT_EQ(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))).value(),
              CancelResult::requested);
    EXPECT_EQ(aws.sent("StopPipelineExecution").at(0).at("ClientRequestToken").as_string(),
              "polysync-" + token);
    aws.forget("StopPipelineExecution");
    aws.refuse("StopPipelineExecution", "ValidationException", "cannot be stopped");
    aws.on("DescribePipelineExecution", R"({"PipelineExecutionStatus":"Succeeded"})");
    EXPECT_EQ(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))).value(),
              CancelResult::already_ended);
    aws.forget("DescribePipelineExecution");
    aws.on("DescribePipelineExecution", R"({"PipelineExecutionStatus":"Executing"})");
    EXPECT_EQ(run_async(provider->cancel(reference(our_arn), SubmissionToken(token))).error().code,
              "ValidationException");
    EXPECT_EQ(run_async(provider->cancel(reference("x"), SubmissionToken(token))).error().kind,
              ErrorKind::invalid_input);
}

TEST(SageMakerProvider, FindsASubmissionByItsDisplayName) {  // SAFE-1
    auto aws = aws_sagemaker();
    aws.on("ListPipelineExecutions", R"({"PipelineExecutionSummaries":[)" +
                                         summary(arn_of(1), "Executing", "other") + R"(],"NextToken":"t"})");
    aws.on("ListPipelineExecutions",
           R"({"PipelineExecutionSummaries":[)" + summary(our_arn, "Failed", "Polysync-" + token) + "]}");
    auto provider = aws.provider();
    auto found = run_async(provider->find_submission(intent_of(*provider), aws.clock.now()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found.value().result, FindResult::found);
    EXPECT_EQ(found.value().run->run_id, our_arn);
    EXPECT_EQ(found.value().run->status, PipelineRunStatus::failed);
    aws.forget("ListPipelineExecutions");
    aws.on("ListPipelineExecutions", R"({"PipelineExecutionSummaries":[]})");
    EXPECT_EQ(run_async(provider->find_submission(intent_of(*provider), aws.clock.now())).value().result,
              FindResult::repeat_is_safe);
}

TEST(SageMakerProvider, ADisplayNameOfTheUsersProvesNothing) {  // SAFE-1
    auto aws = aws_sagemaker();
    auto provider = aws.provider();
    auto intent = intent_of(*provider, "nightly");
    EXPECT_EQ(run_async(provider->find_submission(intent, aws.clock.now())).value().result,
              FindResult::repeat_is_safe);
    EXPECT_EQ(aws.calls(), 0U);  // the token alone makes it safe
    auto yesterday = aws.clock.now() - std::chrono::hours(24);
    aws.on("ListPipelineExecutions",
           R"({"PipelineExecutionSummaries":[)" + summary(our_arn, "Succeeded", "nightly") + "]}");
    aws.on("DescribePipeline", R"({"PipelineName":"MyPipe"})");
    EXPECT_EQ(run_async(provider->find_submission(intent, yesterday)).value().result, FindResult::unknowable);
}

TEST(SageMakerProvider, StepsAreItsLog) {
    auto aws = aws_sagemaker();
    aws.on("ListPipelineExecutionSteps", R"({"PipelineExecutionSteps":[]})");
    aws.on(
        "ListPipelineExecutionSteps",
        R"({"PipelineExecutionSteps":[{"StepName":"A","StepStatus":"Failed","StartTime":1,"EndTime":2,"FailureReason":"why",
        "Metadata":{"TrainingJob":{"Arn":"arn:job"}}}]})");
    auto provider = aws.provider();
    auto page = run_async(provider->logs(reference(our_arn), ""));
    ASSERT_TRUE(page);
    EXPECT_FALSE(page.value().note.empty());
    page = run_async(provider->logs(reference(our_arn), page.value().cursor));
    ASSERT_EQ(page.value().lines.size(), 2U);
    EXPECT_EQ(page.value().lines[1].text, "Failed (TrainingJob arn:job): why");
    page = run_async(provider->logs(reference(our_arn), page.value().cursor));
    EXPECT_TRUE(page.value().lines.empty());
    EXPECT_TRUE(page.value().at_end);
    EXPECT_EQ(run_async(provider->logs(reference(our_arn), "junk")).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace polysync
