// PLAT-2, PLAT-3: every authentication method over real sockets, against the sandbox's STS and metadata
// endpoints. What a method gives must be good for a signed call.
#include <gtest/gtest.h>

#include "aws/auth/make_credentials.h"
#include "aws/auth/sso_token_cache.h"
#include "aws/auth/sts_access.h"
#include "http/curl/curl_client.h"
#include "sandbox/metadata.h"
#include "sandbox/sandbox.h"
#include "test/support/fake_environment.h"
#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;
using polysync::test::FakeEnvironment;
using polysync::test::run_async;

constexpr const char* role = "arn:aws:iam::123456789012:role/polysync-role";

class CredentialsSandbox : public ::testing::Test {
  protected:
    CredentialsSandbox() {
        sandbox_ = std::move(sandbox::Sandbox::start(sandbox::SandboxOptions()).value());
        http_ = std::move(http::make_curl_client({}).value());
        auth_ = std::make_unique<AuthEnvironment>(AuthEnvironment{
            *http_, system_clock(), system_random(), environment_, system_processes(), "polysync-test"});
        set("AWS_ENDPOINT_URL", sandbox_->endpoint());
        set("AWS_EC2_METADATA_SERVICE_ENDPOINT", sandbox_->endpoint());
        set("AZURE_POD_IDENTITY_AUTHORITY_HOST", sandbox_->endpoint());
        set("AZURE_AUTHORITY_HOST", sandbox_->endpoint());
        config_.region = "us-east-1";
        config_.role.role_arn = role;
    }

    void set(const std::string& name, std::string value) { environment_.variables[name] = std::move(value); }
    void metadata(const json::object& behaviour) { sandbox_->admin("POST", "metadata", behaviour); }

    // Who AWS says the caller is, or the error's kind and code.
    std::string caller() {
        auto provider = make_credentials(config_, *auth_);
        return provider ? caller(provider.value()) : told(provider.error());
    }
    std::string caller(std::shared_ptr<CredentialsProvider> provider) {
        auto endpoints = identity_endpoints(config_, environment_);
        if (!endpoints) return told(endpoints.error());
        SourceContext context{*auth_, endpoints.value()};
        StsClient sts = make_sts_client(context, std::move(provider));
        auto identity = run_async(sts.get_caller_identity());
        return identity ? identity.value().arn : told(identity.error());
    }
    static std::string told(const Error& error) {
        return std::string(to_string(error.kind)) + " " + error.code;
    }

    std::unique_ptr<sandbox::Sandbox> sandbox_;
    std::unique_ptr<http::HttpClient> http_;
    FakeEnvironment environment_;
    std::unique_ptr<AuthEnvironment> auth_;
    IdentityConfig config_;
};

constexpr const char* as_role = "arn:aws:sts::123456789012:assumed-role/polysync-role/";

TEST_F(CredentialsSandbox, AccessKeyAndAssumedRoles) {
    config_.method = IdentityMethod::access_key;
    config_.access_key_id = "AKIASANDBOX000000000";
    config_.secret_access_key = "env://SANDBOX_SECRET";
    EXPECT_EQ(caller(), "invalid_input unresolved_secret");
    set("SANDBOX_SECRET", "polysync-sandbox-secret");
    EXPECT_EQ(caller(), "arn:aws:iam::123456789012:user/polysync");
    config_.method = IdentityMethod::assume_role;
    config_.role.session_name = "me";
    EXPECT_EQ(caller(), std::string(as_role) + "me");
    config_.assume = {{"arn:aws:iam::210987654321:role/polysync-role", "", "far"}};
    EXPECT_EQ(caller(), "arn:aws:sts::210987654321:assumed-role/polysync-role/far");
    config_.assume.clear();
    config_.role = {"arn:aws:iam::123456789012:role/polysync-external-id", "wrong-id", ""};
    EXPECT_EQ(caller(), "access_denied AccessDenied");
    config_.role.external_id = "polysync-external";
    EXPECT_EQ(caller(), "arn:aws:sts::123456789012:assumed-role/polysync-external-id/polysync");
    set("SANDBOX_SECRET", "wrong-sandbox-secret");
    EXPECT_EQ(caller().substr(0, 12), "credentials ");
}

TEST_F(CredentialsSandbox, WebIdentityFromAFile) {
    config_.method = IdentityMethod::web_identity;
    config_.token_file = "/token";
    json::object made = sandbox_->admin("POST", "token", {{"subject", "system:serviceaccount:etl:polysync"}});
    ASSERT_TRUE(made.contains("token")) << json::serialize(made);
    environment_.files["/token"] = std::string(made.at("token").as_string()) + "\n";
    EXPECT_EQ(caller(), std::string(as_role) + "polysync");
    made = sandbox_->admin("POST", "token", {{"audience", "somebody-else"}});
    environment_.files["/token"] = std::string(made.at("token").as_string());
    EXPECT_EQ(caller(), "credentials InvalidIdentityToken");
    made = sandbox_->admin("POST", "token", {{"lifetime_seconds", -3600}});
    environment_.files["/token"] = std::string(made.at("token").as_string());
    EXPECT_EQ(caller(), "credentials ExpiredTokenException");
}

