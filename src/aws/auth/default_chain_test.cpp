// PLAT-2: profiles, SSO, role chains, and the default chain in botocore's order (aws-facts 9.2).
#include <gtest/gtest.h>

#include "aws/auth/make_credentials.h"
#include "aws/auth/profile_sources.h"
#include "aws/auth/sso_token_cache.h"
#include "base/secret.h"
#include "test/support/auth_kit.h"

namespace polysync::aws {
namespace {

using test::assumed_xml;
using test::header_of;
using test::outcome;
using test::run_async;
using test::sts_error_xml;

constexpr const char* role = "arn:aws:iam::123456789012:role/etl";

class DefaultChainTest : public test::AuthTest {
  protected:
    DefaultChainTest() { set("AWS_EC2_METADATA_DISABLED", "true"); }
    void config(std::string text) { file("/home/test/.aws/config", std::move(text)); }
    void credentials(std::string text) { file("/home/test/.aws/credentials", std::move(text)); }
    Result<Credentials> chain(const std::string& profile = {}) {
        return fetch(make_default_chain(profile, context_));
    }
    std::string winner(const std::string& profile = {}) {
        auto keys = chain(profile);
        return keys ? keys.value().source
                    : std::string(to_string(keys.error().kind)) + ": " + keys.error().message;
    }
};

// Everything at once; each winner is taken away in turn.
TEST_F(DefaultChainTest, OrderOfTheSources) {
    const std::string role_lines = std::string("role_arn = ") + role + "\ncredential_source = Environment\n";
    const std::string keys = "aws_access_key_id = CONFIGKEY\naws_secret_access_key = config-file-secret\n";
    const std::string sso = "sso_session = corp\nsso_account_id = 1\nsso_role_name = dev\n";
    const std::string session =
        "[sso-session corp]\nsso_region = eu-north-1\nsso_start_url = https://corp.test/start\n";
    set("AWS_ACCESS_KEY_ID", "ENVKEY");
    set("AWS_SECRET_ACCESS_KEY", "environment-secret");
    set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
    set("AWS_ROLE_ARN", role);
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    file("/token", "web-token");
    environment_.files[environment_.expand_home(sso_cache_path("corp"))] =
        R"({"accessToken":"sso-access-token","expiresAt":"2026-01-02T12:00:00Z"})";
    credentials("[default]\naws_access_key_id = CREDKEY\naws_secret_access_key = credentials-file-secret\n");
    config("[default]\n" + role_lines + keys + sso + "credential_process = printer\n" + session);

    EXPECT_EQ(winner(), "environment variables (AWS_ACCESS_KEY_ID)");
    http_.when("Action=AssumeRole&", 200, assumed_xml("AssumeRole", "ASIAROLE"));
    config("[default]\nrole_arn = " + std::string(role) + "\nsource_profile = base\n" + sso +
           "credential_process = printer\n[profile base]\n" + keys + session);
    unset("AWS_ACCESS_KEY_ID");
    EXPECT_EQ(winner(),
              "role arn:aws:iam::123456789012:role/etl through profile base (/home/test/.aws/config)");
    config("[default]\n" + keys + sso + "credential_process = printer\n" + session);
    http_.when("AssumeRoleWithWebIdentity", 200, assumed_xml("AssumeRoleWithWebIdentity", "ASIAWEB"));
    EXPECT_EQ(winner(), "role arn:aws:iam::123456789012:role/etl through token file /token");
    unset("AWS_WEB_IDENTITY_TOKEN_FILE");
    http_.when(
        "portal.sso.eu-north-1.amazonaws.com", 200,
        R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"sso-secret-key","sessionToken":"t","expiration":1767348000000}})");
    EXPECT_EQ(winner(), "SSO role dev of account 1 (profile default)");
    config("[default]\n" + keys + "credential_process = printer\n");
    EXPECT_EQ(winner(), "profile default (/home/test/.aws/credentials)");
    credentials("");
    processes_.results.push_back(
        ProcessResult{0, R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"printed-secret"})", ""});
    EXPECT_EQ(winner(), "credential_process of profile default");
    config("[default]\n" + keys);
    EXPECT_EQ(winner(), "profile default (/home/test/.aws/config)");
    config("");
    http_.when("169.254.170.2", 200, R"({"AccessKeyId":"C","SecretAccessKey":"container-secret"})");
    EXPECT_EQ(winner(), "container credentials (http://169.254.170.2/c)");
    unset("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    unset("AWS_EC2_METADATA_DISABLED");
    http_.when("latest/api/token", 200, "t");
    http_.when("security-credentials/r", 200,
               R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"instance-secret"})");
    http_.when("security-credentials/", 200, "r");
    EXPECT_EQ(winner(), "EC2 instance role r");
}

