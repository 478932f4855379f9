#include "aws/core/json_reader.h"

#include <gtest/gtest.h>

#include "aws/core/json_text.h"

namespace polysync::aws {
namespace {

struct Inner {
    std::string name;
    std::optional<int> count;
};

struct Everything {
    std::string text;
    std::optional<std::string> maybe_text;
    int number = -1;
    std::optional<int> maybe_number;
    std::optional<long long> big;
    std::optional<double> real;
    std::optional<bool> flag;
    std::optional<SystemTime> seconds, millis;
    std::map<std::string, std::string> map;
    std::vector<std::string> strings;
    std::vector<std::pair<std::string, int>> counts;
    Inner inner;
    std::vector<Inner> list;
    std::string raw;
    std::string id;
};

const ObjectShape& inner_shape() {
    static const ObjectShape shape{field<&Inner::name>("name"), field<&Inner::count>("count")};
    return shape;
}

void read_raw_member(Everything& object, JsonValue& value) { value.read_raw(object.raw); }

const ObjectShape& shape() {
    static const ObjectShape made{
        field<&Everything::text>("text"),
        field<&Everything::maybe_text>("maybeText"),
        field<&Everything::number>("number"),
        field<&Everything::maybe_number>("maybeNumber"),
        field<&Everything::big>("big"),
        field<&Everything::real>("real"),
        field<&Everything::flag>("flag"),
        seconds_field<&Everything::seconds>("seconds"),
        millis_field<&Everything::millis>("millis"),
        field<&Everything::map>("map"),
        field<&Everything::strings>("strings"),
        field<&Everything::counts>("counts"),
        object_field<&Everything::inner, inner_shape>("inner"),
        list_field<&Everything::list, inner_shape>("list"),
        custom_field<Everything, read_raw_member>("raw"),
        field<&Everything::id>("Id"),
    };
    return made;
}

Everything read(std::string json) {
    auto decoded = decode_json<Everything>(json, shape());
    EXPECT_TRUE(decoded) << json;
    return decoded ? decoded.value() : Everything();
}

std::optional<long long> ms(const std::optional<SystemTime>& time) {
    if (!time) return std::nullopt;
    return time->time_since_epoch().count();
}

TEST(JsonReader, ReadsEveryKind) {
    Everything all = read(R"({"text":"a\"b\\c\u00e9\ud83d\ude00\n","maybeText":"","number":7,"maybeNumber":-3,
        "big":1767322983123,"real":0.0625,"flag":true,"seconds":1602873931.255,"millis":1767322983123,
        "map":{"--a":"1","--b c":"x y"},"strings":["x","","z"],"counts":{"RUNNING":2,"FAILED":0},
        "inner":{"name":"n","count":1},"list":[{"name":"one"},{"count":2}],"raw":{"a":[1,{"b":null}]},"Id":"jr_1"})");
    EXPECT_EQ(all.text, "a\"b\\cé😀\n");
    EXPECT_EQ(all.maybe_text, "");
    EXPECT_EQ(all.number, 7);
    EXPECT_EQ(all.maybe_number, -3);
    EXPECT_EQ(all.big, 1767322983123);
    EXPECT_EQ(all.real, 0.0625);
    EXPECT_EQ(all.flag, true);
    EXPECT_EQ(ms(all.seconds), 1602873931255);
    EXPECT_EQ(ms(all.millis), 1767322983123);
    EXPECT_EQ(all.map, (std::map<std::string, std::string>{{"--a", "1"}, {"--b c", "x y"}}));
    EXPECT_EQ(all.strings, (std::vector<std::string>{"x", "", "z"}));
    EXPECT_EQ(all.counts, (std::vector<std::pair<std::string, int>>{{"RUNNING", 2}, {"FAILED", 0}}));
    EXPECT_EQ(all.inner.name, "n");
    EXPECT_EQ(all.list.size(), 2u);
    EXPECT_EQ(all.list[1].count, 2);
    EXPECT_EQ(all.raw, R"({"a":[1,{"b":null}]})");
    EXPECT_EQ(all.id, "jr_1");
}

// aws-facts 1.3: unknown members must be accepted, missing ones are empty.
TEST(JsonReader, SkipsWhatItDoesNotKnowAndMissesNothing) {
    Everything all =
        read(R"({"textual":1,"tex":{"text":"no"},"unknown":[[{"text":"no"}]],"text":"yes","":0,"i":1})");
    EXPECT_EQ(all.text, "yes");
    EXPECT_EQ(all.number, -1);
    EXPECT_FALSE(all.maybe_number);
    EXPECT_FALSE(all.seconds);
    EXPECT_TRUE(all.list.empty());
    EXPECT_EQ(read("{}").text, "");
    EXPECT_EQ(read(" \n {\t} \n").text, "");
}

TEST(JsonReader, ToleratesOtherTypes) {
    Everything all =
        read(R"({"text":12,"maybeText":null,"number":"8","maybeNumber":3.0,"big":1e3,"real":"0.5",
        "flag":"true","seconds":"2026-01-02T03:04:05Z","millis":"1767322983123","map":[1],"strings":{"a":1},
        "counts":{"A":"4","B":[],"C":null},"inner":"x","list":{"name":"no"},"raw":"text"})");
    EXPECT_EQ(all.text, "12");
    EXPECT_FALSE(all.maybe_text);
    EXPECT_EQ(all.number, 8);
    EXPECT_EQ(all.maybe_number, 3);
    EXPECT_EQ(all.big, 1000);
    EXPECT_EQ(all.real, 0.5);
    EXPECT_EQ(all.flag, true);
    EXPECT_EQ(ms(all.seconds), 1767323045000);
    EXPECT_EQ(ms(all.millis), 1767322983123);
    EXPECT_TRUE(all.map.empty());
    EXPECT_TRUE(all.strings.empty());
    EXPECT_EQ(all.counts, (std::vector<std::pair<std::string, int>>{{"A", 4}}));
    EXPECT_EQ(all.inner.name, "");
    EXPECT_TRUE(all.list.empty());
    EXPECT_EQ(all.raw, "\"text\"");

