// What a Provider is: one suite, passed by all four platform types against the sandbox.
#include <algorithm>
#include <random>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;

class ProviderConformance : public testing::TestWithParam<Subject> {
  protected:
    void SetUp() override {
        if (!world.simulates(GetParam().service))
            GTEST_SKIP() << "the sandbox does not simulate " << GetParam().service;
    }

    World world{GetParam()};
    std::unique_ptr<Provider> provider = world.provider();

    [[nodiscard]] bool is(PlatformType type) const { return GetParam().type == type; }

    std::vector<Job> discover_all(int* pages = nullptr) {
        std::vector<Job> jobs;
        std::string next;
        for (int page = 1; page <= 100; ++page) {
            Result<JobPage> got = world.run(provider->discover(next));
            EXPECT_TRUE(got.has_value()) << (got ? "" : got.error().describe());
            if (!got) break;
            for (Job& job : got.value().jobs) jobs.push_back(std::move(job));
            if (pages) *pages = page;
            next = got.value().next;
            if (next.empty()) return jobs;
        }
        ADD_FAILURE() << "discovery does not end";
        return jobs;
    }

    // What a rescuer does with an intent whose answer was lost (SAFE-1): look up until it is found, may be
    // repeated, or was looked up twice in vain at least 60 s apart; then send it again.
    std::optional<PipelineRun> recover(const SubmissionIntent& intent) {
        SystemTime called_at = world.clock.now();
        std::unique_ptr<Provider> fresh = world.provider();
        for (int empty_look_ups = 0; empty_look_ups < 2;) {
            world.advance(61s);
            Result<FindAnswer> answer = world.run(fresh->find_submission(intent, called_at));
            EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().describe());
            if (!answer) return std::nullopt;
            if (answer.value().result == FindResult::found) return answer.value().run;
            EXPECT_NE(answer.value().result, FindResult::unknowable) << answer.value().explanation;
            if (answer.value().result == FindResult::repeat_is_safe) break;
            ++empty_look_ups;
            EXPECT_FALSE(answer.value().explanation.empty());
        }
        Result<PipelineRun> again = world.run(fresh->submit(intent));
        EXPECT_TRUE(again.has_value()) << (again ? "" : again.error().describe());
        return again ? std::optional(again.value()) : std::nullopt;
    }

    PipelineRun until_ended(const RunReference& run) {
        PipelineRun known;
        for (int i = 0; i < 20; ++i) {
            known = world.status(*provider, run);
            if (is_terminal(known.status)) return known;
            world.advance(1s);
        }
        ADD_FAILURE() << "the run does not end: " << known.aws_status;
        return known;
    }
};

const Parameter* find(const std::vector<Parameter>& parameters, std::string_view name) {
    auto found = std::ranges::find_if(parameters, [name](const Parameter& parameter) {
        return parameter.name == name || parameter.name == "--" + std::string(name);
    });
    return found == parameters.end() ? nullptr : &*found;
}

// GLUE-1, BATCH-1, SM-1, SFN-1: every job once, over AWS's pages.
TEST_P(ProviderConformance, DiscoversEveryJobOnce) {
    world.add_bulk(250);
    std::set<std::string> found;
    for (const Job& job : discover_all())
        EXPECT_TRUE(found.insert(job.external_id).second) << job.external_id << " twice";
    for (int i = 0; i < 250; ++i)
        EXPECT_TRUE(found.contains(world.external_id(fmt::format("bulk-{:05}", i)))) << i;
}

// GLUE-2, BATCH-1, SM-1; SFN-1 imports none.
TEST_P(ProviderConformance, DescribesOneJobWithItsParameters) {
    std::string id = world.add_job("described");
    Result<Job> job = world.run(provider->describe(id));
    ASSERT_TRUE(job.has_value()) << job.error().describe();
    EXPECT_EQ(job.value().external_id, id);
    EXPECT_FALSE(job.value().details.empty());
    if (is(PlatformType::aws_step_functions)) {
        EXPECT_TRUE(job.value().parameters.empty());
        return;
    }
    const Parameter* count = find(job.value().parameters, "count");
    ASSERT_NE(count, nullptr);
    EXPECT_EQ(count->default_value, "10");
    EXPECT_NE(find(job.value().parameters, "input"), nullptr);
    EXPECT_EQ(find(job.value().parameters, "TempDir"), nullptr);
}