TEST_F(DefaultChainTest, NothingAtAllListsWhatWasTried) {
    auto none = chain();
    ASSERT_EQ(outcome(none), "credentials no_credentials");
    for (const char* part :
         {"AWS_ACCESS_KEY_ID is not set", "credential_process", "AWS_EC2_METADATA_DISABLED"}) {
        EXPECT_NE(none.error().message.find(part), std::string::npos) << none.error().message;
    }
    EXPECT_FALSE(none.error().remedy.empty());
    unset("AWS_EC2_METADATA_DISABLED");
    http_.fail(ErrorKind::transient, "connect_failed");  // no EC2 instance
    EXPECT_EQ(outcome(chain()), "credentials no_credentials");
}

TEST_F(DefaultChainTest, ConfiguredButFailingEndsTheSearch) {
    const char* later = "aws_access_key_id = CONFIGKEY\naws_secret_access_key = config-file-secret\n";
    struct Case {
        const char* name;
        const char* variable;
        const char* value;
        const char* lines;
        const char* told;
    };
    for (const Case& given : {
             Case{"key without secret", "AWS_ACCESS_KEY_ID", "X", "", "invalid_input partial_credentials"},
             Case{"token file that is missing", "AWS_WEB_IDENTITY_TOKEN_FILE", "/missing",
                  "role_arn = arn:aws:iam::123456789012:role/etl\n", "credentials token_file_unreadable"},
             Case{"token file without role", "AWS_WEB_IDENTITY_TOKEN_FILE", "/missing", "",
                  "invalid_input missing_role"},
             Case{"role with both", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = a\ncredential_source = "
                  "Environment\n",
                  "invalid_input bad_profile"},
             Case{"role with neither", "X", "", "role_arn = arn:aws:iam::123456789012:role/etl\n",
                  "invalid_input bad_profile"},
             Case{"unknown source", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\ncredential_source = Moon\n",
                  "invalid_input bad_profile"},
             Case{"empty source", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\ncredential_source = Environment\n",
                  "credentials not_configured"},
             Case{"missing source profile", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = gone\n",
                  "invalid_input bad_profile"},
             Case{"MFA", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = base\nmfa_serial = x\n",
                  "invalid_input bad_profile"},
             Case{"duration", "X", "",
                  "role_arn = arn:aws:iam::123456789012:role/etl\nsource_profile = base\nduration_seconds = "
                  "60\n",
                  "invalid_input bad_profile"},
             Case{"SSO without session", "X", "",
                  "sso_session = gone\nsso_account_id = 1\nsso_role_name = r\n", "invalid_input bad_profile"},
             Case{"SSO without role", "X", "",
                  "sso_start_url = https://x\nsso_region = r\nsso_account_id = 1\n",
                  "invalid_input bad_profile"},
             Case{
                 "SSO never logged in", "X", "",
                 "sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n",
                 "credentials sso_login_needed"},
             Case{"program that is missing", "X", "", "credential_process = gone\n",
                  "invalid_input process_not_started"},
         }) {
        set(given.variable, given.value);
        config(std::string("[default]\n") + given.lines + later + "[profile base]\n" + later);
        EXPECT_EQ(outcome(chain()), given.told) << given.name;
        unset(given.variable);
    }
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(DefaultChainTest, ANamedProfileIsMeant) {
    set("AWS_ACCESS_KEY_ID", "ENVKEY");
    set("AWS_SECRET_ACCESS_KEY", "environment-secret");
    config("[profile etl]\naws_access_key_id = ETLKEY\naws_secret_access_key = etl-file-secret\n");
    EXPECT_EQ(winner("etl"), "profile etl (/home/test/.aws/config)");
    EXPECT_EQ(winner(), "environment variables (AWS_ACCESS_KEY_ID)");
    EXPECT_EQ(outcome(chain("elt")), "invalid_input profile_not_found");
    set("AWS_PROFILE", "gone");
    EXPECT_EQ(winner(), "environment variables (AWS_ACCESS_KEY_ID)");
    unset("AWS_ACCESS_KEY_ID");
    EXPECT_EQ(outcome(chain()), "invalid_input profile_not_found");
    set("AWS_PROFILE", "etl");
    EXPECT_EQ(winner(), "profile etl (/home/test/.aws/config)");
}

TEST_F(DefaultChainTest, RoleChains) {
    const std::string keys = "aws_access_key_id = BASEKEY\naws_secret_access_key = base-file-secret\n";
    config(
        "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/outer\nsource_profile = b\nexternal_id = "
        "ext:1\nrole_session_name = me\nduration_seconds = 900\n"
        "[profile b]\nrole_arn = arn:aws:iam::123456789012:role/inner\nsource_profile = base\n[profile "
        "base]\n" +
        keys + "[profile self]\nrole_arn = arn:aws:iam::123456789012:role/self\nsource_profile = self\n" +
        keys +
        "[profile x]\nrole_arn = arn:aws:iam::123456789012:role/xxx\nsource_profile = y\n"
        "[profile y]\nrole_arn = arn:aws:iam::123456789012:role/yyy\nsource_profile = x\n"
        "[profile z]\nrole_arn = arn:aws:iam::123456789012:role/zzz\nsource_profile = z\n"
        "[profile empty]\nregion = r\n[profile e]\nrole_arn = "
        "arn:aws:iam::123456789012:role/eee\nsource_profile = empty\n");
    http_.answer(200, assumed_xml("AssumeRole", "ASIAINNER"))
        .answer(200, assumed_xml("AssumeRole", "ASIAOUTER"));
    auto source = make_default_chain("a", context_);
    auto assumed = fetch(source);
    ASSERT_EQ(outcome(assumed), "ok ASIAOUTER");
    EXPECT_NE(http_.requests()[0].body.find("inner"), std::string::npos);
    EXPECT_NE(header_of(http_.requests()[0], "Authorization").find("Credential=BASEKEY/"), std::string::npos);
    EXPECT_NE(header_of(http_.requests()[1], "Authorization").find("Credential=ASIAINNER/"),
              std::string::npos);
    for (const char* part : {"outer", "ExternalId=ext%3A1", "RoleSessionName=me", "DurationSeconds=900"}) {
        EXPECT_NE(http_.requests()[1].body.find(part), std::string::npos) << http_.requests()[1].body;
    }
    http_.answer(200, assumed_xml("AssumeRole", "ASIASELF"));
    EXPECT_EQ(outcome(chain("self")), "ok ASIASELF");
    for (const char* looping : {"x", "y", "z", "e"})
        EXPECT_EQ(outcome(chain(looping)), "invalid_input bad_profile") << looping;
}

class SsoTest : public DefaultChainTest {
  protected:
    SsoTest() {
        config(
            "[profile corp]\nsso_session = my-sso\nsso_account_id = 0123\nsso_role_name = dev/ops\n"
            "[sso-session my-sso]\nsso_region = cn-north-1\nsso_start_url = https://corp.test/start\n");
    }
    void token(std::string text) { environment_.files[path_] = std::move(text); }
    const std::string path_ = environment_.expand_home(sso_cache_path("my-sso"));
    static constexpr const char* answer =
        R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"sso-secret-key","sessionToken":"sso-session-token","expiration":1767348000000}})";
};

