#include "provider/glue/glue_run_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "provider/parts.h"
#include "provider/scripted_connection.h"
#include "test/support/run_async.h"

namespace polysync::glue {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr SystemTime now{Millis(1'780'000'000'000)};

double seconds_ago(std::chrono::seconds ago) { return double((now - ago).time_since_epoch().count()) / 1000; }

// Glue as far as polling can tell: one job's runs, newest first, and its definition.
struct FakeGlue {
    std::vector<json::object> runs;
    int max_retries = 0;
    std::string denied;
    bool is_deleted = false;

    json::object& add(std::string id, std::string state, std::string previous = {},
                      std::chrono::seconds ended_ago = 60s) {
        json::object run{{"Id", id},
                         {"JobName", "etl"},
                         {"JobRunState", state},
                         {"StartedOn", seconds_ago(3600s)},
                         {"CompletedOn", seconds_ago(ended_ago)}};
        if (!previous.empty()) run["PreviousRunId"] = previous;
        runs.insert(runs.begin(), std::move(run));
        return runs.front();
    }

    Result<std::string> answer(std::string_view operation, const json::object& input) {
        if (operation == denied) return make_error(ErrorKind::access_denied, "AccessDeniedException", "no");
        if (operation == "GetJob") {
            if (is_deleted) return make_error(ErrorKind::not_found, "EntityNotFoundException", "gone");
            return json::serialize(json::object{{"Job", {{"Name", "etl"}, {"MaxRetries", max_retries}}}});
        }
        if (operation == "GetJobRun") {
            for (const json::object& run : runs)
                if (run.at("Id") == input.at("RunId")) return json::serialize(json::object{{"JobRun", run}});
            return make_error(ErrorKind::not_found, "EntityNotFoundException", "no such run");
        }
        std::size_t from =
            input.contains("NextToken") ? std::stoul(std::string(input.at("NextToken").as_string())) : 0;
        json::array page;
        std::size_t at = from;
        for (; at < runs.size() && page.size() < 200; ++at) page.push_back(runs[at]);
        json::object answer{{"JobRuns", page}};
        if (at < runs.size()) answer["NextToken"] = std::to_string(at);
        return json::serialize(answer);
    }
};

class GlueRunReader : public testing::Test {
  protected:
    FakeGlue aws;
    ManualClock clock{now};
    std::shared_ptr<test::ScriptedConnection> connection = std::make_shared<test::ScriptedConnection>(
        [this](std::string_view operation, const json::object& input) {
            return aws.answer(operation, input);
        });
    aws::GlueClient client{connection};
    DefinitionCache definitions{client, clock};
    RunReader reader{client, definitions, clock};