TEST_P(ProviderConformance, DescribingAnUnknownJobIsNotFound) {
    Result<Job> job = world.run(provider->describe(world.external_id("nobody")));
    ASSERT_FALSE(job.has_value());
    EXPECT_EQ(job.error().kind, ErrorKind::not_found) << job.error().describe();
    EXPECT_FALSE(job.error().remedy.empty());
}

// TASK-1: only what the user set is sent; and nothing is sent by preparing.
TEST_P(ProviderConformance, PreparesWithoutAnyCall) {
    std::string id = world.add_job("prepared");
    SubmitSpec spec = world.spec(id);
    Result<Job> described = world.run(provider->describe(id));
    ASSERT_TRUE(described.has_value());
    spec.job = described.value();
    spec.token = world.new_token();
    spec.values.push_back(value("input", "s3://elsewhere"));
    std::int64_t before = world.all_calls();
    Result<SubmissionIntent> first = provider->prepare(spec);
    Result<SubmissionIntent> second = provider->prepare(spec);
    EXPECT_EQ(world.all_calls(), before);
    ASSERT_TRUE(first.has_value() && second.has_value());
    std::string request = json::serialize(first.value().request);
    EXPECT_EQ(request, json::serialize(second.value().request));
    EXPECT_EQ(first.value().type, GetParam().type);
    EXPECT_EQ(first.value().operation, GetParam().start);
    EXPECT_EQ(first.value().token, spec.token);
    EXPECT_NE(request.find(spec.token.str()), std::string::npos) << "the token makes the submission findable";
    EXPECT_NE(request.find("s3://elsewhere"), std::string::npos);
    EXPECT_EQ(request.find("count"), std::string::npos) << "an imported default is left to AWS: " << request;
    EXPECT_FALSE(first.value().provenance.empty());
}

TEST_P(ProviderConformance, RunsToItsEnd) {
    std::string id = world.add_job("good");
    SubmissionIntent intent = world.intent(*provider, id, {value("input", "s3://in")});
    Result<PipelineRun> started = world.run(provider->submit(intent));
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    EXPECT_FALSE(is_terminal(started.value().status));
    EXPECT_FALSE(started.value().monitor_url.empty());
    RunReference run{started.value().run_id, id, {}};
    PipelineRun first = world.status(*provider, run);
    EXPECT_FALSE(is_terminal(first.status)) << first.aws_status;
    EXPECT_EQ(first.run_id, run.run_id);
    PipelineRun end = until_ended(run);
    EXPECT_EQ(end.status, PipelineRunStatus::success);
    EXPECT_FALSE(end.aws_status.empty());
    EXPECT_EQ(end.monitor_url, provider->monitor_url(id, run.run_id));
    EXPECT_TRUE(end.remedy.empty()) << end.remedy;
    EXPECT_EQ(world.runs_of(intent.token), 1);
}

TEST_P(ProviderConformance, AFailureSaysWhy) {
    std::string id = world.add_job("bad", {{"status", GetParam().failed_status},
                                           {"reason", "the input was empty"},
                                           {"error", "InputEmpty"},
                                           {"cause", "the input was empty"}});
    PipelineRun end = until_ended(world.start(*provider, id));
    EXPECT_EQ(end.status, PipelineRunStatus::failed);
    EXPECT_EQ(end.aws_status, GetParam().failed_status);
    EXPECT_NE(end.message.find("the input was empty"), std::string::npos) << end.message;
}

