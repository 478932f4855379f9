// The end of a failed attempt's log is kept (spec 10).
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "base/utf8.h"
#include "test/sim/story.h"

namespace polysync::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class LogStory : public Story {
  protected:
    // One task whose runs fail and say this.
    void begin_failing(std::vector<std::string> log) {
        task("load", "none");
        script_ = [log](FakeRun& run) {
            run.end = PipelineRunStatus::failed;
            run.log = log;
        };
        begin();
    }
    std::vector<store::KeptLog> kept(RunId run) {
        std::vector<store::KeptLog> out;
        world_.in_store([&](store::Transaction& transaction) -> Status {
            POLYSYNC_TRY(out, transaction.kept_logs(run));
            return success();
        });
        return out;
    }
    static std::vector<std::string> lines(const store::KeptLog& log) {
        std::vector<std::string> out;
        auto parsed = boost::json::parse(log.lines);
        for (const auto& line : parsed.as_array()) out.push_back(text_at(line.as_object(), "text"));
        return out;
    }
};

TEST_F(LogStory, TheLast200LinesOfEachFailedAttempt) {
    std::vector<std::string> log;
    for (int i = 1; i <= 450; ++i) log.push_back(fmt::format("line {}", i));
    begin_failing(log);
    task_named("load").retry = {.enabled = true, .max_attempts = 2};
    define();
    auto id = run_once("load");
    world_.run_for(minutes(20));
    ASSERT_THAT(kept(id), SizeIs(2));
    for (const auto& one : kept(id)) {
        ASSERT_THAT(lines(one), SizeIs(200));
        EXPECT_EQ(lines(one).front(), "line 251");
        EXPECT_EQ(lines(one).back(), "line 450");
    }
}

TEST_F(LogStory, NothingIsKeptOfARunThatSucceeds) {
    task("load", "none");
    begin();
    auto id = run_once("load");
    world_.run_for(minutes(20));
    EXPECT_THAT(kept(id), IsEmpty());
}

TEST_F(LogStory, ACrashBetweenTheFailureAndTheFetchLosesNothing) {
    begin_failing({"could not read s3://in"});
    auto id = run_once("load");
    world_.crash_point = [](std::string_view where) { return where == "aws.logs"; };
    world_.run_for(minutes(20));
    ASSERT_TRUE(world_.crashed());
    ASSERT_THAT(kept(id), SizeIs(1));
    EXPECT_FALSE(kept(id)[0].done);
    world_.crash_point = nullptr;
    world_.stay_down(hours(1));
    world_.start();
    world_.run_for(minutes(1));
    EXPECT_THAT(lines(kept(id)[0]), testing::ElementsAre("could not read s3://in"));
}

TEST_F(LogStory, LogsThatCannotBeReadLeaveANote) {
    begin_failing({"never seen"});
    aws().log_error = make_error(ErrorKind::access_denied, "AccessDeniedException", "no logs:GetLogEvents");
    auto id = run_once("load");
    world_.run_for(minutes(20));
    ASSERT_THAT(kept(id), SizeIs(1));
    EXPECT_TRUE(kept(id)[0].done);
    EXPECT_THAT(lines(kept(id)[0]), IsEmpty());
    EXPECT_THAT(kept(id)[0].note, HasSubstr("no logs:GetLogEvents"));
}

TEST_F(LogStory, APlatformThatDoesNotAnswerIsAskedAgainForSixHours) {
    begin_failing({"came at last"});
    auto id = run_once("load");
    world_.run_for(minutes(4));
    aws().log_error = make_error(ErrorKind::transient, "connect_failed", "no route");
    world_.run_for(hours(5));
    EXPECT_FALSE(kept(id)[0].done);
    aws().log_error.reset();
    world_.run_for(minutes(1));
    EXPECT_THAT(lines(kept(id)[0]), testing::ElementsAre("came at last"));
}

