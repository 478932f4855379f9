#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/secret.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/render.h"
#include "test/support/cli_bench.h"

namespace polysync::cli::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using enum PipelineRunStatus;

TEST(Status, KeepsTheOrderOfItsArguments) {
    Bench bench;
    bench.script.statuses["b"] = {run_with(running, "RUNNING", "b")};
    bench.script.statuses["a"] = {run_with(failed, "FAILED", "a")};
    bench.script.statuses["c"] = {make_error(ErrorKind::not_found, "EntityNotFoundException", "no c")};
    EXPECT_EQ(bench.run({"pipeline", "status", "p", "b", "a", "--json"}), 0);
    auto list = boost::json::parse(bench.console.out_text).as_array();
    EXPECT_EQ(list.at(0).at("run_id"), "b");
    EXPECT_EQ(list.at(1).at("status"), "Failed");
    EXPECT_EQ(bench.script.count("statuses"), 1);

    EXPECT_EQ(bench.run({"pipeline", "status", "p", "c", "a", "--json"}), 4);
    list = boost::json::parse(bench.console.out_text).as_array();
    EXPECT_EQ(list.at(0).at("error").at("code"), "EntityNotFoundException");
    EXPECT_EQ(list.at(1).at("run_id"), "a");

    EXPECT_EQ(bench.run({"pipeline", "status", "p", "c"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("EntityNotFoundException: no c"));
    EXPECT_EQ(bench.run({"pipeline", "status", "p"}), 2);
}

TEST(Cancel, SaysWhatHappened) {
    Bench bench;
    EXPECT_EQ(bench.run({"pipeline", "cancel", "p", "j/1"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("asked to stop j/1"));
    bench.script.cancel_answer = CancelResult::already_ended;
    EXPECT_EQ(bench.run({"pipeline", "cancel", "p", "j/1", "--json"}), 0);
    EXPECT_EQ(bench.console.out_text, "{\"run_id\":\"j/1\",\"cancel\":\"already_ended\"}\n");
    bench.script.cancel_answer = make_error(ErrorKind::unsupported, "express", "AWS cannot stop it");
    EXPECT_EQ(bench.run({"pipeline", "cancel", "p", "j/1"}), 4);
}

Job job_named(std::string name) {
    Job job;
    job.external_id = job.name = std::move(name);
    job.details["worker_type"] = "G.1X";
    return job;
}

TEST(Discover, WritesPagesAsTheyCome) {
    Bench bench;
    Job with = job_named("b");
    with.parameters = {Parameter{.name = "--n", .type = DataType::integer, .default_value = "10"}};
    bench.script.pages = {JobPage{{job_named("a")}, {"c: unreadable"}, "x"}, JobPage{{with}, {}, ""}};
    EXPECT_EQ(bench.run({"pipeline", "discover", "p", "--json"}), 0);
    auto list = boost::json::parse(bench.console.out_text).as_array();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].as_object().size(), 4u);
    EXPECT_EQ(list[0].at("attributes").at("worker_type"), "G.1X");
    EXPECT_EQ(list[1].at("parameters").at(0).at("default"), "10");
    EXPECT_THAT(bench.console.err_text, HasSubstr("c: unreadable"));
    EXPECT_EQ(bench.script.calls[1], "discover x");

    bench.script.pages = {JobPage{{with}, {}, ""}};
    EXPECT_EQ(bench.run({"pipeline", "discover", "p"}), 0);
    EXPECT_EQ(bench.console.out_text, "EXTERNAL ID  PARAMETERS\nb            --n:integer=10\n");
    bench.script.pages = {JobPage{}};
    EXPECT_EQ(bench.run({"pipeline", "discover", "p", "--json"}), 0);
    EXPECT_EQ(bench.console.out_text, "[]\n");
}

TEST(Discover, AFailureInTheMiddleLeavesValidJson) {
    Bench bench;
    Error denied = make_error(ErrorKind::access_denied, "AccessDeniedException", "no");
    bench.script.pages = {JobPage{{job_named("a")}, {}, "x"}, denied};
    EXPECT_EQ(bench.run({"pipeline", "discover", "p", "--json"}), 4);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).as_array().size(), 1u);
    EXPECT_THAT(bench.console.err_text, HasSubstr("AccessDeniedException"));
    bench.script.pages = {denied};
    EXPECT_EQ(bench.run({"pipeline", "discover", "p", "--json"}), 4);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("error").at("remedy"), "grant it");
}