// SAFE-1: what was submitted is found again by a process that remembers nothing, and never started twice.
TEST_P(ProviderConformance, ASubmissionIsFoundAgain) {
    std::string id = world.add_job("found");
    for (int i = 0; i < 5; ++i) world.start(*provider, id);  // others around it
    SubmissionIntent intent = world.intent(*provider, id);
    Result<PipelineRun> started = world.run(provider->submit(intent));
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    for (int i = 0; i < 5; ++i) world.start(*provider, id);
    std::optional<PipelineRun> recovered = recover(intent);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_EQ(recovered->run_id, started.value().run_id);
    EXPECT_EQ(world.runs_of(intent.token), 1);
}

// SAFE-1: where a repeat is safe, the same intent gives the same run.
TEST_P(ProviderConformance, TheSameIntentTwiceIsOneRunWhereRepeatsAreSafe) {
    if (!GetParam().repeats_safely) GTEST_SKIP() << "no client token: it is looked up instead";
    std::string id = world.add_job("twice");
    SubmissionIntent intent = world.intent(*provider, id);
    Result<PipelineRun> first = world.run(provider->submit(intent));
    Result<PipelineRun> second = world.run(provider->submit(intent));
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(first.value().run_id, second.value().run_id);
    world.advance(20s);  // and after its end
    Result<PipelineRun> third = world.run(provider->submit(intent));
    ASSERT_TRUE(third.has_value()) << third.error().describe();
    EXPECT_EQ(third.value().run_id, first.value().run_id);
    EXPECT_EQ(world.runs_of(intent.token), 1);
}

// SAFE-1: whatever happens to the call, one run.
TEST_P(ProviderConformance, LostAnswersNeverMakeTwoRuns) {
    std::string id = world.add_job("lost");
    for (std::string_view kind :
         {"lost_answer", "error_after", "truncated_body", "garbage_body", "error_before", "reset_before",
          "html_503", "expired_credentials", "throttle"}) {
        for (int count : {1, 20}) {
            SubmissionIntent intent = world.intent(*provider, id);
            world.fault({{"kind", kind}, {"operation", GetParam().start}, {"count", count}});
            Result<PipelineRun> started = world.run(provider->submit(intent));
            world.clear_faults();
            std::optional<PipelineRun> run;
            if (started) {
                run = started.value();
            } else {
                // Only a definite refusal may be submitted again without a look-up.
                ErrorKind error = started.error().kind;
                bool had_effect = world.runs_of(intent.token) > 0;
                if (had_effect) {
                    EXPECT_EQ(error, ErrorKind::unclear) << kind << started.error().describe();
                }
                run = recover(intent);
            }
            EXPECT_EQ(world.runs_of(intent.token), 1) << kind << " × " << count;
            ASSERT_TRUE(run.has_value()) << kind;
            EXPECT_NE(world.status(*provider, {run->run_id, id, {}}).run_id, "") << kind;
        }
    }
}

// SAFE-1: eventually consistent lists do not make a submission look like none.
TEST_P(ProviderConformance, ListsThatLagBehind) {
    std::string id = world.add_job("lagging");
    world.admin("POST", "settings", {{"list_delay_ms", 30000}, {"describe_delay_ms", 5000}});
    SubmissionIntent intent = world.intent(*provider, id);
    SystemTime called_at = world.clock.now();
    world.fault({{"kind", "lost_answer"}, {"operation", GetParam().start}, {"count", 20}});
    Result<PipelineRun> started = world.run(provider->submit(intent));
    ASSERT_FALSE(started.has_value());
    world.clear_faults();
    Result<FindAnswer> early = world.run(provider->find_submission(intent, called_at));
    ASSERT_TRUE(early.has_value()) << early.error().describe();
    EXPECT_NE(early.value().result, FindResult::unknowable);
    std::optional<PipelineRun> run = recover(intent);
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(world.runs_of(intent.token), 1);
}

