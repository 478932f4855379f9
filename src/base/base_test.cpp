#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/nearest.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/utf8.h"

namespace polysync {
namespace {

TEST(Clock, IsoTimesRoundTrip) {
    SystemTime time{Millis(1767323045000)};
    EXPECT_EQ(format_iso8601(time), "2026-01-02T03:04:05Z");
    EXPECT_EQ(format_basic(time), "20260102T030405Z");
    EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05Z").value(), time);
    EXPECT_EQ(parse_iso8601("2026-01-02T04:04:05.000+01:00").value(), time);
    EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05.250999Z").value(), time + Millis(250));
    EXPECT_EQ(format_iso8601(time + Millis(7)), "2026-01-02T03:04:05.007Z");
}

TEST(Clock, BadIsoTimesAreRefused) {
    for (auto text :
         {"", "2026", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z", "2026-01-02T03:04:05",
          "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05.Z", "2026-01-02 03:04:05Z", "-026-01-02T03:04:05Z"})
        EXPECT_FALSE(parse_iso8601(text)) << text;
}

TEST(FileLock, IsHeldByOneAndLetGoAtTheEnd) {
    std::string path = testing::TempDir() + "polysync-lock-" + make_guid(system_random());
    EXPECT_FALSE(FileLock::is_held(path));
    {
        auto lock = FileLock::try_take(path);
        ASSERT_TRUE(lock) << lock.error().message;
        ASSERT_TRUE(lock.value());
        EXPECT_TRUE(FileLock::is_held(path));
        EXPECT_FALSE(FileLock::try_take(path).value());
        FileLock moved = std::move(*lock.value());
        EXPECT_TRUE(FileLock::is_held(path));
    }
    EXPECT_FALSE(FileLock::is_held(path));
    EXPECT_TRUE(FileLock::try_take(path).value());
    EXPECT_FALSE(FileLock::try_take("/proc/nowhere/lock"));
}

TEST(Utf8, OnlyWellFormedTextPasses) {
    for (std::string_view text :
         {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(text)) << text;
    for (std::string_view text :
         {"\xff", "a\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
        EXPECT_FALSE(is_utf8(text));
    EXPECT_EQ(utf8_length("a\xe2\x82\xac", 1), 3u);
    EXPECT_EQ(utf8_prefix("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(utf8_prefix("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(utf8_prefix("\xe2\x82\xac", 2), "");
}

TEST(Random, GuidsAreVersion4AndDistinct) {
    SeededRandom random(1);
    auto one = make_guid(random), two = make_guid(random);
    EXPECT_NE(one, two);
    EXPECT_TRUE(is_guid(one)) << one;
    EXPECT_EQ(one[14], '4');
    EXPECT_NE(std::string("89ab").find(one[19]), std::string::npos) << one;
    EXPECT_FALSE(is_guid("polysync"));
    EXPECT_TRUE(is_guid(make_guid(system_random())));
}

TEST(Secret, IsRedactedInEveryEncoding) {  // SAFE-3
    register_secret("p@ss/word\"1");
    EXPECT_EQ(redact("x=p@ss/word\"1;"), "x=[redacted];");
    EXPECT_EQ(redact("x=p%40ss%2Fword%221&"), "x=[redacted]&");
    EXPECT_EQ(redact(R"({"x":"p@ss/word\"1"})"), R"({"x":"[redacted]"})");
    EXPECT_EQ(redact("cEBzcy93b3JkIjE="), "[redacted]=");
    register_secret("abc");
    EXPECT_EQ(redact("abc"), "abc");
}

TEST(Secret, IsRedactedWholeWhereSecretsContainOneAnother) {  // SAFE-3
    register_secret("inner-part");
    register_secret("head inner-part tail");  // its own text must not show beside the shorter secret
    register_secret("tail-of-two");
    register_secret("two-and-more");
    EXPECT_EQ(redact("<head inner-part tail>"), "<[redacted]>");
    EXPECT_EQ(redact("<inner-part>"), "<[redacted]>");
    EXPECT_EQ(redact("<tail-of-two-and-more>"), "<[redacted]>");  // they share "two"
    EXPECT_EQ(redact("inner-partinner-part"), "[redacted][redacted]");
    EXPECT_EQ(redact(""), "");
    register_secret("line one\r\nline\ttwo\x01");
    EXPECT_EQ(redact(R"({"pem":"line one\r\nline\ttwo\u0001"})"), R"({"pem":"[redacted]"})");
}

// A server that runs for weeks fetches new session keys again and again.
TEST(Secret, LastingOnesAreNeverForgottenForPassingOnes) {  // SAFE-3
    register_secret("lasting-secret-1");
    register_secret("passing-but-in-use", SecretLife::passing);
    for (int i = 0; i < 5000; ++i) {
        register_secret("session-token-" + std::to_string(100000 + i), SecretLife::passing);
        register_secret("passing-but-in-use", SecretLife::passing);
    }
    EXPECT_EQ(redact("lasting-secret-1"), "[redacted]");
    EXPECT_EQ(redact("passing-but-in-use"), "[redacted]");
    EXPECT_EQ(redact("session-token-104999"), "[redacted]");
    EXPECT_EQ(redact("session-token-100000"), "session-token-100000");  // bounded
}

TEST(Secret, MovedFromIsEmpty) {
    Secret one("first-secret"), two(std::move(one));
    EXPECT_TRUE(one.empty());  // NOLINT: that is what is tested
    EXPECT_EQ(two.reveal(), "first-secret");
}

TEST(JsonText, NumbersLookAsPeopleWriteThem) {
    const std::pair<const char*, const char*> cases[] = {
        {R"("plain \"text\"")", R"(plain "text")"},
        {"0.5", "0.5"},
        {"4.0", "4"},
        {"100000.0", "100000"},
        {"1e300", "1e+300"},
        {"-0.25", "-0.25"},
        {"18446744073709551615", "18446744073709551615"},
        {"true", "true"},
        {"null", "null"},
        {R"({"a":[0.5,"x",{"b\n":1.5}],"c":{}})", R"({"a":[0.5,"x",{"b\n":1.5}],"c":{}})"}};
    for (auto [json, text] : cases) EXPECT_EQ(text_of_json(boost::json::parse(json)), text);
    EXPECT_EQ(write_json(boost::json::parse(R"("a\nb")")), R"("a\nb")");
}

TEST(Nearest, FindsTheMistypedWordAndNothingElse) {
    std::string known[] = {"worker_type", "number_of_workers", "timeout_minutes"};
    EXPECT_EQ(nearest_word("worker-typ", known), "worker_type");
    EXPECT_EQ(nearest_word("NumberOfWorkers", known), "number_of_workers");
    EXPECT_EQ(nearest_word("queue", known), "");
    std::string platforms[] = {"etl", "ml"};
    EXPECT_EQ(nearest_word("elt", platforms), "etl");
    EXPECT_EQ(nearest_word("xyz", platforms), "");
}

}  // namespace
}  // namespace polysync
