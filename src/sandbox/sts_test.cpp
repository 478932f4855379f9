#include "sandbox/sts.h"

#include <gtest/gtest.h>

#include "sandbox/front_test_kit.h"
#include "sandbox/jwt.h"
#include "sandbox/query.h"

namespace polysync::sandbox {
namespace {

constexpr std::string_view role_arn = "arn:aws:iam::123456789012:role/polysync-role";

std::string assume(std::string_view arn, std::string_view more = {}) {
    return fmt::format("Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=session{}", arn,
                       more);
}

std::string encoded(std::string_view text) {
    std::string out;
    for (unsigned char c : text)
        out += std::isalnum(c) ? std::string(1, char(c)) : fmt::format("%{:02X}", int(c));
    return out;
}

Signer session_signer(const Desk& desk, const std::string& xml) {
    auto signer = desk.signer;
    signer.key_id = element(xml, "AccessKeyId");
    signer.secret = element(xml, "SecretAccessKey");
    signer.token = element(xml, "SessionToken");
    return signer;
}

TEST(Sts, IssuedCredentialsWorkUntilTheyExpire) {  // PLAT-2, PLAT-3
    Desk desk;
    auto made = desk.sts(assume(role_arn, "&DurationSeconds=900"));
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(element(made.body, "Expiration"), "2026-11-20T09:45:00Z");
    EXPECT_TRUE(
        made.body.starts_with("<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"));
    desk.signer = session_signer(desk, made.body);
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    auto who = desk.sts("Action=GetCallerIdentity");
    EXPECT_EQ(element(who.body, "Arn"), "arn:aws:sts::123456789012:assumed-role/polysync-role/session");
    auto chained = desk.sts(assume(role_arn, "&DurationSeconds=3601"));
    EXPECT_EQ(element(chained.body, "Code"), "ValidationError");
    EXPECT_NE(chained.body.find("1 hour session limit"), std::string::npos);

    auto without_token = desk.signer;
    without_token.token.clear();
    std::swap(without_token, desk.signer);
    EXPECT_EQ(body_of(desk.call("glue", "AWSGlue.ListJobs", "{}")).at("__type"),
              "com.amazon.coral.service#UnrecognizedClientException");
    std::swap(without_token, desk.signer);

    desk.clock.advance(std::chrono::minutes(15));
    EXPECT_EQ(body_of(desk.call("glue", "AWSGlue.ListJobs", "{}")).at("__type"),
              "com.amazon.coral.service#ExpiredTokenException");
    auto expired = desk.sts("Action=GetCallerIdentity");
    EXPECT_EQ(expired.status, 403);
    EXPECT_EQ(element(expired.body, "Code"), "ExpiredToken");
}

TEST(Sts, LifetimeCanBeShortenedAndSessionsEnded) {
    Desk desk;
    desk.admin("settings", R"({"credential_lifetime_seconds": 20})");
    auto made = desk.sts(assume(role_arn));
    EXPECT_EQ(element(made.body, "Expiration"), "2026-11-20T09:30:20Z");
    desk.signer = session_signer(desk, made.body);
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    desk.admin("credentials", R"({"expire_sessions": true})");
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 400);
}

TEST(Sts, TrustIsChecked) {
    struct Row {
        const char *arn, *more, *code;
    };
    const Row rows[] = {
        {"arn:aws:iam::123456789012:role/polysync-role", "", ""},
        {"arn:aws:iam::123456789012:role/path/polysync-role", "", ""},
        {"arn:aws:iam::210987654321:role/polysync-role", "", ""},
        {"arn:aws:iam::123456789012:role/polysync-external-id", "&ExternalId=polysync-external", ""},
        {"arn:aws:iam::123456789012:role/polysync-external-id", "", "AccessDenied"},
        {"arn:aws:iam::123456789012:role/polysync-external-id", "&ExternalId=wrong", "AccessDenied"},
        {"arn:aws:iam::123456789012:role/unknown-role", "", "AccessDenied"},
        {"arn:aws-cn:iam::123456789012:role/polysync-role", "", "AccessDenied"},
        {"arn:aws:iam::123456789012:user/polysync", "", "ValidationError"},
        {"arn:aws:iam::12345678901", "", "ValidationError"},
        {"arn:aws:iam::123456789012:role/polysync-role", "&DurationSeconds=899", "ValidationError"},
        {"arn:aws:iam::123456789012:role/polysync-role", "&DurationSeconds=43201", "ValidationError"},
    };
    for (auto& row : rows) {
        Desk desk;
        auto made = desk.sts(assume(row.arn, row.more));
        EXPECT_EQ(element(made.body, "Code"), row.code) << row.arn << row.more << made.body;
        EXPECT_EQ(made.status, *row.code ? row.code == std::string("AccessDenied") ? 403 : 400 : 200);
    }
    Desk desk;
    desk.admin("roles", R"({"name": "short", "max_session_seconds": 3600})");
    auto made = desk.sts(assume("arn:aws:iam::123456789012:role/short", "&DurationSeconds=7200"));
    EXPECT_NE(made.body.find("exceeds the MaxSessionDuration"), std::string::npos);
}

// The rules of aws-facts 6 and 13 about the token, each broken once.
TEST(Sts, WebIdentityTokensAreRead) {
    struct Row {
        const char *what, *document, *code, *says;
    };
    const Row rows[] = {
        {"good", "{}", "", ""},
        {"azp listed",
         R"({"issuer": "https://login.microsoftonline.com/22222222-3333-4444-5555-666666666666/v2.0",
                           "audience": "x", "claims": {"azp": "11111111-2222-3333-4444-555555555555"}})",
         "", ""},
        {"azp of another app",
         R"({"issuer": "https://login.microsoftonline.com/22222222-3333-4444-5555-666666666666/v2.0",
                           "audience": "11111111-2222-3333-4444-555555555555", "claims": {"azp": "other"}})",
         "InvalidIdentityToken", "Incorrect token audience"},
        {"list of audiences", R"({"claims": {"aud": ["x", "sts.amazonaws.com"]}})", "", ""},
        {"audience", R"({"audience": "other"})", "InvalidIdentityToken", "Incorrect token audience"},
        {"issuer", R"({"issuer": "https://elsewhere"})", "InvalidIdentityToken",
         "No OpenIDConnect provider found"},
        {"issuer's slash", R"({"issuer": "https://oidc.sandbox.local/"})", "InvalidIdentityToken",
         "No OpenIDConnect"},
        {"expired", R"({"lifetime_seconds": -10})", "ExpiredTokenException", "must be before the expiration"},
        {"fractional exp", R"({"claims": {"exp": 1795170000.5}})", "InvalidIdentityToken", "exp"},
        {"no iat", R"({"claims": {"iat": "now"}})", "InvalidIdentityToken", "iat"},
        {"future", R"({"claims": {"nbf": 1795180000}})", "InvalidIdentityToken", "not valid yet"},
    };
    for (auto& row : rows) {
        Desk desk;
        auto token = std::string(body_of(desk.admin("token", row.document)).at("token").as_string());
        auto made = desk.sts(fmt::format("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}"
                                         "&RoleSessionName=session&WebIdentityToken={}",
                                         role_arn, encoded(token)),
                             false);
        EXPECT_EQ(element(made.body, "Code"), row.code) << row.what << made.body;
        EXPECT_NE(made.body.find(row.says), std::string::npos) << row.what << made.body;
        if (*row.code) continue;
        EXPECT_EQ(element(made.body, "SubjectFromWebIdentityToken"), "polysync");
        desk.signer = session_signer(desk, made.body);
        EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    }
}

