// What is Step Functions' own, against the sandbox: typed input, outputs, Express state machines, versions
// and aliases.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class StepFunctionsSandbox : public testing::Test {
  protected:
    World world{subjects()[3]};
    std::unique_ptr<Provider> provider = world.provider();

    std::string add(json::object machine) {
        std::string id = world.external_id(std::string_view(machine.at("name").as_string()));
        world.admin("POST", "stepfunctions/state_machine", machine);
        return id;
    }
    std::string add_express(std::string_view name, json::object logging, json::object outcome = {}) {
        json::object machine{{"name", name}, {"type", "EXPRESS"}};
        if (!logging.empty()) machine["loggingConfiguration"] = std::move(logging);
        if (!outcome.empty()) machine["outcome"] = std::move(outcome);
        return add(std::move(machine));
    }
    SubmissionIntent intent(const std::string& id, std::vector<ParameterValue> values = {},
                            json::object attributes = {}) {
        SubmitSpec spec = world.spec(id);
        spec.token = world.new_token();
        spec.values = std::move(values);
        spec.job.attributes = std::move(attributes);
        Result<SubmissionIntent> prepared = provider->prepare(spec);
        EXPECT_TRUE(prepared.has_value()) << (prepared ? "" : prepared.error().describe());
        Result<SubmissionIntent> completed = world.run(provider->complete(prepared.value()));
        EXPECT_TRUE(completed.has_value()) << (completed ? "" : completed.error().describe());
        return completed.value();
    }
    RunReference submit(const SubmissionIntent& made) {
        Result<PipelineRun> started = world.run(provider->submit(made));
        EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().describe());
        RunReference run;
        if (started) run.run_id = started.value().run_id;
        run.external_id = made.external_id;
        run.outputs = made.outputs;
        run.submitted_at = world.clock.now();
        return run;
    }
};

ParameterValue output(std::string name) {
    ParameterValue out;
    out.parameter.name = std::move(name);
    out.parameter.direction = Direction::output;
    return out;
}

// SFN-2, SFN-6: what goes in typed comes out typed; the sandbox gives the input back as the output.
TEST_F(StepFunctionsSandbox, ValuesGoInAndComeOut) {
    std::string id = add({{"name", "echo"}});
    SubmissionIntent made = intent(
        id, {value("big", "9007199254740993", DataType::integer), value("rate", "0.5", DataType::number),
             value("on", "true", DataType::boolean), value("tree", R"({"a":[1,null]})", DataType::json),
             value("list", "[1,2]"), value("text", "grüße \"x\""), output("Big"), output("TEXT"),
             output("tree"), output("missing")});
    RunReference run = submit(made);
    world.advance(60s);
    PipelineRun end = world.status(*provider, run);
    ASSERT_EQ(end.status, PipelineRunStatus::success);
    EXPECT_EQ(json::serialize(end.outputs.at("Big")), "9007199254740993");
    EXPECT_EQ(end.outputs.at("TEXT").as_string(), "grüße \"x\"");
    EXPECT_EQ(json::serialize(end.outputs.at("tree")), R"({"a":[1,null]})");
    EXPECT_FALSE(end.outputs.contains("missing"));
    EXPECT_THAT(end.outputs_note, HasSubstr("'missing'"));
}

// SFN-6: any other root fills none, and the run says why.
TEST_F(StepFunctionsSandbox, AnOutputThatIsNoObjectFillsNothing) {
    std::string id = add({{"name", "listing"}, {"outcome", {{"output", json::array{1}}}}});
    RunReference run = submit(intent(id, {output("rows")}));
    world.advance(60s);
    PipelineRun end = world.status(*provider, run);
    EXPECT_EQ(end.status, PipelineRunStatus::success);
    EXPECT_TRUE(end.outputs.empty());
    EXPECT_THAT(end.outputs_note, HasSubstr("an array"));
    EXPECT_FALSE(end.remedy.empty());
}