// PLAT-8
TEST_P(ProviderConformance, NotNowIsToldApartFromNo) {
    std::string id = world.add_job("busy");
    SubmissionIntent intent = world.intent(*provider, id);
    world.fault({{"kind", "throttle"}, {"operation", GetParam().start}, {"count", 50}});
    Result<PipelineRun> throttled = world.run(provider->submit(intent));
    world.clear_faults();
    ASSERT_FALSE(throttled.has_value());
    EXPECT_EQ(throttled.error().kind, ErrorKind::throttled) << throttled.error().describe();
    EXPECT_EQ(world.runs_of(intent.token), 0);
    if (GetParam().contention_code.empty()) return;
    std::string full = world.add_job(
        "full", {{"refuse_code", GetParam().contention_code}, {"refuse_message", "limit reached"}});
    SubmissionIntent refused = world.intent(*provider, full);
    Result<PipelineRun> contention = world.run(provider->submit(refused));
    ASSERT_FALSE(contention.has_value());
    EXPECT_EQ(contention.error().kind, ErrorKind::contention) << contention.error().describe();
    EXPECT_EQ(contention.error().code, GetParam().contention_code);
    EXPECT_FALSE(contention.error().remedy.empty());
    EXPECT_EQ(world.runs_of(refused.token), 0);
}

// GLUE-7, BATCH-6, SM-5, SFN-7
TEST_P(ProviderConformance, CancelsWhatRunsOrWaits) {
    std::string id = world.add_job("long", {{"run_ms", 3600000}});
    for (Millis age : {Millis(0), Millis(200), Millis(5000)}) {
        RunReference run = world.start(*provider, id);
        world.advance(age);
        SubmissionToken token = world.new_token();
        Result<CancelResult> first = world.run(provider->cancel(run, token));
        ASSERT_TRUE(first.has_value()) << first.error().describe();
        EXPECT_EQ(first.value(), CancelResult::requested);
        Result<CancelResult> again = world.run(provider->cancel(run, token));
        EXPECT_TRUE(again.has_value()) << again.error().describe();
        EXPECT_EQ(until_ended(run).status, PipelineRunStatus::cancelled);
    }
}

TEST_P(ProviderConformance, CancelOfAFinishedRunSaysSo) {
    RunReference run = world.start(*provider, world.add_job("short"));
    ASSERT_EQ(until_ended(run).status, PipelineRunStatus::success);
    Result<CancelResult> cancel = world.run(provider->cancel(run, world.new_token()));
    ASSERT_TRUE(cancel.has_value()) << cancel.error().describe();
    EXPECT_EQ(cancel.value(), CancelResult::already_ended);
    EXPECT_EQ(world.status(*provider, run).status, PipelineRunStatus::success);
}

// A run id that looks like those of this service but names nothing.
std::string unknown_run_id(const RunReference& known) {
    std::string id = known.run_id;
    for (std::size_t i = id.size(); i-- > id.size() - 6;) id[i] = id[i] == '0' ? '1' : '0';
    return id;
}

TEST_P(ProviderConformance, AnUnknownRunIsNotFound) {
    std::string id = world.add_job("known");
    RunReference run = world.start(*provider, id);
    RunReference unknown{unknown_run_id(run), id, {}};
    Result<CancelResult> cancel = world.run(provider->cancel(unknown, world.new_token()));
    ASSERT_FALSE(cancel.has_value());
    EXPECT_EQ(cancel.error().kind, ErrorKind::not_found) << cancel.error().describe();
    std::vector<RunReference> runs{unknown, run};
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    ASSERT_EQ(answers.size(), 2u);
    ASSERT_FALSE(answers[0].run.has_value());
    EXPECT_EQ(answers[0].run.error().kind, ErrorKind::not_found) << answers[0].run.error().describe();
    EXPECT_TRUE(answers[1].run.has_value());
}

// SAFE-5
TEST_P(ProviderConformance, RunIdsThatAreNoneAreRefusedAlone) {
    RunReference run = world.start(*provider, world.add_job("one"));
    std::vector<RunReference> runs{
        {"", "", {}}, run, {"no run id \"at\" all", "", {}}, {std::string(5000, 'x'), "", {}}};
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    ASSERT_EQ(answers.size(), runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        EXPECT_EQ(answers[i].run_id, runs[i].run_id);
        EXPECT_EQ(answers[i].run.has_value(), i == 1) << i;
    }
}