TEST_F(CredentialsSandbox, AzureAndEntra) {
    config_.method = IdentityMethod::web_identity;
    config_.token_origin = WebTokenOrigin::azure_managed_identity;
    config_.resource = "api://" + std::string(sandbox::sample_client_id);
    metadata({{"entra_token_version", 1}});
    EXPECT_EQ(caller(), std::string(as_role) + "polysync");
    metadata({{"azure", "not_found"}});
    EXPECT_EQ(caller(), "credentials managed_identity_refused");
    config_.token_origin = WebTokenOrigin::entra_client_secret;
    config_.tenant_id = sandbox::sample_tenant;
    config_.client_id = sandbox::sample_client_id;
    config_.client_secret = sandbox::sample_client_secret;
    metadata({{"azure", "on"}, {"entra_token_version", 2}});
    EXPECT_EQ(caller(), std::string(as_role) + "polysync");
    config_.client_secret = "wrong-client-secret";
    EXPECT_EQ(caller(), "credentials invalid_client");
}

TEST_F(CredentialsSandbox, InstanceProfile) {
    config_.method = IdentityMethod::instance_profile;
    EXPECT_EQ(caller(), std::string(as_role) + "i-0123456789abcdef0");
    auto kept = make_credentials(config_, *auth_).value();
    EXPECT_EQ(caller(kept), std::string(as_role) + "i-0123456789abcdef0");
    // The metadata token ends: the next fetch gets a new one by itself.
    metadata({{"expire_imds_token", true}});
    kept->invalidate(*run_async(kept->get()).value());
    EXPECT_EQ(caller(kept), std::string(as_role) + "i-0123456789abcdef0");
    metadata({{"imds", "no_role"}});
    EXPECT_EQ(caller(), "credentials no_instance_profile");
    metadata({{"imds", "unauthorized"}});
    EXPECT_EQ(caller(), "credentials AssumeRoleUnauthorizedAccess");
    metadata({{"imds", "off"}});
    EXPECT_EQ(caller(), "credentials metadata_v2_unavailable");
    metadata({{"imds", "stale"}});  // static stability: keys that look expired are used
    EXPECT_EQ(caller(), std::string(as_role) + "i-0123456789abcdef0");
}

TEST_F(CredentialsSandbox, Containers) {
    config_.method = IdentityMethod::instance_profile;
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", sandbox_->endpoint() + "/v1/credentials");
    metadata({{"container_authorization", "pod-token"}});
    EXPECT_EQ(caller(), "credentials container_refused");
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/pod");
    environment_.files["/var/run/pod"] = "pod-token";
    EXPECT_EQ(caller(), std::string(as_role) + "i-0123456789abcdef0");
}

TEST_F(CredentialsSandbox, SsoWithRefresh) {
    config_.profile = "corp";
    environment_.files["/home/test/.aws/config"] =
        "[profile corp]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = polysync-role\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://corp.test/start\n";
    std::string path = environment_.expand_home(sso_cache_path("s"));
    environment_.files[path] =
        R"({"accessToken":"long-gone","expiresAt":"2020-01-01T00:00:00Z","refreshToken":"refresh-me","clientId":"c","clientSecret":"sso-client-secret"})";
    EXPECT_EQ(caller(), std::string(as_role) + "sso-user");
    EXPECT_NE(environment_.files[path].find("sandbox-sso-access-token"), std::string::npos);
    environment_.files[path] =
        R"({"accessToken":"long-gone","expiresAt":"2020-01-01T00:00:00Z","refreshToken":"expired","clientId":"c","clientSecret":"sso-client-secret"})";
    EXPECT_EQ(caller(), "credentials sso_login_needed");
}

TEST_F(CredentialsSandbox, DefaultChainThroughAProgram) {
    environment_.files["/home/test/.aws/config"] =
        "[default]\ncredential_process = printf "
        "'{\"Version\":1,\"AccessKeyId\":\"AKIASANDBOX000000000\",\"SecretAccessKey\":\"polysync-sandbox-"
        "secret\"}'\n"
        "[profile etl]\nrole_arn = arn:aws:iam::123456789012:role/polysync-role\nsource_profile = "
        "default\nrole_session_name = etl\n";
    EXPECT_EQ(caller(), "arn:aws:iam::123456789012:user/polysync");
    config_.profile = "etl";
    EXPECT_EQ(caller(), std::string(as_role) + "etl");
}

}  // namespace
}  // namespace polysync::aws
