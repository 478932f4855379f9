#include "provider/cloudwatch_log_reader.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "provider/log_cursor.h"
#include "provider/scripted_connection.h"
#include "test/support/run_async.h"

namespace polysync {
namespace {

namespace json = boost::json;

struct Event {
    std::int64_t time;
    std::string stream, text;
};

// CloudWatch as far as the reader can tell: pages of `page` events, empty ones in between, tokens that can go
// stale.
struct FakeLogs {
    std::map<std::string, std::vector<Event>> groups;
    std::size_t page = 3;
    bool has_empty_pages = false;
    bool tokens_are_stale = false;

    Result<std::string> answer(std::string_view operation, const json::object& input) {
        std::string group(input.at("logGroupName").as_string());
        if (!groups.contains(group))
            return make_error(ErrorKind::not_found, "ResourceNotFoundException", "no such group");
        std::string token =
            input.contains("nextToken") ? std::string(input.at("nextToken").as_string()) : std::string();
        if (!token.empty() && tokens_are_stale)
            return make_error(ErrorKind::rejected, "InvalidParameterException",
                              "The specified nextToken is invalid.");
        return operation == "GetLogEvents" ? stream(group, input, token) : filter(group, input, token);
    }

  private:
    static std::int64_t start_of(const json::object& input) {
        return input.contains("startTime") ? input.at("startTime").to_number<std::int64_t>() : 0;
    }
    static json::object show(const Event& event, std::size_t number) {
        return {{"timestamp", event.time},
                {"message", event.text},
                {"logStreamName", event.stream},
                {"eventId", fmt::format("{}-{}", event.stream, number)},
                {"ingestionTime", event.time}};
    }

    // Tokens are "f/<start>/<position>"; the end gives back the token that was sent.
    Result<std::string> stream(const std::string& group, const json::object& input,
                               const std::string& token) {
        std::int64_t start = start_of(input);
        std::size_t from = 0;
        if (!token.empty()) {
            start = std::stoll(token.substr(2));
            from = std::stoul(token.substr(token.rfind('/') + 1));
        }
        std::vector<Event> events;
        for (const Event& event : groups[group])
            if (event.stream == input.at("logStreamName").as_string() && event.time >= start)
                events.push_back(event);
        json::array out;
        std::size_t at = from;
        for (; at < events.size() && out.size() < page; ++at) out.push_back(show(events[at], at));
        return json::serialize(json::object{{"events", out},
                                            {"nextForwardToken", fmt::format("f/{}/{}", start, at)},
                                            {"nextBackwardToken", "b/0"}});
    }

    Result<std::string> filter(const std::string& group, const json::object& input,
                               const std::string& token) {
        std::size_t from = token.empty() ? 0 : std::stoul(token.substr(1));
        json::array out;
        std::size_t at = from, number = 0, taken = 0;
        std::vector<std::pair<Event, std::size_t>> events;
        for (const Event& event : groups[group]) {
            ++number;
            if (event.time >= start_of(input) &&
                event.stream.starts_with(std::string_view(input.at("logStreamNamePrefix").as_string())))
                events.emplace_back(event, number);
        }
        if (has_empty_pages && !token.starts_with('e')) {
            return json::serialize(
                json::object{{"events", json::array()}, {"nextToken", "e" + std::to_string(from)}});
        }
        for (; at < events.size() && taken < page; ++at, ++taken)
            out.push_back(show(events[at].first, events[at].second));
        json::object answer{{"events", out}};
        if (at < events.size()) answer["nextToken"] = "t" + std::to_string(at);
        return json::serialize(answer);
    }
};

class LogReader : public testing::Test {
  protected:
    FakeLogs aws;
    std::shared_ptr<test::ScriptedConnection> connection = std::make_shared<test::ScriptedConnection>(
        [this](std::string_view operation, const json::object& input) {
            return aws.answer(operation, input);
        });