// SFN-1, SFN-4: versions and aliases start under their own ARN; the execution's ARN carries the plain name.
TEST_F(StepFunctionsSandbox, VersionsAndAliasesWork) {
    std::string id = add({{"name", "released"}, {"versions", 2}, {"aliases", {{"PROD", 2}}}});
    for (const char* qualifier : {":2", ":PROD"}) {
        Result<Job> job = world.run(provider->describe(id + qualifier));
        ASSERT_TRUE(job.has_value()) << job.error().describe();
        EXPECT_EQ(job.value().external_id, id + qualifier);
        SubmissionIntent made = intent(id + qualifier);
        EXPECT_TRUE(made.repeat_is_safe);
        RunReference run = submit(made);
        EXPECT_THAT(run.run_id, HasSubstr(":execution:released:Polysync-"));
        Result<FindAnswer> found = world.run(world.provider()->find_submission(made, world.clock.now()));
        ASSERT_TRUE(found.has_value()) << found.error().describe();
        EXPECT_EQ(found.value().result, FindResult::found);
        EXPECT_EQ(found.value().run->run_id, run.run_id);
        EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::running);
    }
}

// SFN-9: the end comes from the log group where it logs all events.
TEST_F(StepFunctionsSandbox, AnExpressEndComesFromItsLog) {
    std::string good = add_express("logged", {{"level", "ALL"}, {"includeExecutionData", true}},
                                   {{"output", json::object{{"rows", 3}}}});
    std::string bad = add_express("logged-bad", {{"level", "ALL"}, {"includeExecutionData", true}},
                                  {{"status", "FAILED"}, {"error", "NoInput"}, {"cause", "nothing there"}});
    std::string bare = add_express("logged-bare", {{"level", "ALL"}, {"includeExecutionData", false}},
                                   {{"output", json::object{{"rows", 3}}}});
    std::vector<RunReference> runs;
    for (const auto& id : {good, bad, bare, good}) {
        SubmissionIntent made = intent(id, {output("rows")});
        EXPECT_FALSE(made.repeat_is_safe);
        EXPECT_TRUE(made.warnings.empty());
        runs.push_back(submit(made));
    }
    for (const auto& answer : world.run(provider->statuses(runs))) {
        ASSERT_TRUE(answer.run.has_value()) << answer.run.error().describe();
        EXPECT_FALSE(is_terminal(answer.run.value().status));
    }
    world.advance(60s);
    provider = world.provider();
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    for (const auto& answer : answers) ASSERT_TRUE(answer.run.has_value()) << answer.run.error().describe();
    EXPECT_EQ(answers[0].run.value().status, PipelineRunStatus::success);
    EXPECT_EQ(json::serialize(answers[0].run.value().outputs.at("rows")), "3");
    EXPECT_EQ(answers[1].run.value().status, PipelineRunStatus::failed);
    EXPECT_EQ(answers[1].run.value().code, "NoInput");
    EXPECT_EQ(answers[2].run.value().status, PipelineRunStatus::success);
    EXPECT_TRUE(answers[2].run.value().outputs.empty());
    EXPECT_THAT(answers[2].run.value().outputs_note, HasSubstr("no execution data"));
    EXPECT_EQ(answers[3].run.value().status, PipelineRunStatus::success);
}

// SFN-9, SAFE-2
TEST_F(StepFunctionsSandbox, AnExpressEndWithoutALogIsUnknown) {
    for (json::object logging : {json::object(), json::object{{"level", "ERROR"}}}) {
        std::string id = add_express(logging.empty() ? "silent" : "errors-only", logging);
        SubmissionIntent made = intent(id);
        ASSERT_EQ(made.warnings.size(), 1U);
        EXPECT_THAT(made.warnings[0], HasSubstr("outcome_unknown"));
        RunReference run = submit(made);
        PipelineRun end = world.status(*provider, run);
        EXPECT_EQ(end.status, PipelineRunStatus::failed);
        EXPECT_EQ(end.code, "outcome_unknown");
        EXPECT_FALSE(end.remedy.empty());
        Result<CancelResult> cancel = world.run(provider->cancel(run, world.new_token()));
        EXPECT_EQ(cancel.error().kind, ErrorKind::unsupported);
        EXPECT_FALSE(cancel.error().message.empty());
        Result<FindAnswer> found = world.run(provider->find_submission(made, world.clock.now()));
        EXPECT_EQ(found.value().result, FindResult::unknowable);
    }
}