void add_unknown_members(json::value& at, int depth = 0) {
    if (auto* members = at.if_object()) {
        for (auto& [name, member] : *members) add_unknown_members(member, depth + 1);
        (*members)["zzUnknown"] = "x";
        if (depth == 0)
            (*members)["zzNested"] = json::object{{"deep", json::array{1, nullptr, json::object()}}};
    } else if (auto* items = at.if_array()) {
        for (json::value& item : *items) add_unknown_members(item, depth + 1);
    }
}

void replace_text(json::value& at, std::string_view from, std::string_view to) {
    if (auto* members = at.if_object()) {
        for (auto& [name, member] : *members) replace_text(member, from, to);
    } else if (auto* items = at.if_array()) {
        for (json::value& item : *items) replace_text(item, from, to);
    } else if (at.is_string() && at.get_string() == from) {
        at = to;
    }
}

// PLAT-7
TEST_P(ProviderConformance, UnknownStatusesAndMembersAreTolerated) {
    std::string id = world.add_job("future", {{"run_ms", 600000}});
    World::Options options;
    std::string running = GetParam().running_status;
    options.change = [running](json::value& body) {
        add_unknown_members(body);
        replace_text(body, running, "LEVITATING");
    };
    provider = world.provider(options);
    discover_all();
    EXPECT_TRUE(world.run(provider->describe(id)).has_value());
    RunReference run = world.start(*provider, id);
    world.advance(5s);
    PipelineRun status = world.status(*provider, run);
    EXPECT_EQ(status.status, PipelineRunStatus::running);
    EXPECT_EQ(status.aws_status, "LEVITATING");
    std::vector<RunReference> both{run, world.start(*provider, id)};
    for (const StatusAnswer& answer : world.run(provider->statuses(both)))
        EXPECT_TRUE(answer.run.has_value()) << answer.run.error().describe();
    EXPECT_TRUE(world.run(provider->cancel(run, world.new_token())).has_value());
}

// "One answer per reference, in their order, in the fewest calls."
TEST_P(ProviderConformance, StatusesOfManyRunsInFewCalls) {
    constexpr std::size_t count = 250;
    std::vector<RunReference> runs;
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(world.add_job(fmt::format("many-{}", i), {{"run_ms", 600000}}));
    for (std::size_t i = 0; i < count; ++i) runs.push_back(world.start(*provider, ids[i % ids.size()]));
    world.advance(5s);
    std::shuffle(runs.begin(), runs.end(), std::mt19937(3));
    runs.push_back(runs.front());  // the same one twice
    provider = world.provider();
    std::int64_t before = world.all_calls();
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    std::int64_t calls = world.all_calls() - before;
    ASSERT_EQ(answers.size(), runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        EXPECT_EQ(answers[i].run_id, runs[i].run_id);
        ASSERT_TRUE(answers[i].run.has_value()) << answers[i].run.error().describe();
        EXPECT_EQ(answers[i].run.value().run_id, runs[i].run_id);
        EXPECT_EQ(answers[i].run.value().status, PipelineRunStatus::running);
    }
    // A page or a batch per job, not a call per run.
    EXPECT_LE(calls, 4);
}

// An error of one call leaves the others' answers.
TEST_P(ProviderConformance, AFailingCallLeavesTheOthersAnswers) {
    std::vector<RunReference> runs;
    for (int i = 0; i < 3; ++i) {
        std::string id = world.add_job(fmt::format("some-{}", i));
        runs.push_back(world.start(*provider, id));
    }
    world.fault({{"kind", "error_before"}, {"count", 3}});
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    world.clear_faults();
    ASSERT_EQ(answers.size(), runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        EXPECT_EQ(answers[i].run_id, runs[i].run_id);
        if (!answers[i].run) {
            EXPECT_EQ(answers[i].run.error().kind, ErrorKind::transient);
        }
    }
}

TEST_P(ProviderConformance, NoRunsNeedNoCall) {
    std::int64_t before = world.all_calls();
    EXPECT_TRUE(world.run(provider->statuses({})).empty());
    EXPECT_EQ(world.all_calls(), before);
}

