#include "provider/policy.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/arn.h"

namespace polysync {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Platform platform(PlatformType type, std::string region = "eu-west-1") {
    Platform out;
    out.name = "p";
    out.type = type;
    out.region = std::move(region);
    return out;
}

std::vector<std::string> strings(const boost::json::value& value) {
    std::vector<std::string> out;
    if (value.is_string())
        out.emplace_back(value.as_string());
    else
        for (const auto& item : value.as_array()) out.emplace_back(item.as_string());
    return out;
}

// The resources that an action is allowed on.
std::vector<std::string> resources_of(const PolicyDocument& policy, std::string_view action) {
    std::vector<std::string> out;
    for (const auto& item : policy.document.at("Statement").as_array()) {
        auto actions = strings(item.at("Action"));
        if (std::find(actions.begin(), actions.end(), action) == actions.end()) continue;
        for (auto& resource : strings(item.at("Resource"))) out.push_back(resource);
    }
    return out;
}

struct ActionCase {
    PlatformType type;
    std::vector<const char*> actions;
};

// PLAT-5: all that the project calls (spec sections 3 to 6), and the log and history reads.
const ActionCase action_cases[] = {
    {PlatformType::aws_glue,
     {"glue:ListJobs", "glue:GetJobs", "glue:GetJob", "glue:BatchGetJobs", "glue:StartJobRun",
      "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun", "logs:FilterLogEvents",
      "logs:GetLogEvents"}},
    {PlatformType::aws_batch,
     {"batch:DescribeJobQueues", "batch:DescribeJobDefinitions", "batch:SubmitJob", "batch:DescribeJobs",
      "batch:TerminateJob", "batch:ListJobs", "batch:TagResource", "iam:PassRole", "logs:GetLogEvents",
      "logs:FilterLogEvents"}},
    {PlatformType::aws_sagemaker,
     {"sagemaker:ListPipelines", "sagemaker:DescribePipeline", "sagemaker:StartPipelineExecution",
      "sagemaker:DescribePipelineExecution", "sagemaker:StopPipelineExecution",
      "sagemaker:ListPipelineExecutions", "sagemaker:ListPipelineExecutionSteps"}},
    {PlatformType::aws_step_functions,
     {"states:ListStateMachines", "states:DescribeStateMachine", "states:StartExecution",
      "states:StartSyncExecution", "states:DescribeExecution", "states:StopExecution",
      "states:ListExecutions", "states:GetExecutionHistory", "logs:FilterLogEvents"}},
};

TEST(Policy, AllowsEverythingThatIsCalledAndNothingElse) {
    for (const auto& c : action_cases) {
        auto policy = make_policy(platform(c.type), {});
        std::size_t count = 0;
        for (const auto& item : policy.document.at("Statement").as_array())
            count += strings(item.at("Action")).size();
        EXPECT_EQ(count, c.actions.size()) << to_string(c.type);
        for (const char* action : c.actions) EXPECT_FALSE(resources_of(policy, action).empty()) << action;
        EXPECT_EQ(policy.document.at("Version").as_string(), "2012-10-17");
        EXPECT_THAT(policy.notes, Contains(HasSubstr("not here")));  // the job's own role
        EXPECT_THAT(policy.notes, Contains(HasSubstr("account is not known")));
    }
}

TEST(Policy, ScopesStartAndStopToTheImportedJobs) {
    PolicyScope scope{"012345678901", {"etl", "a/b*"}, {}, {}};
    auto glue = make_policy(platform(PlatformType::aws_glue), scope);
    for (const char* action : {"glue:StartJobRun", "glue:BatchStopJobRun", "glue:GetJobRun"}) {
        EXPECT_THAT(resources_of(glue, action),
                    ElementsAre("arn:aws:glue:eu-west-1:012345678901:job/etl",
                                "arn:aws:glue:eu-west-1:012345678901:job/a/b${*}"));
    }
    EXPECT_THAT(resources_of(glue, "glue:ListJobs"), ElementsAre("*"));

    scope = {"012345678901", {"render", "pinned:3"}, {"main"}, {"arn:aws:iam::012345678901:role/job"}};
    auto batch = make_policy(platform(PlatformType::aws_batch), scope);
    EXPECT_THAT(resources_of(batch, "batch:SubmitJob"),
                ElementsAre("arn:aws:batch:eu-west-1:012345678901:job-definition/render",
                            "arn:aws:batch:eu-west-1:012345678901:job-definition/render:*",
                            "arn:aws:batch:eu-west-1:012345678901:job-definition/pinned:3",
                            "arn:aws:batch:eu-west-1:012345678901:job-queue/main"));
    EXPECT_THAT(resources_of(batch, "iam:PassRole"), ElementsAre("arn:aws:iam::012345678901:role/job"));
    EXPECT_THAT(boost::json::serialize(batch.document), HasSubstr("ecs-tasks.amazonaws.com"));

    scope = {"012345678901", {"Train"}, {}, {}};
    auto sagemaker = make_policy(platform(PlatformType::aws_sagemaker), scope);
    EXPECT_THAT(resources_of(sagemaker, "sagemaker:StartPipelineExecution"),
                ElementsAre("arn:aws:sagemaker:eu-west-1:012345678901:pipeline/train",
                            "arn:aws:sagemaker:eu-west-1:012345678901:pipeline/Train"));
    EXPECT_THAT(resources_of(sagemaker, "sagemaker:StopPipelineExecution"),
                Contains("arn:aws:sagemaker:eu-west-1:012345678901:pipeline/train/execution/*"));

    scope = {"012345678901", {"arn:aws:states:eu-west-1:012345678901:stateMachine:m:PROD"}, {}, {}};
    auto states = make_policy(platform(PlatformType::aws_step_functions), scope);
    EXPECT_THAT(resources_of(states, "states:StartExecution"),
                ElementsAre("arn:aws:states:eu-west-1:012345678901:stateMachine:m:PROD",
                            "arn:aws:states:eu-west-1:012345678901:stateMachine:m"));
    EXPECT_THAT(resources_of(states, "states:StopExecution"),
                ElementsAre("arn:aws:states:eu-west-1:012345678901:execution:m:*",
                            "arn:aws:states:eu-west-1:012345678901:express:m:*"));
}

TEST(Policy, WritesArnsOfEveryPartition) {  // PLAT-1, PLAT-5
    const std::pair<const char*, const char*> cases[] = {
        {"us-east-1", "aws"},
        {"cn-north-1", "aws-cn"},
        {"us-gov-west-1", "aws-us-gov"},
        {"eusc-de-east-1", "aws-eusc"},
        {"us-iso-east-1", "aws-iso"},
        {"us-isob-east-1", "aws-iso-b"},
        {"eu-isoe-west-1", "aws-iso-e"},
        {"us-isof-south-1", "aws-iso-f"},
        {"xx-new-1", "aws"},
    };
    for (auto [region, partition] : cases) {
        EXPECT_EQ(partition_of(region), partition);
        for (const auto& c : action_cases) {
            auto policy = make_policy(platform(c.type, region), {"1", {}, {}, {}});
            for (const auto& item : policy.document.at("Statement").as_array()) {
                for (const auto& arn : strings(item.at("Resource"))) {
                    if (arn == "*") continue;
                    Arn parts;
                    ASSERT_TRUE(parse_arn(arn, parts)) << arn;
                    EXPECT_EQ(parts.partition, partition) << arn;
                    EXPECT_EQ(parts.region, parts.service == "iam" ? "" : region) << arn;
                    EXPECT_EQ(parts.account, "1") << arn;
                }
            }
        }
    }
}

TEST(Policy, TakesTheAccountFromTheRole) {
    auto p = platform(PlatformType::aws_glue);
    p.auth.role_arn = "arn:aws:iam::111111111111:role/r";
    EXPECT_THAT(resources_of(make_policy(p, {}), "glue:StartJobRun"),
                ElementsAre("arn:aws:glue:eu-west-1:111111111111:job/*"));
    p.auth.assume.push_back({"arn:aws:iam::222222222222:role/r", "", ""});
    EXPECT_THAT(resources_of(make_policy(p, {}), "glue:StartJobRun"),
                ElementsAre("arn:aws:glue:eu-west-1:222222222222:job/*"));
}

TEST(Policy, SaysWhenItIsTooLarge) {
    PolicyScope scope{"012345678901", {}, {}, {}};
    for (int i = 0; i < 200; ++i) scope.external_ids.push_back("a-job-with-a-long-name-" + std::to_string(i));
    EXPECT_THAT(make_policy(platform(PlatformType::aws_glue), scope).notes, Contains(HasSubstr("6144")));
}

Platform web_identity(TokenSource source) {
    auto out = platform(PlatformType::aws_glue);
    out.auth.method = AuthMethod::web_identity;
    out.auth.role_arn = "arn:aws:iam::012345678901:role/polysync";
    out.auth.token_source = source;
    return out;
}

TEST(TrustPolicy, OfAWebIdentityWithKnownClaims) {
    TokenClaims claims{"https://oidc.eks.eu-west-1.amazonaws.com/id/AB",
                       {"sts.amazonaws.com"},
                       "",
                       "system:serviceaccount:ns:polysync",
                       ""};
    auto trust = make_trust_policy(web_identity(TokenSource::file), claims);
    ASSERT_TRUE(trust);
    EXPECT_EQ(
        boost::json::serialize(trust.value().document),
        R"({"Version":"2012-10-17","Statement":[{"Sid":"PolysyncWorkloadIdentity","Effect":"Allow","Principal":{"Federated":)"
        R"("arn:aws:iam::012345678901:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB"},"Action":)"
        R"("sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/AB:aud":)"
        R"("sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/AB:sub":"system:serviceaccount:ns:polysync"}}}]})");
    EXPECT_THAT(trust.value().notes, Not(Contains(HasSubstr("not known"))));
}

TEST(TrustPolicy, OfEntraWithoutAToken) {  // PLAT-2, aws-facts 13
    auto p = web_identity(TokenSource::entra_client_secret);
    p.auth.tenant_id = "t-1";
    p.auth.client_id = "c-1";
    p.auth.external_id = "unused";
    auto trust = make_trust_policy(p, {});
    ASSERT_TRUE(trust);
    auto text = boost::json::serialize(trust.value().document);
    EXPECT_THAT(text, HasSubstr("oidc-provider/login.microsoftonline.com/t-1/v2.0"));
    EXPECT_THAT(text, HasSubstr(R"(login.microsoftonline.com/t-1/v2.0:aud":"c-1")"));
    EXPECT_THAT(text, HasSubstr("<subject of the token>"));
    EXPECT_THAT(trust.value().notes,
                AllOf(Contains(HasSubstr("sub equals oid")), Contains(HasSubstr("external_id is not used")),
                      Contains(HasSubstr("subject is not known"))));
    // With azp the client id list must hold both (aws-facts 13.2).
    EXPECT_THAT(expected_audiences(p.auth, {"i", {"a"}, "b", "", ""}), ElementsAre("a", "b"));
    // No subject but an object id: that one is compared.
    EXPECT_THAT(
        boost::json::serialize(make_trust_policy(p, {"https://i", {"a"}, "", "", "oid-1"}).value().document),
        HasSubstr(R"("i:sub":"oid-1")"));
}

TEST(TrustPolicy, KeepsTheSlashOfAnIssuer) {  // PLAT-5: as IAM names the provider of a v1.0 Entra token
    auto p = web_identity(TokenSource::azure_managed_identity);
    auto trust = make_trust_policy(p, {"https://sts.windows.net/t-1/", {"api://app"}, "", "s-1", ""});
    ASSERT_TRUE(trust);
    auto text = boost::json::serialize(trust.value().document);
    EXPECT_THAT(text, HasSubstr(R"(:oidc-provider/sts.windows.net/t-1/")"));
    EXPECT_THAT(text, HasSubstr(R"("sts.windows.net/t-1/:aud":"api://app")"));
    EXPECT_THAT(text, HasSubstr(R"("sts.windows.net/t-1/:sub":"s-1")"));
}

TEST(TrustPolicy, OfAssumeRoleAndOfMethodsWithoutARole) {
    auto p = platform(PlatformType::aws_glue);
    p.auth.method = AuthMethod::assume_role;
    p.auth.external_id = "x-1";
    auto trust = make_trust_policy(p, {}, "arn:aws:iam::1:user/boot");
    ASSERT_TRUE(trust);
    EXPECT_THAT(
        boost::json::serialize(trust.value().document),
        AllOf(HasSubstr(R"("AWS":"arn:aws:iam::1:user/boot")"), HasSubstr(R"("sts:ExternalId":"x-1")")));
    p.auth.method = AuthMethod::access_key;
    EXPECT_EQ(make_trust_policy(p, {}).error().kind, ErrorKind::invalid_input);
}

}  // namespace
}  // namespace polysync
