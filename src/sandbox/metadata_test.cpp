#include "sandbox/metadata.h"

#include <gtest/gtest.h>

#include "sandbox/front_test_kit.h"
#include "sandbox/jwt.h"

namespace polysync::sandbox {
namespace {

constexpr std::string_view credentials = "/latest/meta-data/iam/security-credentials/";
using Headers = std::vector<std::pair<std::string, std::string>>;

HttpAnswer ask(Desk& desk, std::string_view method, std::string_view path, Headers headers = {},
               std::string body = {}) {
    OwnedRequest request;
    request.method = method;
    auto mark = std::min(path.find('?'), path.size());
    request.path = path.substr(0, mark);
    if (mark < path.size()) request.query = path.substr(mark + 1);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return desk.send(request);
}

Headers imds_token(Desk& desk) {
    auto made = ask(desk, "PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
    EXPECT_EQ(made.status, 200);
    return {{"X-aws-ec2-metadata-token", made.body}};
}

bool accepted(Desk& desk, const boost::json::object& body, std::string_view id, std::string_view secret,
              std::string_view token) {
    desk.signer.key_id = body.at(id).as_string();
    desk.signer.secret = body.at(secret).as_string();
    desk.signer.token = body.at(token).as_string();
    return desk.call("glue", "AWSGlue.ListJobs", "{}").status == 200;
}

TEST(Metadata, InstanceProfileVersion2) {  // PLAT-2
    Desk desk;
    EXPECT_EQ(ask(desk, "GET", credentials).status, 401) << "version 1 is off";
    EXPECT_EQ(ask(desk, "PUT", "/latest/api/token").status, 400);
    EXPECT_EQ(
        ask(desk, "PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "21601"}}).status,
        400);
    auto token = imds_token(desk);
    EXPECT_EQ(ask(desk, "GET", credentials, token).body, "polysync-role");
    EXPECT_EQ(ask(desk, "GET", "/latest/meta-data/placement/region", token).body, "us-east-1");
    auto made = ask(desk, "GET", std::string(credentials) + "polysync-role", token);
    EXPECT_EQ(body_of(made).at("Code"), "Success");
    EXPECT_EQ(body_of(made).at("Expiration"), "2026-11-20T15:30:00Z");
    EXPECT_EQ(ask(desk, "GET", std::string(credentials) + "polysync-role", token).body, made.body)
        << "shared";
    EXPECT_TRUE(accepted(desk, body_of(made), "AccessKeyId", "SecretAccessKey", "Token"));
    EXPECT_EQ(ask(desk, "GET", std::string(credentials) + "other", token).status, 404);
    desk.admin("metadata", R"({"expire_imds_token": true})");
    EXPECT_EQ(ask(desk, "GET", credentials, token).status, 401);
    token = imds_token(desk);
    desk.clock.advance(std::chrono::seconds(21600));
    EXPECT_EQ(ask(desk, "GET", credentials, token).status, 401);
}

TEST(Metadata, InstanceProfileFailures) {
    Desk desk;
    auto token = imds_token(desk);
    auto path = std::string(credentials) + "polysync-role";
    desk.admin("metadata", R"({"imds": "no_role"})");
    EXPECT_EQ(ask(desk, "GET", credentials, token).status, 404);
    desk.admin("metadata", R"({"imds": "unauthorized"})");
    auto made = ask(desk, "GET", path, token);
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(body_of(made).at("Code"), "AssumeRoleUnauthorizedAccess");
    desk.admin("metadata", R"({"imds": "stale"})");
    EXPECT_EQ(body_of(ask(desk, "GET", path, token)).at("Expiration"), "2026-11-20T09:20:00Z");
    desk.admin("metadata", R"({"imds": "hop_limit"})");
    EXPECT_EQ(ask(desk, "PUT", "/latest/api/token").delivery, Delivery::reset);
    desk.admin("metadata", R"({"imds": "off"})");
    EXPECT_EQ(ask(desk, "PUT", "/latest/api/token").status, 404);
    EXPECT_EQ(desk.admin("metadata", R"({"imds": "maybe"})").status, 400);
    EXPECT_EQ(desk.admin("metadata", R"({"instance_role": "nobody"})").status, 400);
}

TEST(Metadata, ContainerCredentials) {
    Desk desk;
    for (auto path : {"/v2/credentials/0f0f", "/v1/credentials"})
        EXPECT_TRUE(
            accepted(desk, body_of(ask(desk, "GET", path)), "AccessKeyId", "SecretAccessKey", "Token"));
    desk.admin("metadata", R"({"container_authorization": "pod-token"})");
    EXPECT_EQ(ask(desk, "GET", "/v1/credentials").status, 401);
    EXPECT_EQ(ask(desk, "GET", "/v1/credentials", {{"Authorization", "pod-token"}}).status, 200);
    desk.admin("faults", R"({"kind": "error_before", "service": "metadata", "operation": "container"})");
    EXPECT_EQ(ask(desk, "GET", "/v1/credentials", {{"Authorization", "pod-token"}}).status, 500);
    EXPECT_EQ(ask(desk, "GET", "/v1/credentials", {{"Authorization", "pod-token"}}).status, 200);
}

TEST(Metadata, ManagedIdentity) {
    Desk desk;
    auto path =
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2F"
        "11111111-2222-3333-4444-555555555555";
    EXPECT_EQ(ask(desk, "GET", path).status, 400);
    Headers header{{"Metadata", "true"}};
    auto made = body_of(ask(desk, "GET", path, header));
    EXPECT_EQ(made.at("expires_in"), "3599") << "a string";
    auto claims = decode_jwt(made.at("access_token").as_string()).value().claims;
    EXPECT_EQ(claims.at("aud"), "11111111-2222-3333-4444-555555555555");
    EXPECT_EQ(claims.at("azp"), boost::json::string_view(sample_identity_client_id));
    desk.admin("metadata", R"({"entra_token_version": 1})");
    claims =
        decode_jwt(body_of(ask(desk, "GET", path, header)).at("access_token").as_string()).value().claims;
    EXPECT_EQ(claims.at("iss"), "https://sts.windows.net/22222222-3333-4444-5555-666666666666/");
    EXPECT_EQ(claims.at("aud"), "api://11111111-2222-3333-4444-555555555555");
    EXPECT_FALSE(claims.contains("azp"));
    EXPECT_EQ(ask(desk, "GET", std::string(path) + "&client_id=other", header).status, 400);
    desk.admin("metadata", R"({"azure": "updating"})");
    EXPECT_EQ(ask(desk, "GET", path, header).status, 410);
    desk.admin("metadata", R"({"azure": "not_found"})");
    EXPECT_EQ(body_of(ask(desk, "GET", path, header)).at("error_description"), "Identity not found");
    desk.admin("metadata", R"({"azure": "on"})");
    auto service = "/msi/token?api-version=2019-08-01&resource=x";
    EXPECT_EQ(ask(desk, "GET", service).status, 401);
    EXPECT_EQ(ask(desk, "GET", service, {{"X-IDENTITY-HEADER", std::string(sample_identity_header)}}).status,
              200);
}

TEST(Metadata, EntraTokens) {
    struct Row {
        const char *what, *tenant, *body;
        int status;
        const char* error;
    };
    const std::string good_assertion = make_jwt({{"exp", 1795170000}}),
                      old_assertion = make_jwt({{"exp", 1795160000}});
    const std::string base =
        "grant_type=client_credentials&client_id=11111111-2222-3333-4444-555555555555&"
        "scope=11111111-2222-3333-4444-555555555555%2F.default&";
    const std::string jwt =
        base + "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&";
    const std::string secret = base + "client_secret=sandbox-client-secret";
    const std::string with_assertion = jwt + "client_assertion=" + good_assertion;
    const std::string with_old = jwt + "client_assertion=" + old_assertion;
    const std::string wrong = base + "client_secret=wrong";
    const char* tenant = "22222222-3333-4444-5555-666666666666";
    const Row rows[] = {
        {"secret", tenant, secret.c_str(), 200, ""},
        {"assertion", tenant, with_assertion.c_str(), 200, ""},
        {"old assertion", tenant, with_old.c_str(), 401, "AADSTS700024"},
        {"wrong secret", tenant, wrong.c_str(), 401, "AADSTS7000215"},
        {"tenant", "elsewhere", secret.c_str(), 400, "AADSTS90002"},
        {"grant", tenant, "grant_type=password", 400, "AADSTS70003"},
        {"client", tenant, "grant_type=client_credentials&client_id=x", 400, "AADSTS700016"},
    };
    for (auto& row : rows) {
        Desk desk;
        auto made = ask(desk, "POST", fmt::format("/{}/oauth2/v2.0/token", row.tenant), {}, row.body);
        EXPECT_EQ(made.status, row.status) << row.what << made.body;
        EXPECT_NE(made.body.find(row.error), std::string::npos) << row.what << made.body;
        if (row.status != 200) continue;
        // STS takes what Entra gives.
        auto token = std::string(body_of(made).at("access_token").as_string());
        auto session = desk.sts(
            "Action=AssumeRoleWithWebIdentity&RoleSessionName=ses&RoleArn=arn:aws:iam::123456789012:"
            "role/polysync-role&WebIdentityToken=" +
                token,
            false);
        EXPECT_EQ(session.status, 200) << session.body;
    }
}

TEST(Metadata, SingleSignOn) {
    Desk desk;
    auto path = "/federation/credentials?role_name=polysync-role&account_id=123456789012";
    EXPECT_EQ(ask(desk, "GET", path).status, 401);
    Headers bearer{{"x-amz-sso_bearer_token", "sandbox-sso-access-token"}};
    auto made = body_of(ask(desk, "GET", path, bearer)).at("roleCredentials").as_object();
    EXPECT_EQ(made.at("expiration"), (test_start + std::chrono::hours(1)).time_since_epoch().count());
    EXPECT_TRUE(accepted(desk, made, "accessKeyId", "secretAccessKey", "sessionToken"));
    EXPECT_EQ(ask(desk, "GET", "/federation/credentials?role_name=x&account_id=1", bearer).status, 403);
    auto refreshed =
        ask(desk, "POST", "/token", {},
            R"({"clientId": "a", "clientSecret": "b", "grantType": "refresh_token", "refreshToken": "c"})");
    EXPECT_EQ(body_of(refreshed).at("accessToken"), "sandbox-sso-access-token");
    EXPECT_EQ(ask(desk, "POST", "/token", {}, "{").status, 400);
    EXPECT_EQ(
        ask(desk, "POST", "/token", {},
            R"({"clientId": "a", "clientSecret": "b", "grantType": "refresh_token", "refreshToken": "expired"})")
            .status,
        400);
}

}  // namespace
}  // namespace polysync::sandbox
