// The commands that ask a server, against scripted answers.
#include <fstream>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/remote_bench.h"

namespace polysync::cli::test {
namespace {

using polysync::test::header_of;
using testing::HasSubstr;
using testing::Not;

constexpr auto run_json = R"({"id": 7, "task": "sales/orders", "key": "2026-09-14", "lane": "live",
    "state": "Succeeded", "trigger": "Manual", "attempt": 1, "created_at": "2020-01-01T00:00:00Z"})";

TEST(Remote, SendsTheTokenAndPrintsATable) {
    RemoteBench bench;
    bench.http.answer(200, std::string(R"({"items": [)") + run_json + R"(], "next": "c1"})");
    bench.http.answer(200, R"({"items": []})");
    EXPECT_EQ(bench.run({"run", "list", "--task", "sales/orders", "--state", "failed", "--from", "2h"}), 0);
    EXPECT_EQ(header_of(bench.asked(), "authorization"), "Bearer token-of-the-server");
    EXPECT_THAT(bench.asked().url, HasSubstr("http://127.0.0.1:8080/api/v1/runs?task=sales%2Forders&from="));
    EXPECT_THAT(bench.asked().url, HasSubstr("&state=Failed"));
    EXPECT_THAT(bench.asked(1).url, HasSubstr("cursor=c1"));
    EXPECT_FALSE(bench.asked().use_proxy);
    EXPECT_THAT(bench.console.out_text, HasSubstr("RUN  TASK          KEY"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("7    sales/orders  2026-09-14  Succeeded"));
}

TEST(Remote, ErrorsShowFieldAndRemedy) {
    RemoteBench bench;
    std::string problem = R"({"code": "unknown_name", "detail": "no such parameter", "field": "values.mdoe",
        "remedy": "Did you mean 'mode'?", "errors": [{"field": "key", "code": "x", "detail": "is missing"}]})";
    bench.http.answer(422, problem)
        .answer(422, problem)
        .answer(404, R"({"code": "not_found", "detail": "no run"})");
    EXPECT_EQ(bench.run({"task", "run", "sales/orders", "-p", "mdoe=full"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("values.mdoe: no such parameter"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("key: is missing"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("Did you mean 'mode'?"));
    EXPECT_EQ(bench.run({"task", "run", "sales/orders", "-p", "mdoe=full", "--json"}), 2);
    auto error = boost::json::parse(bench.console.out_text).at("error");
    EXPECT_EQ(error.at("field"), "values.mdoe");
    EXPECT_EQ(error.at("errors").at(0).at("field"), "key");
    EXPECT_EQ(bench.run({"run", "show", "9"}), 4);
}

// A POST carries a key, so that a lost answer is asked for again without acting twice.
TEST(Remote, ALostAnswerIsAskedForAgain) {
    RemoteBench bench;
    bench.http.fail(ErrorKind::unclear, "connection_lost").answer(201, run_json);
    EXPECT_EQ(bench.run({"task", "run", "sales/orders", "--key", "2026-09-14"}), 0);
    EXPECT_EQ(bench.console.out_text, "7\n");
    ASSERT_EQ(bench.http.requests().size(), 2u);
    EXPECT_NE(header_of(bench.asked(), "idempotency-key"), "");
    EXPECT_EQ(header_of(bench.asked(0), "idempotency-key"), header_of(bench.asked(1), "idempotency-key"));
    bench.http.fail(ErrorKind::transient, "connect_failed");
    EXPECT_EQ(bench.run({"server", "status"}), 5);
    EXPECT_THAT(bench.console.err_text, HasSubstr("server_unreachable"));
}

TEST(Remote, WatchTellsHowTheRunEnded) {
    RemoteBench bench;
    bench.http.answer(201, R"({"id": 7, "state": "Queued"})");
    bench.http.answer(200, R"({"id": 7, "state": "Running", "aws_status": "RUNNING"})");
    bench.http.fail(ErrorKind::transient, "connect_failed");  // the server is restarted meanwhile
    bench.http.answer(200, R"({"id": 7, "state": "Failed", "message": "boom", "remedy": "repair it"})");
    EXPECT_EQ(bench.run({"task", "run", "sales/orders", "--wait"}), 1);
    EXPECT_THAT(bench.console.err_text, HasSubstr("Running (RUNNING)"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("waiting for the server"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("what to do    repair it"));
    bench.http.answer(200, R"({"id": 7, "state": "Cancelled"})");
    EXPECT_EQ(bench.run({"run", "watch", "7", "--json"}), 3);
}

TEST(Remote, ResumeSaysWhatBecomesOfKeptKeys) {  // TASK-5
    RemoteBench bench;
    auto told = [&](const std::vector<std::string>& arguments, int kept) {
        bench.http.answer(200, R"({"paused": false, "kept_keys": )" + std::to_string(kept) + "}");
        EXPECT_EQ(bench.run(arguments), 0);
        return bench.console.out_text + bench.console.err_text;
    };
    EXPECT_THAT(told({"task", "resume", "sales/orders"}, 3),
                HasSubstr("task sales/orders runs again; 3 kept keys are dropped"));
    EXPECT_THAT(told({"server", "resume", "--run-kept"}, 1),
                HasSubstr("everything runs again; 1 kept key runs"));
    EXPECT_THAT(told({"task", "resume", "sales/orders"}, 0), Not(HasSubstr("kept")));
}

TEST(Remote, PollsShowWhatIsAskedAndWhatIsLeft) {  // PERF-11
    RemoteBench bench;
    std::string answer =
        R"({"name": "etl", "type": "aws_glue", "followed": 51, "early": 50, "cancelling": 1, "jobs": 2,
        "staleness_ms": 28340, "late_ms": 0, "due": {"in_10_s": 1, "in_1_min": 1, "in_5_min": 51},
        "next": {"in_ms": 1660, "calls": [{"operation": "GetJobRuns", "job": "sales/load", "runs": 1, "riding": 49,
                                           "calls": 1}]},
        "so_far": {"sweeps": 7, "calls": 8, "statuses": 412},
        "operations": [{"service": "glue", "operation": "GetJobRuns", "calls": 8, "throttles": 2, "rate_per_s": 3.5,
                        "most_per_s": 4.95, "tokens": 7.993, "waiting": 0}]})";
    bench.http.answer(200, answer).answer(200, answer);
    EXPECT_EQ(bench.run({"platform", "polls", "etl"}), 0);
    EXPECT_THAT(bench.asked().url, HasSubstr("/api/v1/platforms/etl/polls"));
    for (const auto* text :
         {"etl (aws_glue)", "51 runs of 2 jobs; 50 far from the expected end; 1 to be cancelled", "28.3s\n",
          "1 within 10 s, 1 within 1 min, 51 within 5 min", "in 1.7s",
          "1 x GetJobRuns for 1 run of sales/load, and 49 that ride along",
          "412 statuses in 8 calls: 51.5 a call",
          "OPERATION        CALLS  THROTTLED  RATE/S  OF   TOKENS  WAITING",
          "glue GetJobRuns  8      2          3.5     5.0  7       0"})
        EXPECT_THAT(bench.console.out_text, HasSubstr(text));
    EXPECT_EQ(bench.run({"platform", "polls", "etl", "--json"}), 0);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("next").at("in_ms"), 1660);
    bench.http.answer(200,
                      R"({"name": "ml", "type": "aws_sagemaker", "followed": 0, "early": 0, "cancelling": 0,
        "jobs": 0, "late_ms": 0, "due": {"in_10_s": 0, "in_1_min": 0, "in_5_min": 0},
        "so_far": {"sweeps": 0, "calls": 0, "statuses": 0}, "operations": []})");
    EXPECT_EQ(bench.run({"platform", "polls", "ml"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("nothing to ask about"));
    bench.http.answer(404, R"({"code": "unknown_platform", "detail": "there is no platform 'etk'",
        "remedy": "Did you mean 'etl'?"})");
    EXPECT_EQ(bench.run({"platform", "polls", "etk"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("Did you mean 'etl'?"));
    EXPECT_EQ(bench.run({"platform", "polls"}), 2);
}

TEST(Remote, ManyRunsAreActedOnOnlyWhenConfirmed) {
    RemoteBench bench;
    std::string plan = R"({"runs": [7, 8], "refused": []})";
    bench.http.answer(200, plan);
    EXPECT_EQ(bench.run({"run", "cancel", "--task", "a", "--dry-run"}), 0);
    auto body = boost::json::parse(bench.asked().body);
    EXPECT_EQ(body.at("action"), "cancel");
    EXPECT_EQ(body.at("filter").at("task"), "a");
    EXPECT_EQ(body.at("dry_run"), true);

    bench.http.forget_requests();
    bench.http.answer(200, plan);  // without a terminal nobody can be asked
    EXPECT_EQ(bench.run({"run", "cancel", "--task", "a"}), 2);
    EXPECT_EQ(bench.http.requests().size(), 1u);

    bench.console.terminal = true;
    bench.console.lines = {"n"};
    bench.http.answer(200, plan);
    EXPECT_EQ(bench.run({"run", "cancel", "--task", "a"}), 2);
    bench.console.lines = {"y"};
    bench.http.answer(200, plan).answer(200,
                                        R"({"runs": [7], "refused": [{"run": 8, "detail": "has ended"}]})");
    EXPECT_EQ(bench.run({"run", "cancel", "--task", "a"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("run 8: has ended"));
    EXPECT_EQ(boost::json::parse(bench.http.requests().back().body).at("dry_run"), false);
    EXPECT_EQ(bench.run({"run", "cancel"}), 2);
    EXPECT_EQ(bench.run({"run", "cancel", "7", "--task", "a"}), 2);
}

TEST(Remote, TheLocalServerIsFoundAndItsTokenGoesNowhereElse) {
    RemoteBench bench;
    bench.variables.clear();
    auto folder = std::filesystem::temp_directory_path() / ("polysync_state_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    bench.state_folder = folder.string();
    EXPECT_EQ(bench.run({"task", "list"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("no_server"));
    std::ofstream(folder / "token") << "local-token\n";
    std::ofstream(folder / "server.json")
        << R"({"url": "http://127.0.0.1:9999", "token_file": ")" << (folder / "token").string() << R"("})";
    bench.http.answer(200, R"({"items": []})");
    EXPECT_EQ(bench.run({"job", "list"}), 0);
    EXPECT_EQ(header_of(bench.asked(), "authorization"), "Bearer local-token");
    EXPECT_THAT(bench.asked().url, HasSubstr("http://127.0.0.1:9999/api/v1/jobs"));
    EXPECT_EQ(bench.run({"job", "list", "--server", "http://evil.example"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("no_token"));
    std::filesystem::remove_all(folder);
}

TEST(Remote, EventsComeInPieces) {
    EventReader reader;
    EXPECT_TRUE(reader.take(": hello\n\nid: 5\nevent: run.state\nda").empty());
    auto events =
        reader.take("ta: {\"type\": \"run.state\"}\r\n\r\nid: 6\ndata: {\"a\":1}\n\ndata: broken\n\n");
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].sequence, 5);
    EXPECT_EQ(events[0].document.at("type"), "run.state");
    EXPECT_EQ(events[1].sequence, 6);
}

// Every command says what it does, with an example.
TEST(Remote, HelpHasExamples) {
    auto tree = command_tree({});
    std::function<void(const CommandNode&, std::vector<std::string>)> visit =
        [&](const CommandNode& node, std::vector<std::string> path) {
            if (!path.empty()) {
                auto arguments = path;
                arguments.emplace_back("--help");
                auto refusal = std::get<Refusal>(parse_arguments(arguments, {}));
                EXPECT_THAT(refusal.out, HasSubstr("Example")) << node.name;
            }
            for (const auto& child : node.commands) {
                auto below = path;
                below.push_back(child.name);
                visit(child, below);
            }
        };
    visit(tree, {});
}

}  // namespace
}  // namespace polysync::cli::test