TEST_F(SsoTest, CachePathAsTheAwsCliMakesIt) {
    EXPECT_EQ(sso_cache_path("my-sso"), "~/.aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json");
}

TEST_F(SsoTest, TokenIsExchanged) {
    token(
        R"({"accessToken":"sso-access-token","expiresAt":"2026-01-02T12:00:00UTC","region":"x","startUrl":"y"})");
    http_.answer(200, answer);
    auto keys = chain("corp");
    ASSERT_EQ(outcome(keys), "ok ASIASSO");
    EXPECT_EQ(format_iso8601(*keys.value().expiration), "2026-01-02T10:00:00Z");
    EXPECT_EQ(http_.requests()[0].url,
              "https://portal.sso.cn-north-1.amazonaws.com.cn/federation/"
              "credentials?role_name=dev%2Fops&account_id=0123");
    EXPECT_EQ(header_of(http_.requests()[0], "x-amz-sso_bearer_token"), "sso-access-token");
    EXPECT_EQ(redact("sso-access-token sso-secret-key"), "[redacted] [redacted]");
}

TEST_F(SsoTest, TokenIsRefreshedAndStored) {
    token(
        R"({"accessToken":"old-access","expiresAt":"2026-01-02T03:14:05Z","refreshToken":"old-refresh","clientId":"cid","clientSecret":"client-secret","registrationExpiresAt":"2026-02-01T00:00:00Z","startUrl":"kept"})");
    http_
        .answer(
            200,
            R"({"accessToken":"new-access","expiresIn":28800,"refreshToken":"new-refresh","tokenType":"Bearer"})")
        .answer(200, answer);
    EXPECT_EQ(outcome(chain("corp")), "ok ASIASSO");
    EXPECT_EQ(http_.requests()[0].url, "https://oidc.cn-north-1.amazonaws.com.cn/token");
    EXPECT_EQ(
        http_.requests()[0].body,
        R"({"clientId":"cid","clientSecret":"client-secret","grantType":"refresh_token","refreshToken":"old-refresh"})");
    EXPECT_EQ(header_of(http_.requests()[1], "x-amz-sso_bearer_token"), "new-access");
    auto stored = read_sso_token(environment_, path_);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored.value().access_token, "new-access");
    EXPECT_EQ(stored.value().refresh_token, "new-refresh");
    EXPECT_EQ(format_iso8601(stored.value().expires_at), "2026-01-02T11:04:05Z");
    EXPECT_NE(environment_.files[path_].find("kept"), std::string::npos);
}