    static LogSource stream(std::string group, std::string name, std::string label) {
        LogSource source;
        source.group = std::move(group);
        source.stream = std::move(name);
        source.label = std::move(label);
        return source;
    }
    static LogSource prefix(std::string group, std::string name, std::string label) {
        LogSource source;
        source.group = std::move(group);
        source.stream_prefix = std::move(name);
        source.label = std::move(label);
        return source;
    }
    LogPage read(const std::vector<LogSource>& sources, std::string cursor) {
        CloudWatchLogReader reader(connection);  // no memory between reads
        Result<LogPage> page = test::run_async(reader.read(sources, std::move(cursor)));
        EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().describe());
        return page ? page.value() : LogPage();
    }
    static std::string texts(const LogPage& page) {
        std::string out;
        for (const LogLine& line : page.lines) out += line.stream + ":" + line.text + " ";
        return out;
    }
};

TEST_F(LogReader, ReadsAStreamToItsEndAndGoesOn) {
    for (int i = 1; i <= 7; ++i) aws.groups["/g"].push_back({i, "s", fmt::format("l{}\n", i)});
    std::vector<LogSource> sources{stream("/g", "s", "attempt 1")};
    LogPage first = read(sources, {});
    EXPECT_EQ(first.lines.size(), 7u);
    EXPECT_EQ(first.lines[0].text, "l1") << "without its newline";
    EXPECT_EQ(first.lines[0].stream, "attempt 1");
    EXPECT_TRUE(first.at_end);
    EXPECT_EQ(read(sources, first.cursor).lines.size(), 0u);
    aws.groups["/g"].push_back({8, "s", "l8"});
    LogPage more = read(sources, first.cursor);
    EXPECT_EQ(texts(more), "attempt 1:l8 ");
}

// Tokens live 24 hours; then reading goes on by time, and equal lines of one time are all given once.
TEST_F(LogReader, AStaleTokenLosesAndRepeatsNothing) {
    aws.groups["/g"] = {{1000, "s", "a"}, {2000, "s", "same"}, {2000, "s", "same"}};
    for (bool is_prefix : {false, true}) {
        std::vector<LogSource> sources{is_prefix ? prefix("/g", "s", "x") : stream("/g", "s", "x")};
        aws.tokens_are_stale = false;
        LogPage first = read(sources, {});
        EXPECT_EQ(first.lines.size(), 3u);
        aws.tokens_are_stale = !is_prefix;
        aws.page = 100;
        aws.groups["/g"].push_back({2000, "s", "same"});
        aws.groups["/g"].push_back({3000, "s", "b"});
        if (!is_prefix) {
            // Every token is refused, so only one page can be read; the fresh one holds all.
            CloudWatchLogReader reader(connection);
            Result<LogPage> next = test::run_async(reader.read(sources, first.cursor));
            ASSERT_TRUE(next.has_value());
            EXPECT_EQ(texts(next.value()), "x:same x:b ");
        } else {
            EXPECT_EQ(texts(read(sources, first.cursor)), "x:same x:b ");
        }
        aws.groups["/g"].resize(3);
    }
}

TEST_F(LogReader, ReadsByPrefixOverEmptyPages) {
    aws.has_empty_pages = true;
    aws.page = 2;
    for (int i = 1; i <= 9; ++i)
        aws.groups["/g"].push_back({i * 20000, i % 2 ? "jr_1" : "jr_2", fmt::format("l{}", i)});
    std::vector<LogSource> sources{prefix("/g", "jr_1", "out")};
    std::string cursor;
    std::string all;
    for (int i = 0; i < 6; ++i) {
        LogPage page = read(sources, cursor);
        all += texts(page);
        cursor = page.cursor;
    }
    EXPECT_EQ(all, "out:l1 out:l3 out:l5 out:l7 out:l9 ");
}

// A line that reaches CloudWatch late, behind newer ones, is still given once.
TEST_F(LogReader, LateLinesWithinTheWindow) {
    aws.groups["/g"] = {{100000, "jr_1", "early"}, {109000, "jr_1", "new"}};
    std::vector<LogSource> sources{prefix("/g", "jr_1", "out")};
    LogPage first = read(sources, {});
    EXPECT_EQ(texts(first), "out:early out:new ");
    aws.groups["/g"].push_back({105000, "jr_1", "late"});
    LogPage second = read(sources, first.cursor);
    EXPECT_EQ(texts(second), "out:late ");
    EXPECT_EQ(texts(read(sources, second.cursor)), "");
}

TEST_F(LogReader, SeveralSourcesInOrderOfTime) {
    aws.groups["/out"] = {{1, "jr_1", "a"}, {3, "jr_1", "c"}};
    aws.groups["/err"] = {{2, "jr_1", "b"}};
    LogPage page = read({prefix("/out", "jr_1", "output"), prefix("/err", "jr_1", "error")}, {});
    EXPECT_EQ(texts(page), "output:a error:b output:c ");
}

TEST_F(LogReader, StreamsOfOthersAreLeftOut) {
    aws.groups["/g"] = {{1, "jr_1", "mine"}, {2, "jr_12", "another run's"}};
    LogSource source = prefix("/g", "jr_1", "");
    source.label_of = [](std::string_view name) {
        return name == "jr_1" ? std::optional<std::string>("output") : std::nullopt;
    };
    EXPECT_EQ(texts(read({source}, {})), "output:mine ");
}

TEST_F(LogReader, WhatIsMissingIsANote) {
    aws.groups["/there"] = {};
    LogPage missing = read({prefix("/nowhere", "jr_1", "output"), stream("/none", "s", "x")}, {});
    EXPECT_NE(missing.note.find("/nowhere"), std::string::npos);
    EXPECT_NE(missing.note.find("stream s"), std::string::npos);
    EXPECT_TRUE(missing.at_end);
    EXPECT_FALSE(read({prefix("/there", "jr_1", "output")}, {}).note.empty());
    // It appears later.
    aws.groups["/nowhere"] = {{1, "jr_1", "now"}};
    EXPECT_EQ(texts(read({prefix("/nowhere", "jr_1", "output")}, missing.cursor)), "output:now ");
}

// One read is bounded; the next goes on, and nothing is lost in between.
TEST_F(LogReader, IsBounded) {
    for (bool is_prefix : {false, true}) {
        for (int i = 0; i < 200; ++i) aws.groups["/g"].push_back({1000 + i / 10, "s", fmt::format("{}", i)});
        aws.page = 3;
        std::vector<LogSource> sources{is_prefix ? prefix("/g", "s", "x") : stream("/g", "s", "x")};
        std::string cursor;
        std::vector<std::string> all;
        int reads = 0;
        for (bool at_end = false; !at_end && reads < 20; ++reads) {
            std::size_t before = connection->calls.size();
            LogPage page = read(sources, cursor);
            EXPECT_LE(connection->calls.size() - before, std::size_t(CloudWatchLogReader::max_calls));
            for (const LogLine& line : page.lines) all.push_back(line.text);
            cursor = page.cursor;
            at_end = page.at_end;
        }
        EXPECT_GT(reads, 1);
        ASSERT_EQ(all.size(), 200u);
        for (int i = 0; i < 200; ++i) EXPECT_EQ(all[std::size_t(i)], std::to_string(i));
        aws.groups.clear();
    }
}

// More lines at once than a cursor remembers: none twice.
TEST_F(LogReader, ManyLinesNearTheEnd) {
    for (int i = 0; i < 1500; ++i) aws.groups["/g"].push_back({100000 + i, "jr_1", fmt::format("{}", i)});
    aws.page = 10000;
    std::vector<LogSource> sources{prefix("/g", "jr_1", "x")};
    LogPage first = read(sources, {});
    EXPECT_EQ(first.lines.size(), 1500u);
    EXPECT_LT(first.cursor.size(), 32u * 1024);
    EXPECT_EQ(read(sources, first.cursor).lines.size(), 0u);
    aws.groups["/g"].push_back({101500, "jr_1", "next"});
    EXPECT_EQ(texts(read(sources, first.cursor)), "x:next ");
}

TEST_F(LogReader, AFailureAfterLinesKeepsTheLines) {
    aws.groups["/g"] = {{1, "s", "a"}};
    bool is_denied = true;
    auto denied = std::make_shared<test::ScriptedConnection>(
        [this, &is_denied](std::string_view operation, const json::object& input) -> Result<std::string> {
            if (is_denied && input.at("logGroupName").as_string() == "/secret")
                return make_error(ErrorKind::access_denied, "AccessDeniedException", "no");
            return aws.answer(operation, input);
        });
    CloudWatchLogReader reader(denied);
    std::vector<LogSource> both{prefix("/g", "s", "x"), prefix("/secret", "s", "y")};
    Result<LogPage> page = test::run_async(reader.read(both, {}));
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(texts(page.value()), "x:a ");
    EXPECT_FALSE(page.value().at_end);
    Result<LogPage> next = test::run_async(reader.read(both, page.value().cursor));
    ASSERT_FALSE(next.has_value());
    EXPECT_EQ(next.error().kind, ErrorKind::access_denied);
}

}  // namespace
}  // namespace polysync