TEST_F(LogStory, APlatformThatDoesNotAnswerHoldsUpTheLogsOfNoOther) {  // SAFE-4
    add_platform("other", PlatformType::aws_glue);
    task("there", "none");
    put_on("there", "other");
    task("load", "none").max_active = 1000;
    script_ = [](FakeRun& run) { run.end = PipelineRunStatus::failed; };
    begin();
    aws().log_error = make_error(ErrorKind::transient, "connect_failed", "no route");
    for (int i = 0; i < 600; ++i) run_once("load");
    world_.run_for(minutes(30));
    auto id = run_once("there");
    world_.run_for(minutes(10));
    EXPECT_THAT(lines(kept(id)[0]), SizeIs(3));
}

TEST_F(LogStory, ALineIsCutAtACharacterAndNeverInsideASecret) {  // SAFE-3
    constexpr std::string_view password = "hunter2-hunter2-hunter2";
    register_secret(password);
    begin_failing({std::string(4090, '.') + std::string(password), std::string(4095, '.') + "\u00fc!"});
    auto id = run_once("load");
    world_.run_for(minutes(20));
    auto got = lines(kept(id)[0]);
    EXPECT_THAT(got[0], Not(HasSubstr("hunt")));
    EXPECT_TRUE(is_utf8(got[1]));
}

// A process that has just started knows no secret; the job's log and message repeat the one it was given.
TEST_F(LogStory, ASecretIsRedactedAlsoInWhatIsReadAfterARestart) {  // SAFE-3
    const std::string password = "tr0ubador-and-3";
    bool is_new_process = false;
    world_.secrets = [&](const std::string& reference, const std::string&) -> Result<Secret> {
        EXPECT_EQ(reference, "env://PASSWORD");
        if (is_new_process) register_secret(password);
        return Secret(password);
    };
    auto& guarded = task("guarded", "none");
    guarded.values["password"] = "env://PASSWORD";
    guarded.allow_secret_parameters = true;
    script_ = [&](FakeRun& run) {
        run.end = PipelineRunStatus::failed;
        run.message = "login with " + password + " failed";
        run.log = {"connecting with " + password};
    };
    begin();
    auto id = run_once("guarded");
    world_.run_for(minutes(1));
    ASSERT_THAT(aws().runs(), SizeIs(1));
    EXPECT_EQ(text_at(aws().runs().begin()->second.parameters, "password"), password);
    world_.crash();
    is_new_process = true;
    world_.start();
    world_.run_for(minutes(20));
    EXPECT_EQ(runs("guarded").front().message, "login with [redacted] failed");
    EXPECT_THAT(lines(kept(id)[0]), testing::ElementsAre("connecting with [redacted]"));
}

// The same, where the failure itself was recorded before the restart.
TEST_F(LogStory, ASecretIsRedactedInALogThatIsFetchedAfterARestart) {  // SAFE-3
    const std::string password = "c0rrect-staple-4";
    bool is_new_process = false;
    world_.secrets = [&](const std::string&, const std::string&) -> Result<Secret> {
        if (is_new_process) register_secret(password);
        return Secret(password);
    };
    auto& guarded = task("guarded", "none");
    guarded.values["password"] = "env://PASSWORD";
    guarded.allow_secret_parameters = true;
    script_ = [&](FakeRun& run) {
        run.end = PipelineRunStatus::failed;
        run.log = {"connecting with " + password};
    };
    begin();
    auto id = run_once("guarded");
    world_.crash_point = [](std::string_view where) { return where == "aws.logs"; };
    world_.run_for(minutes(20));
    ASSERT_TRUE(world_.crashed());
    world_.crash_point = nullptr;
    world_.crash();
    is_new_process = true;
    task_named("guarded").values.erase("password");  // nothing of today's definitions names it any more
    define();
    world_.start();
    world_.run_for(minutes(1));
    EXPECT_THAT(lines(kept(id)[0]), testing::ElementsAre("connecting with [redacted]"));
}

}  // namespace
}  // namespace polysync::sim