// GLUE-8, BATCH-7, SM-6, SFN-8, PLAT-1
TEST_P(ProviderConformance, MonitorLinksInEveryPartition) {
    RunReference run = world.start(*provider, world.add_job("linked"));
    for (auto [region, host] : {std::pair{"us-east-1", "https://us-east-1.console.aws.amazon.com/"},
                                {"cn-northwest-1", "https://cn-northwest-1.console.amazonaws.cn/"},
                                {"us-gov-east-1", "https://us-gov-east-1.console.amazonaws-us-gov.com/"},
                                {"eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/"},
                                {"us-iso-east-1", ""},
                                {"us-isob-east-1", ""},
                                {"eu-isoe-west-1", ""},
                                {"us-isof-east-1", ""}}) {
        World::Options options;
        options.region = region;
        std::string url = world.provider(options)->monitor_url(run.external_id, run.run_id);
        EXPECT_TRUE(url.starts_with(host)) << url;
        EXPECT_EQ(url.empty(), std::string_view(host).empty()) << url;
        if (!url.empty()) {
            EXPECT_NE(url.find(fmt::format("region={}", region)), std::string::npos) << url;
        }
    }
}

// PLAT-6
TEST_P(ProviderConformance, KnownErrorsCarryARemedy) {
    SubmitSpec spec = world.spec(world.external_id("nobody"));
    spec.token = world.new_token();
    Result<SubmissionIntent> unknown = provider->prepare(spec);
    ASSERT_TRUE(unknown.has_value());
    unknown = world.run(provider->complete(unknown.value()));
    Error no_job;
    if (unknown) {
        Result<PipelineRun> started = world.run(provider->submit(unknown.value()));
        ASSERT_FALSE(started.has_value());
        no_job = started.error();
    } else {
        no_job = unknown.error();
    }
    EXPECT_EQ(no_job.kind, ErrorKind::not_found) << no_job.describe();
    EXPECT_FALSE(no_job.remedy.empty()) << no_job.describe();

    std::string id = world.add_job("denied");
    std::string action = GetParam().permission + ":" + GetParam().start;
    world.admin("POST", "denials", {{"action", action}});
    Result<PipelineRun> denied = world.run(provider->submit(world.intent(*provider, id)));
    world.admin("POST", "denials", {{"clear", true}});
    ASSERT_FALSE(denied.has_value());
    EXPECT_EQ(denied.error().kind, ErrorKind::access_denied) << denied.error().describe();
    EXPECT_NE(denied.error().remedy.find(action), std::string::npos) << denied.error().remedy;
    EXPECT_FALSE(denied.error().request_id.empty());
}

// Lines in order, none twice and none missing, over restarts.
TEST_P(ProviderConformance, LogsGoOnWhereTheyWereLeft) {
    if (GetParam().has_log_groups && !world.simulates("logs"))
        GTEST_SKIP() << "the sandbox does not simulate logs";
    json::array lines;
    for (int i = 0; i < 20; ++i) lines.emplace_back(fmt::format("line {:02}", i));
    json::object outcome{{"run_ms", 20000}};
    if (GetParam().has_log_groups) outcome["log_lines"] = lines;
    RunReference run = world.start(*provider, world.add_job("talkative", outcome));
    std::vector<std::string> seen;
    std::string cursor;
    for (int step = 0; step < 40; ++step) {
        provider = world.provider();  // a restart each time
        Result<LogPage> page = world.run(provider->logs(run, cursor));
        ASSERT_TRUE(page.has_value()) << page.error().describe();
        for (const LogLine& line : page.value().lines) seen.push_back(line.stream + "|" + line.text);
        if (page.value().lines.empty() && seen.empty()) {
            EXPECT_FALSE(page.value().note.empty()) << "says why there is nothing";
        }
        cursor = page.value().cursor;
        world.advance(1s);
    }
    std::set<std::string> distinct(seen.begin(), seen.end());
    EXPECT_EQ(distinct.size(), seen.size()) << "a line came twice";
    EXPECT_FALSE(seen.empty());
    if (!GetParam().has_log_groups) return;
    std::vector<std::string> texts;
    for (const std::string& line : seen) {
        if (line.find("|line ") != std::string::npos) texts.push_back(line.substr(line.find('|') + 1));
    }
    ASSERT_EQ(texts.size(), lines.size());
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], lines[i].as_string());
}