// SFN-9, SAFE-1: an Express start whose answer was lost is never sent again; a log that holds it finds it.
TEST_F(StepFunctionsSandbox, ALostExpressStartIsNotRepeated) {
    std::string id = add_express("lossy", {{"level", "ALL"}, {"includeExecutionData", true}});
    SubmissionIntent made = intent(id);
    world.fault({{"kind", "lost_answer"}, {"operation", "StartExecution"}, {"count", 20}});
    Result<PipelineRun> started = world.run(provider->submit(made));
    world.clear_faults();
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().kind, ErrorKind::unclear);
    EXPECT_EQ(world.runs_of(made.token), 1);
    world.advance(10s);
    Result<FindAnswer> found = world.run(world.provider()->find_submission(made, world.clock.now()));
    ASSERT_TRUE(found.has_value()) << found.error().describe();
    ASSERT_EQ(found.value().result, FindResult::found) << found.value().explanation;
    RunReference run{found.value().run->run_id, id, {}};
    EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::success);

    SubmissionIntent never = intent(id);
    Result<FindAnswer> none = world.run(provider->find_submission(never, world.clock.now()));
    EXPECT_EQ(none.value().result, FindResult::not_yet);
    none = world.run(provider->find_submission(never, world.clock.now() - 1h));
    EXPECT_EQ(none.value().result, FindResult::unknowable);
}

// SFN-9: execution_mode sync gives status and output in the answer of the start.
TEST_F(StepFunctionsSandbox, SyncGivesTheEndAtOnce) {
    std::string id = add_express("quick", {}, {{"output", json::object{{"Rows", 1}}}, {"run_ms", 0}});
    SubmissionIntent made = intent(id, {output("rows")}, {{"execution_mode", "sync"}});
    EXPECT_EQ(made.operation, "StartSyncExecution");
    Result<PipelineRun> ended = world.run(provider->submit(made));
    ASSERT_TRUE(ended.has_value()) << ended.error().describe();
    EXPECT_EQ(ended.value().status, PipelineRunStatus::success);
    EXPECT_EQ(json::serialize(ended.value().outputs.at("rows")), "1");
    std::string failing =
        add_express("quick-bad", {}, {{"status", "FAILED"}, {"error", "E"}, {"cause", "c"}, {"run_ms", 0}});
    ended = world.run(provider->submit(intent(failing, {}, {{"execution_mode", "sync"}})));
    ASSERT_TRUE(ended.has_value()) << ended.error().describe();
    EXPECT_EQ(ended.value().status, PipelineRunStatus::failed);
    EXPECT_EQ(ended.value().message, "E: c");

    std::string standard = add({{"name", "slow"}});
    SubmitSpec spec = world.spec(standard);
    spec.token = world.new_token();
    spec.job.attributes["execution_mode"] = "sync";
    Result<SubmissionIntent> refused = world.run(provider->complete(provider->prepare(spec).value()));
    EXPECT_EQ(refused.error().code, "sync_needs_express");
}

TEST_F(StepFunctionsSandbox, ExpressLogsAreReadOnce) {
    std::string id = add_express("chatty", {{"level", "ALL"}, {"includeExecutionData", true}});
    RunReference run = submit(intent(id));
    std::vector<std::string> texts;
    std::string cursor;
    for (int i = 0; i < 10; ++i) {
        Result<LogPage> page = world.run(world.provider()->logs(run, cursor));
        ASSERT_TRUE(page.has_value()) << page.error().describe();
        for (const auto& line : page.value().lines) texts.push_back(line.text);
        cursor = page.value().cursor;
        world.advance(1s);
    }
    std::set<std::string> distinct(texts.begin(), texts.end());
    EXPECT_EQ(distinct.size(), texts.size());
    EXPECT_TRUE(std::any_of(texts.begin(), texts.end(),
                            [](const std::string& text) { return text.starts_with("ExecutionSucceeded"); }));
}

// SFN-2: an input at the limit is taken, and what is above it never leaves.
TEST_F(StepFunctionsSandbox, TheInputHasALimit) {
    std::string id = add({{"name", "heavy"}});
    std::string frame = R"({"s":""})";
    RunReference run = submit(intent(id, {value("s", std::string(262144 - frame.size(), 'x'))}));
    EXPECT_FALSE(run.run_id.empty());
    SubmitSpec spec = world.spec(id);
    spec.token = world.new_token();
    spec.values.push_back(value("s", std::string(262145 - frame.size(), 'x')));
    EXPECT_EQ(provider->prepare(spec).error().code, "input_too_large");
}

}  // namespace
}  // namespace polysync::conformance
