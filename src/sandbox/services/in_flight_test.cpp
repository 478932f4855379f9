#include <functional>
#include <memory>

#include <fmt/format.h>

#include "sandbox/services/batch.h"
#include "sandbox/services/glue.h"
#include "sandbox/services/sagemaker.h"
#include "sandbox/services/service_test_kit.h"
#include "sandbox/services/stepfunctions.h"

namespace polysync::sandbox {
namespace {

// One service with the job "j", and how a run of it starts.
struct Subject {
    std::unique_ptr<Service> service;
    std::unique_ptr<Caller> caller;
    std::string_view operation;
    std::function<std::string(int)> input;
    std::string_view made;  // member of the answer
    std::string_view stop;
    std::function<std::string(const std::string&)> stop_input;

    std::string start(int number) { return string_at(caller->ok(operation, input(number)), made); }
    [[nodiscard]] JsonObject books() const { return member(service->most_in_flight(), place).as_object(); }
    static constexpr std::string_view place = "123456789012/eu-west-1";
};

std::vector<Subject> subjects(const Settings& settings) {
    std::vector<Subject> all;
    auto add = [&](std::unique_ptr<Service> service, Subject subject) {
        subject.caller = std::make_unique<Caller>(*service);
        subject.service = std::move(service);
        all.push_back(std::move(subject));
        return all.back().caller.get();
    };
    add(std::make_unique<GlueService>(settings),
        {{},
         {},
         "StartJobRun",
         [](int) { return R"({"JobName":"j"})"; },
         "JobRunId",
         "BatchStopJobRun",
         [](auto& id) { return R"({"JobName":"j","JobRunIds":[")" + id + R"("]})"; }})
        ->admin("job", R"({"Name":"j","ExecutionProperty":{"MaxConcurrentRuns":5000}})");
    auto* batch = add(
        std::make_unique<BatchService>(settings),
        {{},
         {},
         "SubmitJob",
         [](int n) { return fmt::format(R"({{"jobName":"n{}","jobQueue":"q","jobDefinition":"j"}})", n); },
         "jobId",
         "TerminateJob",
         [](auto& id) { return R"({"reason":"r","jobId":")" + id + R"("})"; }});
    batch->admin("queue", R"({"jobQueueName":"q"})");
    batch->admin("definition", R"({"jobDefinitionName":"j"})");
    add(std::make_unique<SageMakerService>(settings),
        {{},
         {},
         "StartPipelineExecution",
         [](int n) {
             return fmt::format(R"({{"PipelineName":"j","ClientRequestToken":"token-{:032}"}})", n);
         },
         "PipelineExecutionArn",
         "StopPipelineExecution",
         [](auto& arn) {
             return fmt::format(R"({{"PipelineExecutionArn":"{}","ClientRequestToken":"stop-{:032}"}})", arn,
                                1);
         }})
        ->admin("pipeline", R"({"PipelineName":"j"})");
    add(std::make_unique<StepFunctionsService>(settings),
        {{},
         {},
         "StartExecution",
         [](int n) {
             return fmt::format(
                 R"({{"stateMachineArn":"arn:aws:states:eu-west-1:123456789012:stateMachine:j","name":"n{}"}})",
                 n);
         },
         "executionArn",
         "StopExecution",
         [](auto& arn) { return R"({"executionArn":")" + arn + R"("})"; }})
        ->admin("state_machine", R"({"name":"j"})");
    return all;
}

// CON-1 is judged by these books.
TEST(InFlight, CountsWhatIsUnderWayAtOnce) {
    const Settings settings;
    for (Subject& subject : subjects(settings)) {
        SCOPED_TRACE(std::string(subject.operation));
        int number = 0;
        for (int i = 0; i < 3; ++i) subject.start(number++);
        EXPECT_EQ(subject.books().at("all"), 3);
        subject.caller->pass(std::chrono::hours(1));  // all of them end
        for (int i = 0; i < 2; ++i) subject.start(number++);
        EXPECT_EQ(subject.books().at("all"), 3) << "those that have ended do not count";
        const std::string stopped = subject.start(number++);
        (void)subject.caller->ok(subject.stop, subject.stop_input(stopped));
        subject.caller->pass(settings.durations.stopping);  // the two others run on
        subject.start(number++);
        EXPECT_EQ(subject.books().at("all"), 3) << "nor do stopped ones";
        subject.start(number++);
        EXPECT_EQ(subject.books().at("all"), 4);
        EXPECT_EQ(member(subject.books(), "jobs.j"), 4);
        subject.caller->context.region = "us-east-1";
        EXPECT_FALSE(subject.service->most_in_flight().contains("123456789012/us-east-1"));
    }
}

TEST(InFlight, ManyRunsAtOnce) {
    const Settings settings;
    for (Subject& subject : subjects(settings)) {
        for (int i = 0; i < 1000; ++i) subject.start(i);
        EXPECT_EQ(subject.books().at("all"), 1000) << subject.operation;
        for (int i = 1000; i < 2000; ++i) subject.start(i);
        const auto most = subject.books().at("all").to_number<int>();
        EXPECT_GE(most, 1980) << subject.operation;
        EXPECT_LE(most, 2000) << subject.operation;
    }
}

}  // namespace
}  // namespace polysync::sandbox