    Result<Chain> read(std::string id) { return test::run_async(reader.read_one("etl", std::move(id))); }
    std::string calls() {
        std::string out;
        for (const auto& [operation, body] : connection->calls) out += operation + " ";
        connection->calls.clear();
        return out;
    }
};

// GLUE-9: without MaxRetries a failure is final at once, and costs one look at the definition.
TEST_F(GlueRunReader, AFailureWithoutRetriesIsFinal) {
    aws.add("jr_1", "FAILED");
    Result<Chain> chain = read("jr_1");
    ASSERT_TRUE(chain.has_value());
    EXPECT_FALSE(chain.value().retry_is_due);
    EXPECT_EQ(calls(), "GetJobRun GetJob ");
    EXPECT_FALSE(read("jr_1").value().retry_is_due);
    EXPECT_EQ(calls(), "GetJobRun ") << "the definition is kept for a minute";
    clock.advance(61s);
    EXPECT_TRUE(read("jr_1").has_value());
    EXPECT_EQ(calls(), "GetJobRun GetJob ");
}

// GLUE-9: a chain is linked by PreviousRunId, whatever its ids look like.
TEST_F(GlueRunReader, LinksGoBeforeNames) {
    aws.max_retries = 2;
    aws.add("jr_1", "FAILED");
    aws.add("jr_other", "FAILED", "jr_1");
    aws.add("jr_third", "SUCCEEDED", "jr_other");
    Result<Chain> chain = read("jr_1");
    ASSERT_TRUE(chain.has_value());
    EXPECT_EQ(chain.value().first.id, "jr_1");
    EXPECT_EQ(chain.value().last.id, "jr_third");
}

// GLUE-9: a chain that lies behind the newest page is found by name.
TEST_F(GlueRunReader, OldChainsAreFoundByName) {
    aws.max_retries = 2;
    aws.add("jr_1", "FAILED");
    aws.add("jr_1_attempt_1", "FAILED", "jr_1");
    aws.add("jr_1_attempt_2", "SUCCEEDED", "jr_1_attempt_1");
    for (int i = 0; i < 300; ++i) aws.add(fmt::format("jr_x{}", i), "SUCCEEDED");
    Result<Chain> chain = read("jr_1");
    ASSERT_TRUE(chain.has_value());
    EXPECT_EQ(chain.value().last.id, "jr_1_attempt_2");
    EXPECT_EQ(calls(), "GetJobRun GetJob GetJobRuns GetJobRun GetJobRun ");
}

// GLUE-9, SAFE-2: a retry that does not come is waited for, and not for ever.
TEST_F(GlueRunReader, ARetryThatDoesNotCome) {
    aws.max_retries = 1;
    aws.add("jr_1", "FAILED");
    EXPECT_TRUE(read("jr_1").value().retry_is_due);
    clock.advance(10min);
    EXPECT_FALSE(read("jr_1").value().retry_is_due);
    // The job is gone: nothing will retry.
    clock.set(now);
    clock.advance(Millis(0));
    DefinitionCache fresh(client, clock);
    RunReader forgetful(client, fresh, clock);
    aws.is_deleted = true;
    EXPECT_FALSE(test::run_async(forgetful.read_one("etl", "jr_1")).value().retry_is_due);
}

TEST_F(GlueRunReader, WithoutTheDefinitionARetryIsStillLookedFor) {
    aws.max_retries = 1;
    aws.denied = "GetJob";
    aws.add("jr_1", "FAILED");
    EXPECT_TRUE(read("jr_1").value().retry_is_due);
    aws.add("jr_1_attempt_1", "RUNNING", "jr_1");
    EXPECT_EQ(read("jr_1").value().last.id, "jr_1_attempt_1");
}

// Memory saves calls and is never needed.
TEST_F(GlueRunReader, RemembersTheLatestAttempt) {
    aws.max_retries = 3;
    aws.add("jr_1", "FAILED");
    aws.add("jr_1_attempt_1", "RUNNING", "jr_1");
    EXPECT_EQ(read("jr_1").value().last.id, "jr_1_attempt_1");
    EXPECT_EQ(reader.latest_known_attempt("etl", "jr_1"), "jr_1_attempt_1");
    calls();
    Result<Chain> again = read("jr_1");
    EXPECT_EQ(calls(), "GetJobRun ");
    EXPECT_EQ(again.value().first.id, "jr_1");
    EXPECT_TRUE(again.value().first.started_on.has_value());
    aws.runs.front()["JobRunState"] = "FAILED";
    aws.add("jr_1_attempt_2", "SUCCEEDED", "jr_1_attempt_1");
    EXPECT_EQ(read("jr_1").value().last.id, "jr_1_attempt_2");
    EXPECT_EQ(reader.latest_known_attempt("etl", "jr_1"), "jr_1") << "forgotten at the end";
}

// An attempt that was remembered and is gone (its history expired) does not lose the run.
TEST_F(GlueRunReader, ARememberedAttemptThatIsGone) {
    aws.max_retries = 1;
    aws.add("jr_1", "FAILED");
    aws.add("jr_1_attempt_1", "RUNNING", "jr_1");
    EXPECT_TRUE(read("jr_1").has_value());
    aws.runs.erase(aws.runs.begin());
    Result<Chain> chain = read("jr_1");
    ASSERT_TRUE(chain.has_value());
    EXPECT_EQ(chain.value().last.id, "jr_1");
}

TEST_F(GlueRunReader, LinksInACircleEnd) {
    aws.max_retries = 10;
    aws.add("jr_1", "FAILED", "jr_2");
    aws.add("jr_2", "FAILED", "jr_1");
    EXPECT_TRUE(read("jr_1").has_value());
}

// GLUE-1: visual jobs can make a full page larger than what is read of one answer.
TEST(GlueDiscovery, AskForLessWhereAPageIsTooLarge) {
    auto scripted = std::make_shared<test::ScriptedConnection>(
        [](std::string_view, const json::object& input) -> Result<std::string> {
            if (input.at("MaxResults").to_number<int>() > 100)
                return make_error(ErrorKind::internal, "answer_too_large", "more than 16 MiB");
            return std::string(R"({"Jobs":[{"Name":"a"},{"Name":""}],"NextToken":"t"})");
        });
    ManualClock clock(now);
    SeededRandom random(1);
    ProviderParts parts;
    parts.connection = scripted;
    parts.clock = &clock;
    parts.random = &random;
    std::unique_ptr<Provider> provider = make_glue_provider(std::move(parts));
    Result<JobPage> page = test::run_async(provider->discover("s"));
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page.value().jobs.size(), 1u);
    EXPECT_EQ(page.value().warnings.size(), 1u);
    EXPECT_EQ(page.value().next, "t");
    ASSERT_EQ(scripted->calls.size(), 2u);
    EXPECT_NE(scripted->calls[1].second.find("\"NextToken\":\"s\""), std::string::npos);
}

