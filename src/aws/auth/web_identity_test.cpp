// PLAT-2: web identity through a token file, Azure managed identity and Entra ID.
#include <gtest/gtest.h>

#include "aws/auth/make_credentials.h"
#include "aws/auth/sources.h"
#include "base/secret.h"
#include "test/support/auth_kit.h"
#include "test/support/jwt_text.h"

namespace polysync::aws {
namespace {

using test::assumed_xml;
using test::header_of;
using test::outcome;
using test::run_async;
using test::sts_error_xml;
using test::unsigned_jwt;

constexpr const char* role = "arn:aws:iam::123456789012:role/etl";

class WebIdentityTest : public test::AuthTest {
  protected:
    IdentityConfig config() const {
        IdentityConfig made;
        made.method = IdentityMethod::web_identity;
        made.role.role_arn = role;
        made.region = "eu-west-1";
        return made;
    }
    Result<Credentials> get(const IdentityConfig& config) {
        auto provider = make_credentials(config, auth_);
        if (!provider) return provider.error();
        auto got = run_async(provider.value()->get());
        if (!got) return got.error();
        return *got.value();
    }
    const std::string token_ =
        unsigned_jwt(R"({"iss":"https://oidc.test/x","aud":"sts.amazonaws.com","sub":"system:pod"})");
    const std::string entra_ = unsigned_jwt(
        R"({"iss":"https://login.microsoftonline.com/t/v2.0","aud":"resource-app","azp":"calling-app","sub":"o"})");
};

TEST_F(WebIdentityTest, TokenFileIsTrimmedAndTheCallUnsigned) {
    IdentityConfig given = config();
    given.token_file = "/var/run/token";
    given.role.external_id = "unused-id";
    file("/var/run/token", "\n" + token_ + "\n\n");
    http_.answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAWEB"));
    auto keys = get(given);
    ASSERT_EQ(outcome(keys), "ok ASIAWEB");
    EXPECT_EQ(keys.value().source,
              "role arn:aws:iam::123456789012:role/etl through token file /var/run/token");
    const http::Request& sent = http_.requests().at(0);
    EXPECT_EQ(sent.url, "https://sts.eu-west-1.amazonaws.com/");
    EXPECT_EQ(header_of(sent, "Authorization"), "");
    EXPECT_NE(sent.body.find("RoleSessionName=polysync"), std::string::npos);
    EXPECT_NE(sent.body.find("WebIdentityToken=" + token_), std::string::npos);
    EXPECT_EQ(sent.body.find("ExternalId"), std::string::npos);
    EXPECT_EQ(redact(token_), "[redacted]");
    EXPECT_EQ(redact("assumed-secret-key"), "[redacted]");
}

TEST_F(WebIdentityTest, TheFileIsReadAgainAtEveryRefresh) {
    set("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token");
    set("AWS_ROLE_ARN", role);
    IdentityConfig given = config();
    given.role.role_arn.clear();
    file("/var/run/token", "first-token");
    auto provider = make_credentials(given, auth_);
    ASSERT_TRUE(provider);
    http_.answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIA1"))
        .answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIA2"));
    EXPECT_EQ(run_async(provider.value()->get()).value()->access_key_id, "ASIA1");
    file("/var/run/token", "second-token");
    clock_.advance(std::chrono::minutes(50));
    EXPECT_EQ(run_async(provider.value()->get()).value()->access_key_id, "ASIA2");
    EXPECT_NE(http_.requests()[1].body.find("second-token"), std::string::npos);
}

TEST_F(WebIdentityTest, RefusalsSayWhatIamNeeds) {
    IdentityConfig given = config();
    given.token_file = "/t";
    file("/t", entra_);
    http_.answer(400, sts_error_xml("InvalidIdentityToken", "Incorrect token audience"));
    auto refused = get(given);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "InvalidIdentityToken");
    for (const char* part : {"https://login.microsoftonline.com/t/v2.0", "resource-app", "calling-app"}) {
        EXPECT_NE(refused.error().remedy.find(part), std::string::npos) << refused.error().remedy;
    }
    EXPECT_EQ(refused.error().describe().find(entra_), std::string::npos);
    http_.answer(400, sts_error_xml("ExpiredTokenException", "Token expired"));
    refused = get(given);
    EXPECT_EQ(refused.error().kind, ErrorKind::credentials);
    EXPECT_NE(refused.error().remedy.find("fresh"), std::string::npos);
    http_.answer(403,
                 sts_error_xml("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    refused = get(given);
    EXPECT_EQ(refused.error().kind, ErrorKind::access_denied);
    EXPECT_NE(refused.error().remedy.find("trust policy"), std::string::npos);
}

TEST_F(WebIdentityTest, BadInputMakesNoCall) {
    struct Case {
        const char* role_arn;
        const char* session;
        const char* token;
        const char* told;
    };
    for (const Case& given :
         {Case{"", "", "token", "invalid_input bad_role"}, Case{"etl", "", "token", "invalid_input bad_role"},
          Case{role, "a b", "token", "invalid_input bad_role"},
          Case{role, "x", "token", "invalid_input bad_role"},
          Case{role, "", "", "credentials token_file_empty"},
          Case{role, "", "abc", "credentials bad_token"}}) {
        IdentityConfig made = config();
        made.role.role_arn = given.role_arn;
        made.role.session_name = given.session;
        made.token_file = "/t";
        file("/t", given.token);
        EXPECT_EQ(outcome(get(made)), given.told);
    }
    IdentityConfig made = config();
    EXPECT_EQ(outcome(get(made)), "invalid_input no_token_file");
    made.token_file = "/missing";
    auto missing = get(made);
    EXPECT_EQ(outcome(missing), "credentials token_file_unreadable");
    EXPECT_NE(missing.error().message.find("/missing"), std::string::npos);
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(WebIdentityTest, AzureManagedIdentity) {
    IdentityConfig given = config();
    given.token_origin = WebTokenOrigin::azure_managed_identity;
    given.audience = "api://polysync aws";
    given.client_id = "user-assigned";
    http_.answer(429).answer(
        200, R"({"access_token":")" + entra_ + R"(","expires_in":"3599","token_type":"Bearer"})");
    http_.answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAAZ"));
    EXPECT_EQ(outcome(get(given)), "ok ASIAAZ");
    const http::Request& sent = http_.requests().at(0);
    EXPECT_EQ(sent.url,
              "http://169.254.169.254/metadata/identity/oauth2/"
              "token?api-version=2018-02-01&resource=api%3A%2F%2Fpolysync%20aws&client_id=user-assigned");
    EXPECT_EQ(header_of(sent, "Metadata"), "true");
    EXPECT_FALSE(sent.use_proxy);
    http_.forget_requests();
    set("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token");
    set("IDENTITY_HEADER", "app-service-header");
    given.resource = "guid";
    http_.answer(200, R"({"access_token":"app-service-token","expires_on":"11/05/2019 00:00:00 +00:00"})");
    http_.answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAAS"));
    EXPECT_EQ(outcome(get(given)), "ok ASIAAS");
    EXPECT_EQ(
        http_.requests()[0].url,
        "http://localhost:42356/msi/token?api-version=2019-08-01&resource=guid&client_id=user-assigned");
    EXPECT_EQ(header_of(http_.requests()[0], "X-IDENTITY-HEADER"), "app-service-header");
}

TEST_F(WebIdentityTest, AzureManagedIdentityThatIsUpdatingOrRefuses) {
    IdentityConfig given = config();
    given.token_origin = WebTokenOrigin::azure_managed_identity;
    EXPECT_EQ(outcome(get(given)), "invalid_input no_resource");
    given.audience = "guid";
    http_.answer(410);
    for (int i = 0; i < 5; ++i) http_.answer(410);
    http_.answer(200, R"({"access_token":"updated-token"})")
        .answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAUP"));
    EXPECT_EQ(outcome(get(given)), "ok ASIAUP");
    EXPECT_EQ(clock_.slept(), Millis(50'000));
    http_.answer(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
    auto refused = get(given);
    EXPECT_EQ(outcome(refused), "credentials managed_identity_refused");
    EXPECT_NE(refused.error().message.find("Identity not found"), std::string::npos);
    http_.answer(404).answer(404).answer(404);
    EXPECT_EQ(outcome(get(given)), "transient managed_identity_refused");
    http_.answer(200, "{}");
    EXPECT_EQ(outcome(get(given)), "credentials unreadable_answer");
}

TEST_F(WebIdentityTest, EntraSecret) {
    IdentityConfig given = config();
    given.token_origin = WebTokenOrigin::entra_client_secret;
    given.tenant_id = "tenant-guid";
    given.client_id = "client-guid";
    given.client_secret = "env://ENTRA";
    set("ENTRA", "p+ss w/rd&=");
    http_.answer(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"entra-access-token"})");
    http_.answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAENTRA"));
    EXPECT_EQ(outcome(get(given)), "ok ASIAENTRA");
    const http::Request& sent = http_.requests().at(0);
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.url, "https://login.microsoftonline.com/tenant-guid/oauth2/v2.0/token");
    EXPECT_EQ(sent.body,
              "grant_type=client_credentials&client_id=client-guid&scope=client-guid%2F.default&client_"
              "secret=p%2Bss%20w%2Frd%26%3D");
    EXPECT_TRUE(sent.use_proxy);
    EXPECT_EQ(redact("entra-access-token and p+ss w/rd&="), "[redacted] and [redacted]");
    http_.answer(
        401,
        R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret","error_codes":[7000215]})");
    auto refused = get(given);
    EXPECT_EQ(outcome(refused), "credentials invalid_client");
    EXPECT_NE(refused.error().message.find("AADSTS7000215"), std::string::npos);
    http_.answer(503, "<html>", {{"Retry-After", "7"}}).answer(503).answer(503);
    EXPECT_EQ(outcome(get(given)), "transient entra_refused");
    EXPECT_EQ(clock_.slept(), Millis(9'000));
}

TEST_F(WebIdentityTest, EntraFederatedTokenFromTheEnvironment) {
    IdentityConfig given = config();
    given.token_origin = WebTokenOrigin::entra_client_assertion;
    given.scope = "api://other/.default";
    EXPECT_EQ(outcome(get(given)), "invalid_input missing_attribute");
    set("AZURE_TENANT_ID", "tenant");
    set("AZURE_CLIENT_ID", "client");
    set("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    EXPECT_EQ(outcome(get(given)), "invalid_input missing_attribute");
    set("AZURE_FEDERATED_TOKEN_FILE", "/var/run/azure");
    file("/var/run/azure", "federated-token\n");
    http_.answer(200, R"({"access_token":"entra-access-token"})")
        .answer(200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAFED"));
    EXPECT_EQ(outcome(get(given)), "ok ASIAFED");
    EXPECT_EQ(http_.requests()[0].url, "https://login.microsoftonline.us/tenant/oauth2/v2.0/token");
    EXPECT_NE(http_.requests()[0].body.find("&client_assertion=federated-token"), std::string::npos);
    EXPECT_NE(http_.requests()[0].body.find("&scope=api%3A%2F%2Fother%2F.default"), std::string::npos);
    for (auto [host, tenant] : {std::pair("http://login.evil", "tenant"), std::pair("https://ok", "a/b"),
                                std::pair("https://ok", "a?b")}) {
        given.authority_host = host;
        given.tenant_id = tenant;
        EXPECT_EQ(outcome(get(given)), "invalid_input bad_attribute");
    }
}

// PLAT-4: the connection test shows what the token says, and never the token.
TEST_F(WebIdentityTest, InspectToken) {
    IdentityConfig given = config();
    given.token_file = "/t";
    file("/t", entra_);
    auto claims = run_async(inspect_web_token(given, auth_));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims.value().azp, "calling-app");
    EXPECT_TRUE(http_.requests().empty());
    EXPECT_EQ(expected_audience(given, environment_), "sts.amazonaws.com");
    given.token_origin = WebTokenOrigin::entra_client_secret;
    given.client_id = "client";
    EXPECT_EQ(expected_audience(given, environment_), "client");
    given.audience = "mine";
    EXPECT_EQ(expected_audience(given, environment_), "mine");
    given.method = IdentityMethod::access_key;
    EXPECT_FALSE(run_async(inspect_web_token(given, auth_)));
}

}  // namespace
}  // namespace polysync::aws