LogPage log_page(std::vector<std::string> texts, std::string cursor, bool at_end) {
    LogPage page;
    for (auto& text : texts) page.lines.push_back({SystemTime(), "output", std::move(text)});
    page.cursor = std::move(cursor);
    page.at_end = at_end;
    return page;
}

TEST(Logs, FollowsToTheEnd) {
    Bench bench;
    bench.script.statuses["j/1"] = {run_with(running, "RUNNING"), run_with(success, "SUCCEEDED")};
    bench.script.logs = {log_page({"one"}, "c1", false), log_page({"two\x1b[31m"}, "c2", true),
                         log_page({"three"}, "c3", true), log_page({}, "c3", true)};
    EXPECT_EQ(bench.run({"pipeline", "logs", "p", "j/1", "--follow"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("1970-01-01T00:00:00Z  output  one\n"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("two?[31m\n"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("three\n"));
    EXPECT_EQ(bench.script.calls[2], "logs c1");
}

TEST(Logs, OnceAndEmpty) {
    Bench bench;
    LogPage empty;
    empty.at_end = true;
    empty.note = "nothing yet";
    bench.script.logs = {empty};
    EXPECT_EQ(bench.run({"pipeline", "logs", "p", "j/1"}), 0);
    EXPECT_EQ(bench.console.err_text, "nothing yet\n");
    bench.script.logs = {log_page({"x"}, "c", true)};
    EXPECT_EQ(bench.run({"pipeline", "logs", "p", "j/1", "--json"}), 0);
    EXPECT_EQ(bench.console.out_text,
              "{\"time\":\"1970-01-01T00:00:00Z\",\"stream\":\"output\",\"text\":\"x\"}\n");
}

// PLAT-4
TEST(Platform, TestPrintsEveryCheck) {
    Bench bench;
    bench.script.report.checks = {
        {"credentials", true, "environment", "", {}},
        {"glue:ListJobs", false, "not allowed", "grant glue:ListJobs", ErrorKind::access_denied}};
    EXPECT_EQ(bench.run({"platform", "test", "p"}), 4);
    EXPECT_EQ(
        bench.console.out_text,
        "✓ credentials: environment\n✗ glue:ListJobs: not allowed\n  what to do: grant glue:ListJobs\n");
    bench.script.report.checks[1].failure = ErrorKind::transient;
    EXPECT_EQ(bench.run({"platform", "test", "p", "--json"}), 5);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("passed"), false);
    bench.script.report.checks.pop_back();
    EXPECT_EQ(bench.run({"platform", "test", "p"}), 0);
}

// PLAT-5
// PLAT-5: the claims of the token at hand, or <…> in their place.
TEST(Platform, TrustPolicyHasTheTokensClaims) {
    Bench bench;
    std::ofstream(bench.file)
        << "platforms:\n  - {name: p, type: aws_glue, region: us-east-1, auth: {method: "
           "web_identity, role_arn: 'arn:aws:iam::123456789012:role/r', token_file: "
           "/t}}\n";
    EXPECT_EQ(bench.run({"platform", "policy", "p", "--trust"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("<"));
    EXPECT_THAT(bench.console.err_text,
                HasSubstr("no token of this platform can be read here: no token here"));
    TokenInspection inspection;
    inspection.claims = {
        "https://issuer.example/x", {"sts.amazonaws.com"}, "", "system:serviceaccount:a:b", ""};
    bench.token = inspection;
    EXPECT_EQ(bench.run({"platform", "policy", "p", "--trust"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("\"issuer.example/x:sub\": \"system:serviceaccount:a:b\""));
    EXPECT_THAT(bench.console.out_text, Not(HasSubstr("<")));
}

TEST(Platform, PolicyIsJsonOnStdout) {
    Bench bench;
    EXPECT_EQ(bench.run({"platform", "policy", "p"}), 0);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("Version"), "2012-10-17");
    EXPECT_EQ(bench.run({"platform", "policy", "--job", "a/b", "--job", "c", "p"}), 0);
    EXPECT_NE(bench.console.out_text.find(":job/a/b\""), std::string::npos);
    EXPECT_EQ(bench.console.out_text.find(":job/*"), std::string::npos);
    EXPECT_THAT(bench.console.err_text, HasSubstr("name it with --account"));
    EXPECT_EQ(bench.run({"platform", "policy", "p", "--account", "123456789012"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("arn:aws:glue:us-east-1:123456789012:job/*"));
    EXPECT_THAT(bench.console.err_text, Not(HasSubstr("account is not known")));
    EXPECT_EQ(bench.run({"platform", "policy", "p", "--account", "1234"}), 2);
    EXPECT_EQ(bench.run({"platform", "policy", "p", "--trust"}), 2);  // default_chain has no role
    EXPECT_EQ(bench.run({"platform", "list", "--json"}), 0);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at(0).at("type"), "aws_glue");
    EXPECT_EQ(bench.run({"platform", "list"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("p     aws_glue  us-east-1  default_chain  AWS"));
}

TEST(Arguments, HelpAndSuggestions) {
    auto refusal = [](const std::vector<std::string>& arguments) {
        return std::get<Refusal>(parse_arguments(arguments, {}));
    };
    EXPECT_THAT(refusal({"--help"}).out, HasSubstr("Exit codes:"));
    EXPECT_EQ(refusal({"--help"}).exit_code, 0);
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"sandbox"},
                                               {"platform", "list"},
                                               {"platform", "test"},
                                               {"platform", "policy"},
                                               {"pipeline", "discover"},
                                               {"pipeline", "run"},
                                               {"pipeline", "status"},
                                               {"pipeline", "cancel"},
                                               {"pipeline", "logs"},
                                               {"version"},
                                               {"completion"}}) {
        auto arguments = command;
        arguments.emplace_back("--help");
        Refusal help = refusal(arguments);
        EXPECT_EQ(help.exit_code, 0);
        EXPECT_THAT(help.out, HasSubstr("Example")) << command.back();
        EXPECT_THAT(help.out, HasSubstr("polysync " + command.front())) << command.back();
    }
    EXPECT_THAT(refusal({"pipeline", "statsu", "p", "x"}).message, HasSubstr("did you mean 'status'?"));
    EXPECT_THAT(refusal({"pipeline", "run", "p", "j", "--atr", "x=1"}).message,
                HasSubstr("did you mean --attr?"));
    EXPECT_THAT(refusal({"pipline", "run"}).message, HasSubstr("did you mean 'pipeline'?"));
    EXPECT_THAT(refusal({"-f", "pipeline", "rnu"}).message, HasSubstr("did you mean 'run'?"));
    EXPECT_THAT(refusal({"pipeline", "run", "p", "j", "-p", "a=\xff"}).message,
                HasSubstr("argument 6 is no UTF-8 text"));
    EXPECT_EQ(refusal({}).exit_code, 2);
    EXPECT_EQ(refusal({"--log-level", "loud", "version"}).exit_code, 2);
    EXPECT_TRUE(refusal({"pipeline", "run", "--json"}).json);
}

TEST(Arguments, ValuesAreTakenAsTheyStand) {
    auto parsed = parse_arguments({"pipeline", "run", "-p", "--a=1", "p", "-p", "b=x=y", "-p", "c=[1, 2]",
                                   "-p", "d=", "j", "-vv", "--output", "o"},
                                  {});
    auto& invocation = std::get<Invocation>(parsed);
    auto& run = std::get<RunCommand>(invocation.command);
    EXPECT_EQ(run.platform, "p");
    EXPECT_EQ(run.job, "j");
    ASSERT_EQ(run.parameters.size(), 4u);
    EXPECT_EQ(run.parameters[0].name, "--a");
    EXPECT_EQ(run.parameters[1].value, "x=y");
    EXPECT_EQ(run.parameters[2].value, "[1, 2]");
    EXPECT_EQ(run.parameters[3].value, "");
    EXPECT_EQ(run.outputs, std::vector<std::string>{"o"});
    EXPECT_EQ(invocation.global.log_level, log::Level::debug);
}

TEST(ExitCodes, OfErrors) {
    struct Case {
        ErrorKind kind;
        int http_status;
        int code;
    };
    for (const auto& c : {Case{ErrorKind::invalid_input, 0, 2}, Case{ErrorKind::invalid_input, 400, 4},
                          Case{ErrorKind::not_found, 400, 4}, Case{ErrorKind::access_denied, 403, 4},
                          Case{ErrorKind::credentials, 0, 2}, Case{ErrorKind::credentials, 400, 4},
                          Case{ErrorKind::clock_skew, 400, 4}, Case{ErrorKind::throttled, 400, 4},
                          Case{ErrorKind::contention, 400, 4}, Case{ErrorKind::conflict, 400, 4},
                          Case{ErrorKind::rejected, 400, 4}, Case{ErrorKind::transient, 0, 5},
                          Case{ErrorKind::transient, 503, 5}, Case{ErrorKind::unclear, 0, 5},
                          Case{ErrorKind::unsupported, 0, 4}, Case{ErrorKind::cancelled, 0, 130},
                          Case{ErrorKind::internal, 200, 5}}) {
        Error error = make_error(c.kind, "x", "x");
        error.http_status = c.http_status;
        EXPECT_EQ(exit_code_of(error), c.code) << to_string(c.kind) << c.http_status;
    }
}

// SAFE-3, and nothing from outside moves the cursor.
TEST(Output, RedactsAndCleans) {
    FakeConsole console;
    Output output(console, false);
    register_secret("very-secret-text");
    output.result("a very-secret-text b");
    output.warn("c very-secret-text");
    Error error = make_error(ErrorKind::rejected, "X", "bad \x1b]0;title\x07 very-secret-text", "do");
    output.error(error);
    EXPECT_THAT(console.out_text + console.err_text, Not(HasSubstr("very-secret")));
    EXPECT_THAT(console.err_text, HasSubstr("bad ?]0;title? [redacted]\n"));
    EXPECT_EQ(printable("a\xC2\x9B"
                        "b\tc\nd\x7F"),
              "a?b\tc\nd?");
}

TEST(Output, ColoursOnlyWhereTheyBelong) {
    FakeConsole console;
    Output output(console, false);
    EXPECT_EQ(output.paint(Colour::red, "x"), "x");
    console.terminal = true;
    EXPECT_EQ(output.paint(Colour::red, "x"), "x");
    console.colours = true;
    EXPECT_EQ(output.paint(Colour::red, "x"), "\x1b[31mx\x1b[0m");
}

TEST(Render, Words) {
    EXPECT_EQ(shell_word("a-b/c=1"), "a-b/c=1");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("a b$c"), "'a b$c'");
    EXPECT_EQ(describe_duration(Millis(65'400)), "1:05");
    EXPECT_EQ(describe_duration(Millis(3'605'000)), "1:00:05");
}

TEST(Version, IsPrinted) {
    Bench bench;
    EXPECT_EQ(bench.run({"version"}), 0);
    EXPECT_EQ(bench.console.out_text, "polysync 1.2.3\n");
    EXPECT_EQ(bench.run({"--version"}), 0);
    EXPECT_EQ(bench.console.out_text, "polysync 1.2.3\n");
}

TEST(Journal, KeepsAndLocks) {
    auto folder = std::filesystem::temp_directory_path() / ("polysync_journal_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    auto journal = make_file_journal(folder.string());
    EXPECT_FALSE(journal->read("T").value());
    JournalEntry entry{SystemTime(Millis(1'700'000'000'123)), "j/1", "etl", "nightly \"load\""};
    ASSERT_TRUE(journal->write("T", entry));
    auto other = make_file_journal(folder.string());
    ASSERT_TRUE(other->read("t").value());
    EXPECT_EQ(other->read("T").value()->run_id, "j/1");
    EXPECT_EQ(other->read("T").value()->called_at, entry.called_at);
    EXPECT_EQ(other->read("T").value()->platform, entry.platform);
    EXPECT_EQ(other->read("T").value()->job, entry.job);
    {
        auto lock = journal->try_lock("T");
        ASSERT_TRUE(lock);
        EXPECT_TRUE(lock.value());
        EXPECT_FALSE(other->try_lock("T").value());
    }
    EXPECT_TRUE(other->try_lock("T").value());
    other->forget("T");
    EXPECT_FALSE(journal->read("T").value());
    EXPECT_FALSE(make_file_journal("/proc/nowhere")->write("T", entry));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace polysync::cli::test