TEST_P(ProviderConformance, LogCursorsAreChecked) {
    RunReference run = world.start(*provider, world.add_job("quiet"));
    world.advance(10s);
    Result<LogPage> page = world.run(provider->logs(run, "no cursor of ours"));
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().kind, ErrorKind::invalid_input);
}

// PLAT-4
TEST_P(ProviderConformance, TestConnection) {
    ConnectionReport good = world.run(provider->test_connection());
    for (const ConnectionCheck& check : good.checks)
        EXPECT_TRUE(check.passed) << check.name << ": " << check.detail;
    EXPECT_TRUE(good.passed());
    EXPECT_EQ(good.account, "123456789012");
    EXPECT_FALSE(good.caller_arn.empty());

    World::Options wrong;
    wrong.secret = "not-the-secret";
    ConnectionReport refused = world.run(world.provider(wrong)->test_connection());
    EXPECT_FALSE(refused.passed());
    EXPECT_TRUE(refused.caller_arn.empty());

    std::string action = GetParam().permission + ":" + GetParam().list;
    world.admin("POST", "denials", {{"action", action}});
    ConnectionReport denied = world.run(provider->test_connection());
    EXPECT_FALSE(denied.passed());
    bool is_named = std::ranges::any_of(denied.checks, [&action](const ConnectionCheck& check) {
        return !check.passed && (check.name + check.detail + check.remedy).find(action) != std::string::npos;
    });
    EXPECT_TRUE(is_named) << "the missing permission is named";
}

// SAFE-3
TEST_P(ProviderConformance, NoSecretInWhatIsReported) {
    World::Options wrong;
    wrong.secret = "a-planted-secret-value";
    provider = world.provider(wrong);
    ConnectionReport report = world.run(provider->test_connection());
    std::string all = report.credentials_source + report.caller_arn;
    for (const ConnectionCheck& check : report.checks) all += check.name + check.detail + check.remedy;
    Result<JobPage> page = world.run(provider->discover({}));
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().kind, ErrorKind::credentials) << page.error().describe();
    all += page.error().describe() + page.error().remedy;
    EXPECT_EQ(all.find("planted-secret"), std::string::npos);
}

bool allows(const json::object& policy, std::string_view action) {
    json::value wanted(action);
    for (const json::value& statement : policy.at("Statement").as_array()) {
        const json::value& actions = statement.at("Action");
        if (actions == wanted) return true;
        if (actions.is_array() && std::ranges::find(actions.as_array(), wanted) != actions.as_array().end())
            return true;
    }
    return false;
}

// PLAT-5: defined last, so that it sees the calls of the whole suite.
TEST_P(ProviderConformance, ZThePolicyAllowsEverythingThatWasCalled) {
    discover_all();
    RunReference run = world.start(*provider, world.add_job("allowed"));
    until_ended(run);
    json::object policy = provider->required_permissions({});
    std::set<std::string> called = World::called(GetParam().type);
    for (const auto& [name, count] : world.calls()) {
        if (name.find(' ') != std::string::npos) continue;
        auto dot = name.find('.');
        called.insert((name.starts_with("stepfunctions") ? "states" : name.substr(0, dot)) + ":" +
                      name.substr(dot + 1));
    }
    for (const std::string& action : called) {
        // GetCallerIdentity needs no permission; other tests of this program speak to other services too.
        if (!action.starts_with(GetParam().permission + ":") && !action.starts_with("logs:")) continue;
        EXPECT_TRUE(allows(policy, action)) << action << "\n" << json::serialize(policy);
    }
}

INSTANTIATE_TEST_SUITE_P(AllPlatforms, ProviderConformance, testing::ValuesIn(subjects()),
                         [](const testing::TestParamInfo<Subject>& one) { return one.param.service; });

}  // namespace
}  // namespace polysync::conformance