TEST_F(SsoTest, FailedRefreshIsSurvivedUntilTheTokenEnds) {
    const char* expiring =
        R"({"accessToken":"old-access","expiresAt":"2026-01-02T03:14:05Z","refreshToken":"r","clientId":"c","clientSecret":"s"})";
    token(expiring);
    http_.answer(500).answer(200, answer);
    EXPECT_EQ(outcome(chain("corp")), "ok ASIASSO");
    clock_.advance(std::chrono::minutes(11));
    http_.answer(500);
    EXPECT_EQ(outcome(chain("corp")), "transient sso_unavailable");
    http_.answer(400, R"({"error":"invalid_grant"})");
    auto ended = chain("corp");
    EXPECT_EQ(outcome(ended), "credentials sso_login_needed");
    EXPECT_EQ(ended.error().remedy, "Run: aws sso login --sso-session my-sso");
}

TEST_F(SsoTest, Refusals) {
    EXPECT_EQ(outcome(chain("corp")), "credentials sso_login_needed");
    token("nonsense");
    EXPECT_EQ(outcome(chain("corp")), "credentials unreadable_cache");
    token(R"({"accessToken":"b"})");
    EXPECT_EQ(outcome(chain("corp")), "credentials unreadable_cache");
    token(R"({"accessToken":"sso-x","expiresAt":"2026-01-02T03:00:00Z"})");
    EXPECT_EQ(outcome(chain("corp")), "credentials sso_login_needed");
    token(R"({"accessToken":"sso-x","expiresAt":"2026-01-02T12:00:00Z"})");
    http_.answer(401, R"({"message":"Session token not found or invalid"})");
    EXPECT_EQ(outcome(chain("corp")), "credentials sso_login_needed");
    http_.answer(403, R"({"message":"No access"})");
    EXPECT_EQ(outcome(chain("corp")), "access_denied sso_refused");
    http_.answer(429).answer(429).answer(429);
    EXPECT_EQ(outcome(chain("corp")), "transient sso_unavailable");
    http_.answer(200, "{}");
    EXPECT_EQ(outcome(chain("corp")), "credentials unreadable_answer");
}

