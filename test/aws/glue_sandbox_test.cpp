#include <gtest/gtest.h>

#include "aws/glue/client.h"
#include "aws/sts/client.h"
#include "test/aws/sandbox_kit.h"

namespace polysync::aws {
namespace {

void add_job(test::SandboxSession& session, const char* name) {
    auto added =
        session.sandbox().admin("POST", "glue/job", {{"Name", name}, {"DefaultArguments", {{"--a", "b"}}}});
    ASSERT_FALSE(added.contains("error")) << boost::json::serialize(added);
}

// GLUE-1, GLUE-6, GLUE-7
TEST(GlueOnSandbox, ListsStartsFollowsAndStops) {
    test::SandboxSession session;
    add_job(session, "nightly/load");
    GlueClient glue(session.connect());
    auto names = session.run(glue.list_jobs(""));
    ASSERT_TRUE(names) << names.error().describe();
    ASSERT_FALSE(names.value().items.empty());
    auto jobs = session.run(glue.get_jobs("", 2));
    ASSERT_TRUE(jobs) << jobs.error().describe();
    EXPECT_LE(jobs.value().items.size(), 2u);
    std::string name = jobs.value().items.at(0).name;
    EXPECT_FALSE(jobs.value().items[0].command_name.empty());
    EXPECT_TRUE(jobs.value().items[0].created_on);

    auto asked = session.run(glue.batch_get_jobs({name, "no such job"}));
    ASSERT_TRUE(asked) << asked.error().describe();
    EXPECT_EQ(asked.value().jobs.size(), 1u);
    EXPECT_EQ(asked.value().not_found, std::vector<std::string>{"no such job"});

    auto run_id =
        session.run(glue.start_job_run(R"({"JobName":")" + name + R"(","Arguments":{"--a":"é\n"}})"));
    ASSERT_TRUE(run_id) << run_id.error().describe();
    auto run = session.run(glue.get_job_run(name, run_id.value()));
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_EQ(run.value().id, run_id.value());
    EXPECT_EQ(run.value().arguments.at("--a"), "é\n");
    auto runs = session.run(glue.get_job_runs(name, ""));
    ASSERT_TRUE(runs) << runs.error().describe();
    EXPECT_EQ(runs.value().items.at(0).id, run_id.value());

    auto stop = session.run(glue.batch_stop_job_run(name, {run_id.value(), "jr_unknown"}));
    ASSERT_TRUE(stop) << stop.error().describe();
    EXPECT_EQ(stop.value().stopping.size() + stop.value().errors.size(), 2u);
    ASSERT_FALSE(stop.value().errors.empty());
    EXPECT_FALSE(stop.value().errors.back().code.empty());
}

TEST(GlueOnSandbox, RefusalsKeepAwsWords) {
    test::SandboxSession session;
    GlueClient glue(session.connect());
    auto missing = session.run(glue.get_job("no such job"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
    EXPECT_EQ(missing.error().code, "EntityNotFoundException");
    EXPECT_FALSE(missing.error().request_id.empty());
    EXPECT_EQ(missing.error().operation, "GetJob");
}

TEST(StsOnSandbox, SaysWhoCallsAndAssumesRoles) {
    test::SandboxSession session;
    StsClient sts(session.connect());
    auto caller = session.run(sts.get_caller_identity());
    ASSERT_TRUE(caller) << caller.error().describe();
    EXPECT_EQ(caller.value().account, "123456789012");
    sts::AssumeRoleRequest request;
    request.role_arn = "arn:aws:iam::123456789012:role/polysync-role";
    request.session_name = "polysync@test";
    auto role = session.run(sts.assume_role(request));
    ASSERT_TRUE(role) << role.error().describe();
    EXPECT_FALSE(role.value().credentials.session_token.empty());
    EXPECT_TRUE(role.value().credentials.expiration);

    // The temporary credentials work.
    session.credentials = std::make_shared<test::ScriptedCredentials>(
        std::vector{std::make_shared<const Credentials>(role.value().credentials)});
    auto assumed = session.run(StsClient(session.connect()).get_caller_identity());
    ASSERT_TRUE(assumed) << assumed.error().describe();
    EXPECT_NE(assumed.value().arn.find("assumed-role/polysync-role"), std::string::npos);
}

}  // namespace
}  // namespace polysync::aws
