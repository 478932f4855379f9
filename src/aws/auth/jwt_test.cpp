#include "aws/auth/jwt.h"

#include <gtest/gtest.h>

#include "test/support/jwt_text.h"

namespace polysync::aws {
namespace {

using test::unsigned_jwt;

TEST(Jwt, Claims) {
    auto claims = decode_jwt(unsigned_jwt(
        R"({"iss":"https://login.microsoftonline.com/t/v2.0","aud":"11111111-2222","azp":"a","appid":"b","sub":"s","oid":"o","exp":1767322800,"new":{"x":[1]},"groups":[]})"));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims.value().iss, "https://login.microsoftonline.com/t/v2.0");
    EXPECT_EQ(claims.value().aud, std::vector<std::string>{"11111111-2222"});
    EXPECT_EQ(claims.value().azp, "a");
    EXPECT_EQ(claims.value().appid, "b");
    EXPECT_EQ(claims.value().sub, "s");
    EXPECT_EQ(claims.value().oid, "o");
    EXPECT_EQ(format_iso8601(*claims.value().exp), "2026-01-02T03:00:00Z");
    EXPECT_EQ(claims.value().describe(),
              "iss https://login.microsoftonline.com/t/v2.0, aud 11111111-2222, azp a, appid b, sub s, oid "
              "o, exp 2026-01-02T03:00:00Z");
}

TEST(Jwt, AudienceMayBeAListAndAllMayBeMissing) {
    auto claims = decode_jwt(unsigned_jwt(R"({"aud":["sts.amazonaws.com","x"],"exp":"soon","iss":7})"));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims.value().aud, (std::vector<std::string>{"sts.amazonaws.com", "x"}));
    EXPECT_EQ(claims.value().exp, std::nullopt);
    EXPECT_TRUE(decode_jwt(unsigned_jwt("{}")));
    EXPECT_EQ(decode_jwt(unsigned_jwt("{}")).value().describe(), "");
}

TEST(Jwt, WhatIsNone) {
    for (const std::string& text :
         {std::string(), std::string("abc"), std::string("a.b"), std::string("a.b.c.d"), std::string("..."),
          std::string("a.!!!.c"), std::string("a.abcde.c"), unsigned_jwt("[]"), unsigned_jwt("nonsense"),
          unsigned_jwt("{\"iss\":"), std::string(20'001, 'a')}) {
        auto claims = decode_jwt(text);
        ASSERT_FALSE(claims) << text;
        EXPECT_EQ(claims.error().kind, ErrorKind::invalid_input);
        EXPECT_EQ(claims.error().message.find("abcde"), std::string::npos);
    }
}

TEST(Jwt, WhatIsShownIsBoundedAndOnOneLine) {
    auto claims = decode_jwt(unsigned_jwt("{\"sub\":\"a\\nb" + std::string(5000, 'x') + "\"}"));
    ASSERT_TRUE(claims);
    EXPECT_LE(claims.value().describe().size(), 210u);
    EXPECT_EQ(claims.value().describe().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace polysync::aws