    all = read(
        R"({"text":{},"number":3.5,"maybeNumber":99999999999,"big":"1x","real":"nan","flag":1,"seconds":-5,
        "millis":{},"strings":[1,"a",null,["b"]],"list":[1,{"name":"a"},null,[]],
        "map":{"n":1,"b":true,"o":{"x":1},"z":null,"q\"":"\u0041"}})");
    EXPECT_EQ(all.text, "");
    EXPECT_EQ(all.number, -1);
    EXPECT_FALSE(all.maybe_number);
    EXPECT_FALSE(all.big);
    EXPECT_FALSE(all.real);
    EXPECT_FALSE(all.flag);
    EXPECT_FALSE(all.seconds);
    EXPECT_FALSE(all.millis);
    EXPECT_EQ(all.strings, std::vector<std::string>{"a"});
    EXPECT_EQ(all.list.size(), 1u);
    EXPECT_EQ(all.map, (std::map<std::string, std::string>{
                           {"n", "1"}, {"b", "true"}, {"o", R"({"x":1})"}, {"q\"", "A"}}));
}

TEST(JsonReader, TimestampsWithExponentsAndRanges) {
    EXPECT_EQ(ms(read(R"({"seconds":1.602873931255E9})").seconds), 1602873931255);
    EXPECT_EQ(ms(read(R"({"seconds":1602873931})").seconds), 1602873931000);
    EXPECT_EQ(ms(read(R"({"seconds":0})").seconds), 0);
    for (const char* wrong : {"1e300", "-1", "99999999999999", "true", "null", "\"soon\"", "[]"})
        EXPECT_FALSE(read(std::string(R"({"seconds":)") + wrong + "}").seconds) << wrong;
}