class MakeCredentialsTest : public DefaultChainTest {
  protected:
    Result<Credentials> get(const IdentityConfig& config) {
        auto provider = make_credentials(config, auth_);
        if (!provider) return provider.error();
        auto got = run_async(provider.value()->get());
        if (!got) return got.error();
        return *got.value();
    }
    static IdentityConfig keys() {
        IdentityConfig config;
        config.method = IdentityMethod::access_key;
        config.access_key_id = "AKIABASE";
        config.secret_access_key = "platform-secret";
        config.region = "us-east-1";
        return config;
    }
};

TEST_F(MakeCredentialsTest, AssumeRole) {
    IdentityConfig config = keys();
    config.method = IdentityMethod::assume_role;
    EXPECT_EQ(outcome(get(config)), "invalid_input bad_role");
    config.role = {role, "ext", "name"};
    config.endpoint = "http://127.0.0.1:4570";
    http_.answer(200, assumed_xml("AssumeRole", "ASIA1"));
    auto assumed = get(config);
    ASSERT_EQ(outcome(assumed), "ok ASIA1");
    EXPECT_EQ(assumed.value().source,
              "role arn:aws:iam::123456789012:role/etl through access key of the platform");
    EXPECT_EQ(http_.requests()[0].url, "http://127.0.0.1:4570/");
    http_.answer(403, sts_error_xml("AccessDenied", "User is not authorized to perform: sts:AssumeRole"));
    auto denied = get(config);
    EXPECT_EQ(outcome(denied), "access_denied AccessDenied");
    EXPECT_NE(denied.error().remedy.find("trust policy"), std::string::npos);
    EXPECT_NE(denied.error().message.find(role), std::string::npos);
}

TEST_F(MakeCredentialsTest, FurtherRolesFollowAnyMethod) {
    IdentityConfig config = keys();
    config.assume = {{"arn:aws:iam::111111111111:role/hub", "", ""},
                     {"arn:aws:iam::222222222222:role/spoke", "e-1", "s-1"}};
    auto provider = make_credentials(config, auth_);
    ASSERT_TRUE(provider);
    http_.answer(200, assumed_xml("AssumeRole", "ASIAHUB"))
        .answer(200, assumed_xml("AssumeRole", "ASIASPOKE"));
    EXPECT_EQ(run_async(provider.value()->get()).value()->access_key_id, "ASIASPOKE");
    EXPECT_EQ(run_async(provider.value()->get()).value()->access_key_id, "ASIASPOKE");
    EXPECT_EQ(http_.requests().size(), 2u);
    EXPECT_NE(header_of(http_.requests()[1], "Authorization").find("Credential=ASIAHUB/"), std::string::npos);
    config.assume[1].role_arn = "spoke";
    auto refused = make_credentials(config, auth_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("assume[1].role_arn"), std::string::npos);
}

TEST_F(MakeCredentialsTest, EqualIdentitiesShareOneProvider) {  // PLAT-3
    CredentialsCache cache(auth_);
    auto first = cache.get(keys()).value();
    EXPECT_EQ(cache.get(keys()).value(), first);
    IdentityConfig other = keys();
    other.region = "eu-west-1";
    EXPECT_NE(cache.get(other).value(), first);
    other.region = "";
    other.role.role_arn = "x";
    other.method = IdentityMethod::assume_role;
    EXPECT_FALSE(cache.get(other));
    std::weak_ptr<CredentialsProvider> gone = first;
    first.reset();
    EXPECT_TRUE(gone.expired());
}

TEST_F(MakeCredentialsTest, AnUnknownProfileMattersOnlyToThoseWhoUseIt) {
    set("AWS_PROFILE", "gone");
    EXPECT_EQ(outcome(get(keys())), "ok AKIABASE");
    IdentityConfig config;
    config.region = "us-east-1";
    EXPECT_EQ(outcome(get(config)), "invalid_input profile_not_found");
}

}  // namespace
}  // namespace polysync::aws