TEST(Sts, WebIdentityTrustAndGarbage) {
    Desk desk;
    auto send = [&](std::string_view arn, std::string_view token) {
        return desk.sts(
            fmt::format("Action=AssumeRoleWithWebIdentity&RoleArn={}&RoleSessionName=ses&WebIdentityToken={}",
                        arn, encoded(token)),
            false);
    };
    auto token = std::string(body_of(desk.admin("token")).at("token").as_string());
    EXPECT_EQ(element(send("arn:aws:iam::123456789012:role/polysync-external-id", token).body, "Code"),
              "AccessDenied");
    EXPECT_EQ(element(send("arn:aws:iam::123456789012:role/nobody", token).body, "Code"), "AccessDenied");
    desk.admin(
        "roles",
        R"({"name": "narrow", "trusted_issuers": ["oidc.sandbox.local"], "trusted_subjects": ["system:*"]})");
    EXPECT_EQ(element(send("arn:aws:iam::123456789012:role/narrow", token).body, "Code"), "AccessDenied");
    token = std::string(
        body_of(desk.admin("token", R"({"subject": "system:serviceaccount:a:b"})")).at("token").as_string());
    EXPECT_EQ(send("arn:aws:iam::123456789012:role/narrow", token).status, 200);
    for (auto bad : {"....", "a.b.c", "not a token", "e30.e30.", "e30.W10.e30", "e30.e30.e30"})
        EXPECT_EQ(element(send(role_arn, bad).body, "Code"), "InvalidIdentityToken") << bad;
}

TEST(Sts, ExternalIdOfWebIdentityIsAnUnknownMember) {
    Desk desk;
    auto token = std::string(body_of(desk.admin("token")).at("token").as_string());
    auto made =
        desk.sts(fmt::format("Action=AssumeRoleWithWebIdentity&RoleArn={}&RoleSessionName=ses&ExternalId=xx"
                             "&WebIdentityToken={}",
                             role_arn, encoded(token)),
                 false);
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(desk.read("books").at("unknown_members").at("sts.AssumeRoleWithWebIdentity.ExternalId"), 1);
}

TEST(Jwt, RoundTripsAndRefusesGarbage) {
    auto token = make_jwt({{"iss", "https://größe"}, {"n", 1}});
    auto read = decode_jwt(token);
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value().claims.at("iss"), "https://größe");
    for (auto bad : {"", ".", "..", "a.b", "!!!.!!!.x", "e30.e30.e30.e30"})
        EXPECT_FALSE(decode_jwt(bad)) << bad;
    EXPECT_FALSE(decode_jwt(std::string(30000, 'a') + ".e30.e30"));
}

TEST(Query, FormsBecomeMembers) {
    auto form = parse_form(
        "Action=X&Tags.member.2.Key=b&Tags.member.1.Key=a%20%2B+c&PolicyArns.member.1.arn=p&Plain=1");
    ASSERT_TRUE(form);
    auto* shape = Model::of("sts").find_operation("AssumeRole")->input;
    EXPECT_EQ(boost::json::serialize(form_to_members(form.value(), shape)),
              R"({"Tags":[{"Key":"a + c"},{"Key":"b"}],"PolicyArns":[{"arn":"p"}],"Plain":"1"})");
    EXPECT_FALSE(parse_form("a=%zz"));
    EXPECT_FALSE(parse_form("a=%4"));
    auto wild =
        parse_form("Tags.member.99999999999.Key=a&Tags.member.x=1&a.b.c.d.e.f.g.h.i.j.k=1&DurationSeconds=x");
    EXPECT_EQ(boost::json::serialize(form_to_members(wild.value(), shape)),
              R"({"Tags":[],"DurationSeconds":"x"})");
    EXPECT_EQ(xml_escape("a<b>&\"'\x01"), "a&lt;b&gt;&amp;&quot;&#39;");
}

}  // namespace
}  // namespace polysync::sandbox