TEST(JsonReader, OfDuplicatesTheLastCounts) {
    Everything all = read(R"({"text":"a","number":1,"text":"b","number":2})");
    EXPECT_EQ(all.text, "b");
    EXPECT_EQ(all.number, 2);
}

// Logs cut in the middle of a character come with half a surrogate pair.
TEST(JsonReader, HalfSurrogatesAndOddEscapes) {
    EXPECT_EQ(read(R"({"text":"a\ud83d"})").text, "a\xef\xbf\xbd");
    EXPECT_EQ(read(R"({"text":"\ude00b"})").text,
              "\xef\xbf\xbd"
              "b");
    EXPECT_EQ(read(R"({"text":"\ud83dx\/"})").text, "\xef\xbf\xbdx/");
    EXPECT_EQ(read(R"({"text":"\q\u12"})").text, "\\q\\u12");
    EXPECT_EQ(read(R"({"text":"\ud83d\ud83d\ude00"})").text, "\xef\xbf\xbd😀");
}

TEST(JsonReader, RefusesWhatIsNoJsonObject) {
    for (std::string text :
         {"", " ", "null", "[]", "\"text\"", "12", "<html></html>", "{", "{\"text\":\"a\"", "{\"text\":\"a",
          "{\"list\":[{\"name\":", "{\"text\":\"\xff\xfe\"}", "{\"text\":\"a\nb\"}", "{\"text\" \"a\"}",
          "{\"text\":}", "{1:2}", "{\"text\":\"a\",}"}) {
        std::string body = text;
        auto decoded = decode_json<Everything>(body, shape());
        EXPECT_FALSE(decoded) << text;
        if (!decoded) {
            EXPECT_EQ(decoded.error().kind, ErrorKind::internal);
            EXPECT_EQ(decoded.error().code, "unreadable_answer");
        }
    }
}

TEST(JsonReader, EveryTruncationEndsWithoutHarm) {
    const std::string whole =
        R"({"text":"aé","list":[{"name":"x","count":1}],"map":{"a":"b"},"raw":{"a":[1]}} )";
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
        std::string body = whole.substr(0, length);
        body.shrink_to_fit();
        EXPECT_FALSE(decode_json<Everything>(body, shape())) << body;
    }
}

TEST(JsonReader, DeepNestingIsSkippedOrRefused) {
    for (std::size_t depth : {100u, 1000u, 100000u}) {
        std::string body =
            R"({"unknown":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"text":"t"})";
        auto decoded = decode_json<Everything>(body, shape());
        EXPECT_TRUE(!decoded || decoded.value().text == "t");
        std::string raw = R"({"raw":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
        (void)decode_json<Everything>(raw, shape());
        std::string open = R"({"raw":)" + std::string(depth, '[');
        EXPECT_FALSE(decode_json<Everything>(open, shape()));
    }
}

TEST(JsonReader, LargeDocumentsDoNotKeepTheirMemory) {
    std::string big = R"({"text":")" + std::string(3 * 1024 * 1024, 'x') + R"("})";
    EXPECT_EQ(read(big).text.size(), 3u * 1024 * 1024);
    EXPECT_EQ(read(R"({"text":"small"})").text, "small");
}

TEST(JsonText, WritesMembersInOrderAndEscapes) {
    JsonObject body;
    body.add("a", "x\"\\\n\t\r\x01é").add("n", 5).add("b", true).add_if("none", "").add_if("zero", 0);
    body.add("l", std::vector<std::string>{"1", "2"}).add_seconds("t", 1767322983045).add_raw("r", "[]");
    EXPECT_EQ(std::move(body).text(),
              R"({"a":"x\"\\\n\t\r\u0001é","n":5,"b":true,"l":["1","2"],"t":1767322983.045,"r":[]})");
    EXPECT_EQ(JsonObject().text(), "{}");
}

}  // namespace
}  // namespace polysync::aws
