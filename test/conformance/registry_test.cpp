// From a definition's platform to AWS and back: every authentication method that the sandbox can judge,
// through make_provider.
#include "provider/registry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "aws/core/limiter_registry.h"
#include "http/curl/curl_client.h"
#include "test/conformance/conformance_kit.h"
#include "test/support/fake_environment.h"

namespace polysync::conformance {
namespace {

class NoProcesses final : public aws::ProcessRunner {
  public:
    Async<Result<aws::ProcessResult>> run(std::vector<std::string>, aws::ProcessLimits) override {
        co_return make_error(ErrorKind::invalid_input, "no_processes", "no program is run in this test");
    }
};

class Registry : public testing::Test {
  protected:
    World world{subjects()[0]};
    SeededRandom random{5};
    boost::asio::io_context io;
    std::unique_ptr<http::HttpClient> client = std::move(http::make_curl_client({}).value());
    aws::LimiterRegistry limiters{system_clock()};
    test::FakeEnvironment machine;
    NoProcesses processes;
    ProviderEnvironment environment{
        aws::AuthEnvironment{*client, system_clock(), random, machine, processes, "polysync/test"}, limiters};

    Platform platform(AuthMethod method) {
        Platform made = world.platform({});
        made.auth = {};
        made.auth.method = method;
        return made;
    }
    ConnectionReport test(const Platform& wanted) {
        Result<std::unique_ptr<Provider>> provider = make_provider(wanted, environment);
        EXPECT_TRUE(provider.has_value()) << (provider ? "" : provider.error().describe());
        if (!provider) return {};
        return test::run_async(io, provider.value()->test_connection());
    }
    static std::string describe(const ConnectionReport& report) {
        std::string out;
        for (const ConnectionCheck& check : report.checks)
            out += fmt::format("{} {}: {} {}\n", check.passed ? "+" : "-", check.name, check.detail,
                               check.remedy);
        return out;
    }
    std::string web_token() { return std::string(world.admin("POST", "token", {}).at("token").as_string()); }
};

constexpr std::string_view key = "AKIASANDBOX000000000";
constexpr std::string_view secret = "polysync-sandbox-secret";
constexpr std::string_view role = "arn:aws:iam::123456789012:role/polysync-role";
constexpr std::string_view other_role = "arn:aws:iam::210987654321:role/polysync-role";

// PLAT-2: references and clear text alike.
TEST_F(Registry, AccessKeys) {
    machine.variables["GLUE_SECRET"] = secret;
    machine.files["/run/secrets/glue"] = std::string(secret) + "\n";
    for (std::string_view reference :
         {secret, std::string_view("env://GLUE_SECRET"), std::string_view("file:///run/secrets/glue")}) {
        Platform etl = platform(AuthMethod::access_key);
        etl.auth.access_key_id.text = key;
        etl.auth.secret_access_key.text = reference;
        ConnectionReport report = test(etl);
        EXPECT_TRUE(report.passed()) << describe(report);
        EXPECT_EQ(report.account, "123456789012");
        EXPECT_EQ(describe(report).find(secret), std::string::npos) << "SAFE-3";
    }
    Platform missing = platform(AuthMethod::access_key);
    missing.auth.access_key_id.text = key;
    missing.auth.secret_access_key.text = "env://NOT_SET";
    ConnectionReport report = test(missing);
    EXPECT_FALSE(report.passed());
    EXPECT_NE(describe(report).find("NOT_SET"), std::string::npos) << describe(report);
}

TEST_F(Registry, AssumedRoles) {
    Platform etl = platform(AuthMethod::assume_role);
    etl.auth.access_key_id.text = key;
    etl.auth.secret_access_key.text = secret;
    etl.auth.role_arn = role;
    etl.auth.session_name = "conformance";
    ConnectionReport report = test(etl);
    EXPECT_TRUE(report.passed()) << describe(report);
    EXPECT_NE(report.caller_arn.find("assumed-role/polysync-role/conformance"), std::string::npos)
        << report.caller_arn;

    // Rate limits are the account's, which the role's ARN tells before any call.
    ASSERT_FALSE(limiters.stats().empty());
    for (const aws::LimiterStats& limit : limiters.stats()) EXPECT_EQ(limit.account, "123456789012");

    etl.auth.role_arn = "arn:aws:iam::123456789012:role/polysync-external-id";
    EXPECT_FALSE(test(etl).passed());
    etl.auth.external_id = "polysync-external";
    EXPECT_TRUE(test(etl).passed());
}

// PLAT-2, beyond the seeds: one identity fans out over accounts.
TEST_F(Registry, FurtherRoles) {
    Platform etl = platform(AuthMethod::access_key);
    etl.auth.access_key_id.text = key;
    etl.auth.secret_access_key.text = secret;
    etl.auth.assume = {{std::string(other_role), "", ""}};
    ConnectionReport report = test(etl);
    EXPECT_TRUE(report.passed()) << describe(report);
    EXPECT_EQ(report.account, "210987654321");
}

TEST_F(Registry, WebIdentity) {
    machine.files["/var/run/token"] = web_token();
    Platform etl = platform(AuthMethod::web_identity);
    etl.auth.role_arn = role;
    etl.auth.token_file = "/var/run/token";
    ConnectionReport report = test(etl);
    EXPECT_TRUE(report.passed()) << describe(report);
    EXPECT_NE(describe(report).find("https://oidc.sandbox.local"), std::string::npos)
        << "the token's issuer is shown";
    EXPECT_EQ(describe(report).find(machine.files["/var/run/token"]), std::string::npos) << "SAFE-3";
}

TEST_F(Registry, DefaultChain) {
    machine.variables["AWS_ACCESS_KEY_ID"] = key;
    machine.variables["AWS_SECRET_ACCESS_KEY"] = secret;
    ConnectionReport report = test(platform(AuthMethod::default_chain));
    EXPECT_TRUE(report.passed()) << describe(report);
    EXPECT_FALSE(report.credentials_source.empty());
}

// PLAT-1: what the platform leaves out comes from where AWS's tools look.
TEST_F(Registry, RegionAndEndpointFromTheEnvironment) {
    Platform etl = platform(AuthMethod::access_key);
    etl.auth.access_key_id.text = key;
    etl.auth.secret_access_key.text = secret;
    std::string endpoint = std::exchange(etl.endpoint, "");
    etl.region.clear();
    Result<std::unique_ptr<Provider>> nowhere = make_provider(etl, environment);
    ASSERT_FALSE(nowhere.has_value());
    EXPECT_EQ(nowhere.error().code, "no_region");
    machine.variables["AWS_REGION"] = "eu-west-1";
    machine.variables["AWS_ENDPOINT_URL"] = endpoint;
    ConnectionReport report = test(etl);
    EXPECT_TRUE(report.passed()) << describe(report);
    EXPECT_EQ(make_provider(etl, environment).value()->platform().region, "eu-west-1");
}

// PLAT-3: platforms of one identity share their credentials.
TEST_F(Registry, OneIdentityAssumesItsRoleOnce) {
    Platform etl = platform(AuthMethod::assume_role);
    etl.auth.access_key_id.text = key;
    etl.auth.secret_access_key.text = secret;
    etl.auth.role_arn = role;
    std::vector<std::unique_ptr<Provider>> providers;
    for (PlatformType type : {PlatformType::aws_glue, PlatformType::aws_batch, PlatformType::aws_sagemaker,
                              PlatformType::aws_step_functions}) {
        etl.type = type;
        etl.name = to_string(type);
        providers.push_back(std::move(make_provider(etl, environment).value()));
    }
    for (auto& provider : providers) EXPECT_TRUE(test::run_async(io, provider->test_connection()).passed());
    EXPECT_EQ(world.calls().at("sts.AssumeRole"), 1);
}

TEST_F(Registry, WhatCannotWorkIsRefusedAtOnce) {
    Platform no_role = platform(AuthMethod::assume_role);
    no_role.auth.access_key_id.text = key;
    no_role.auth.secret_access_key.text = secret;
    EXPECT_FALSE(make_provider(no_role, environment).has_value());
    Platform no_profile = platform(AuthMethod::default_chain);
    no_profile.auth.profile = "nobody";
    Result<std::unique_ptr<Provider>> refused = make_provider(no_profile, environment);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
}

// Every attribute reaches src/aws.
TEST(Identity, MapsEveryAttribute) {
    Platform platform;
    platform.region = "eu-west-1";
    platform.endpoint = "http://localhost:1";
    platform.use_fips = platform.use_dual_stack = true;
    AuthConfig& auth = platform.auth;
    auth.method = AuthMethod::web_identity;
    auth.token_source = TokenSource::entra_client_assertion;
    auth.access_key_id.text = "a";
    auth.secret_access_key.text = "b";
    auth.session_token.text = "c";
    auth.role_arn = "d";
    auth.external_id = "e";
    auth.session_name = "f";
    auth.token_file = "g";
    auth.audience = "h";
    auth.tenant_id = "i";
    auth.client_id = "j";
    auth.client_secret.text = "k";
    auth.scope = "l";
    auth.resource = "m";
    auth.authority_host = "n";
    auth.profile = "o";
    auth.assume = {{"p", "q", "r"}};
    aws::IdentityConfig expected;
    expected.method = aws::IdentityMethod::web_identity;
    expected.access_key_id = "a";
    expected.secret_access_key = "b";
    expected.session_token = "c";
    expected.role = {"d", "e", "f"};
    expected.token_origin = aws::WebTokenOrigin::entra_client_assertion;
    expected.token_file = "g";
    expected.audience = "h";
    expected.tenant_id = "i";
    expected.client_id = "j";
    expected.client_secret = "k";
    expected.scope = "l";
    expected.resource = "m";
    expected.authority_host = "n";
    expected.profile = "o";
    expected.assume = {{"p", "q", "r"}};
    expected.region = "eu-west-1";
    expected.endpoint = "http://localhost:1";
    expected.use_fips = expected.use_dual_stack = true;
    EXPECT_EQ(identity_of(platform), expected);
}

}  // namespace
}  // namespace polysync::conformance
