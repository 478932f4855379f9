#include "provider/log_cursor.h"

#include <gtest/gtest.h>

namespace polysync {
namespace {

TEST(LogCursor, ComesBackAsItWas) {
    LogCursor cursor;
    SourcePosition& first = cursor["a"];
    first.token = "f/38\"\\ \xC3\xA4=";
    first.token_start = SystemTime(Millis(5));
    first.newest = SystemTime(Millis(1'780'000'000'123));
    first.seen = {{SystemTime(Millis(1)), 0xffffffffffffffffULL}, {SystemTime(Millis(2)), 0}};
    cursor["b"];
    std::string text = encode_cursor(cursor);
    Result<LogCursor> read = decode_cursor(text);
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(read.value().size(), 2u);
    const SourcePosition& again = read.value().at("a");
    EXPECT_EQ(again.token, first.token);
    EXPECT_EQ(again.token_start, first.token_start);
    EXPECT_EQ(again.newest, first.newest);
    ASSERT_EQ(again.seen.size(), 2u);
    EXPECT_EQ(again.seen[0].fingerprint, 0xffffffffffffffffULL);
    EXPECT_EQ(again.seen[1].time, SystemTime(Millis(2)));
    EXPECT_EQ(encode_cursor(read.value()), text);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
              std::string::npos);
}

TEST(LogCursor, EmptyIsTheStart) { EXPECT_TRUE(decode_cursor("").value().empty()); }

// SAFE-5: a cursor comes from outside.
TEST(LogCursor, RefusesWhatIsNone) {
    for (std::string_view bad :
         {"x", "cw1", "cw1.!!", "cw1.AAAA", "cw2.e30", "cw1.W10" /* [] */, "cw1.eyJhIjoxfQ" /* {"a":1} */,
          "cw1.eyJhIjp7InMiOlsxXX19" /* {"a":{"s":[1]}} */}) {
        Result<LogCursor> read = decode_cursor(bad);
        ASSERT_FALSE(read.has_value()) << bad;
        EXPECT_EQ(read.error().code, "invalid_cursor");
    }
    EXPECT_TRUE(decode_cursor("cw1.e30").has_value());
}

TEST(LogCursor, KeysTellSourcesApart) {
    EXPECT_NE(source_key("g", "s", ""), source_key("g", "", "s"));
    EXPECT_NE(source_key("g", "s", ""), source_key("gs", "", ""));
    EXPECT_EQ(source_key("g", "s", ""), source_key("g", "s", ""));
}

}  // namespace
}  // namespace polysync