// PERF-11: runs that ride are answered where a page shows them, and never cost a call of their own.
TEST_F(GlueRunReader, RunsRideOnThePagesOfOthers) {
    for (int i = 0; i < 500; ++i) aws.add(fmt::format("jr_{:03}", i), "RUNNING");
    auto answered = [&](std::vector<std::string> due, std::vector<std::string> riding) {
        RunReader::Answers answers = test::run_async(reader.read("etl", std::move(due), std::move(riding)));
        std::string out;
        for (const auto& [id, chain] : answers) out += (chain ? "" : "!") + id + " ";
        return out;
    };
    EXPECT_EQ(answered({"jr_499"}, {"jr_498", "jr_100"}), "jr_498 jr_499 ");
    EXPECT_EQ(calls(), "GetJobRuns ");
    EXPECT_EQ(answered({"jr_100"}, {"jr_099", "jr_450"}), "jr_100 jr_450 ") << "due: asked for by itself";
    EXPECT_EQ(calls(), "GetJobRuns GetJobRun ");
    // Many that ride are worth more pages.
    std::vector<std::string> riding;
    for (int i = 0; i < 499; ++i) riding.push_back(fmt::format("jr_{:03}", i));
    RunReader::Answers all = test::run_async(reader.read("etl", std::vector<std::string>{"jr_499"}, riding));
    EXPECT_EQ(all.size(), 500u);
    EXPECT_EQ(calls(), "GetJobRuns GetJobRuns GetJobRuns ");
    aws.denied = "GetJobRuns";
    EXPECT_EQ(answered({"jr_499"}, {"jr_498"}), "jr_499 ");
}

TEST_F(GlueRunReader, PagesAndSingleRunsAreAskedForApartWhereThatIsWanted) {  // PERF-9
    for (int i = 0; i < 500; ++i) aws.add(fmt::format("jr_{:03}", i), "RUNNING");
    std::vector<std::string> ids{"jr_000", "jr_499"};
    RunReader::Answers answers = test::run_async(reader.read("etl", ids, {}, AskBy::list));
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers.at("jr_499"));
    EXPECT_EQ(calls(), "GetJobRuns ");
    answers = test::run_async(reader.read("etl", ids, {}, AskBy::itself));
    EXPECT_TRUE(answers.at("jr_000") && answers.at("jr_499"));
    EXPECT_EQ(calls(), "GetJobRun GetJobRun ");
}

TEST_F(GlueRunReader, AnswersThatLackEverything) {
    auto bare = std::make_shared<test::ScriptedConnection>(
        [](std::string_view operation, const json::object&) -> Result<std::string> {
            return std::string(operation == "GetJobRun" ? R"({"JobRun":{}})" : "{}");
        });
    aws::GlueClient bare_client{bare};
    DefinitionCache none{bare_client, clock};
    RunReader poor{bare_client, none, clock};
    std::vector<std::string> ids{"jr_1", "jr_2"};
    RunReader::Answers answers = test::run_async(poor.read("etl", ids));
    ASSERT_EQ(answers.size(), 2u);
    for (const auto& [id, chain] : answers) {
        ASSERT_TRUE(chain.has_value());
        EXPECT_EQ(chain.value().first.id, id);
        EXPECT_EQ(to_pipeline_run("us-east-1", "etl", chain.value(), now).status, PipelineRunStatus::running);
    }
}

}  // namespace
}  // namespace polysync::glue
