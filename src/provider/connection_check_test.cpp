#include "provider/connection_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polysync {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Platform entra() {
    Platform out;
    out.region = "eu-west-1";
    out.auth.method = AuthMethod::web_identity;
    out.auth.token_source = TokenSource::entra_client_secret;
    return out;
}

TokenInspection token() {
    TokenInspection out;
    out.source = "token file /t";
    out.claims = {"https://issuer", {"aud-1"}, "azp-1", "sub-1", "oid-1"};
    out.expires_at = SystemTime(std::chrono::seconds(100));
    return out;
}

TEST(ConnectionCheck, ShowsTheClaimsAndWhatIamMustHold) {  // PLAT-2, PLAT-4
    auto check = check_token(entra(), token(), SystemTime(std::chrono::seconds(99)));
    EXPECT_TRUE(check.passed);
    EXPECT_THAT(check.detail,
                AllOf(HasSubstr("iss https://issuer"), HasSubstr("aud aud-1"), HasSubstr("azp azp-1"),
                      HasSubstr("sub sub-1"), HasSubstr("oid oid-1"), HasSubstr("exp 1970-01-01T00:01:40Z")));
    EXPECT_THAT(check.detail,
                AllOf(HasSubstr("URL https://issuer"), HasSubstr("aud-1, azp-1"), HasSubstr("sub = sub-1")));
}

TEST(ConnectionCheck, RefusesTokensThatStsCannotTake) {
    auto expired = check_token(entra(), token(), SystemTime(std::chrono::seconds(100)));
    EXPECT_FALSE(expired.passed);
    EXPECT_THAT(expired.remedy, HasSubstr("expired"));
    auto bare = token();
    bare.claims.subject.clear();
    EXPECT_FALSE(check_token(entra(), bare, SystemTime()).passed);
}

TEST(ConnectionCheck, JudgesTheClock) {
    EXPECT_THAT(check_clock(Millis(-700)).detail, HasSubstr("agrees"));
    EXPECT_TRUE(check_clock(Millis(-1500)).passed);
    EXPECT_THAT(check_clock(Millis(-1500)).detail, HasSubstr("1500 ms ahead of"));
    EXPECT_THAT(check_clock(Millis(20000)).detail, HasSubstr("20 s behind"));
    EXPECT_FALSE(check_clock(std::chrono::minutes(4)).passed);
    EXPECT_FALSE(check_clock(-std::chrono::minutes(30)).passed);
    EXPECT_THAT(check_clock(-std::chrono::minutes(30)).remedy, HasSubstr("chrony"));
}

}  // namespace
}  // namespace polysync
