#include "sandbox/services/logs.h"

#include <fmt/format.h>

#include "sandbox/services/filter_pattern.h"
#include "sandbox/services/glue.h"
#include "sandbox/services/service_test_kit.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

struct Logs : testing::Test {
    Settings settings{.durations = {.starting = 0ms, .running = 10'000ms}};
    GlueService glue{settings};
    LogsService service{{&glue}};
    Caller jobs{glue};
    Caller aws{service};

    // A run of ten lines, one a second.
    std::string run(const std::string& lines = R"(["0","1","2","3","4","5","6","7","8","9"])") {
        jobs.context = aws.context;
        jobs.admin(
            "job",
            fmt::format(
                R"({{"Name":"j","ExecutionProperty":{{"MaxConcurrentRuns":9}},"outcome":{{"log_lines":{}}}}})",
                lines));
        return text(jobs.ok("StartJobRun", R"({"JobName":"j"})"), "JobRunId");
    }
    Json get(const std::string& stream, const std::string& more) {
        return aws.ok("GetLogEvents",
                      fmt::format(R"({{"logGroupName":"/aws-glue/jobs/output","logStreamName":"{}"{}}})",
                                  stream, more));
    }
    static std::string joined(const Json& answer) {
        std::string all;
        const Json events = member(answer, "events");
        for (const Json& event : events.as_array()) all += string_at(event, "message");
        return all;
    }
};

TEST_F(Logs, ForwardTokensFollowARun) {
    const std::string id = run();
    aws.pass(2500ms);
    std::string token;
    std::string seen;
    for (int i = 0; i < 100; ++i) {
        const Json page =
            get(id, fmt::format(R"(,"startFromHead":true,"limit":2{})",
                                token.empty() ? "" : fmt::format(R"(,"nextToken":"{}")", token)));
        seen += joined(page);
        const std::string next = string_at(page, "nextForwardToken");
        EXPECT_EQ(next.size(), 60u);
        if (next == token) {
            if (seen.size() == 10) break;
            aws.pass(1s);
        }
        token = next;
    }
    EXPECT_EQ(seen, "0123456789");
}

TEST_F(Logs, TheTailAndBackwards) {
    const std::string id = run();
    aws.pass(1min);
    Json page = get(id, R"(,"limit":4)");
    EXPECT_EQ(joined(page), "6789");
    std::string seen;
    for (int i = 0; i < 20; ++i) {
        const std::string token = string_at(page, "nextBackwardToken");
        page = get(id, fmt::format(R"(,"limit":4,"nextToken":"{}")", token));
        seen = joined(page) + seen;
        if (string_at(page, "nextBackwardToken") == token) break;
    }
    EXPECT_EQ(seen, "012345");
    const std::int64_t start = millis(aws.context.now - 1min);
    EXPECT_EQ(joined(get(id, fmt::format(R"(,"startTime":{},"endTime":{})", start + 2000, start + 5000))),
              "234");
}

TEST_F(Logs, RefusesBadCalls) {
    const std::string id = run();
    aws.pass(1s);
    const auto code = [&](const std::string& members) {
        return aws.code("GetLogEvents", "{" + members + "}");
    };
    EXPECT_EQ(code(R"("logGroupName":"/none","logStreamName":"x")"), "ResourceNotFoundException");
    EXPECT_EQ(code(R"("logGroupName":"/aws-glue/jobs/output","logStreamName":"x")"),
              "ResourceNotFoundException");
    EXPECT_EQ(code(R"("logStreamName":"x")"), "InvalidParameterException");
    EXPECT_EQ(code(R"("logGroupName":"a","logGroupIdentifier":"a","logStreamName":"x")"),
              "InvalidParameterException");
    EXPECT_EQ(code(fmt::format(
                  R"("logGroupName":"/aws-glue/jobs/output","logStreamName":"{}","nextToken":"f/1/s")", id)),
              "InvalidParameterException");
    EXPECT_EQ(
        code(fmt::format(
            R"("logGroupIdentifier":"arn:aws:logs:eu-west-1:123456789012:log-group:/aws-glue/jobs/output","logStreamName":"{}")",
            id)),
        "");
    EXPECT_EQ(aws.code("FilterLogEvents", R"({"logGroupName":"/aws-glue/jobs/output","nextToken":"x"})"),
              "InvalidParameterException");
    EXPECT_EQ(
        aws.code("FilterLogEvents", R"({"logGroupName":"/aws-glue/jobs/output","filterPattern":"{ $.a"})"),
        "InvalidParameterException");
    EXPECT_EQ(
        aws.code(
            "FilterLogEvents",
            R"({"logGroupName":"/aws-glue/jobs/output","logStreamNames":["a"],"logStreamNamePrefix":"a"})"),
        "InvalidParameterException");
}

TEST_F(Logs, FilterMixesStreamsInOrderOfTime) {
    const std::string a = run(R"(["a0","a1","a2","a3"])");
    aws.pass(1s);
    const std::string b = run(R"(["b0","b1","b2","b3"])");
    aws.pass(1min);
    const auto filter = [&](const std::string& more) {
        const auto events =
            aws.all("FilterLogEvents", fmt::format(R"({{"logGroupName":"/aws-glue/jobs/output"{}}})", more),
                    "events", "nextToken", "nextToken");
        std::string all;
        for (const Json& event : events) all += string_at(event, "message");
        return all;
    };
    EXPECT_EQ(filter(""), "a0b0a1b1a2b2a3b3");
    EXPECT_EQ(filter(R"(,"limit":1)"), "a0b0a1b1a2b2a3b3");
    EXPECT_EQ(filter(R"(,"limit":3,"startFromHead":false)"), "b3a3b2a2b1a1b0a0");
    EXPECT_EQ(filter(fmt::format(R"(,"logStreamNamePrefix":"{}")", a)), "a0a1a2a3");
    EXPECT_EQ(filter(fmt::format(R"(,"logStreamNames":["{}"],"filterPattern":"b2")", b)), "b2");
}

TEST_F(Logs, OwnEvents) {
    aws.admin("events", R"({"logGroupName":"/mine","logStreamName":"s","messages":["one","two"]})");
    EXPECT_EQ(joined(aws.ok("GetLogEvents", R"({"logGroupName":"/mine","logStreamName":"s"})")), "onetwo");
    EXPECT_NE(aws.admin_refusal("event", "{}"), "");
}

TEST(FilterPattern, Matches) {
    constexpr std::string_view done = R"({"type":"ExecutionSucceeded","n":5,"d":{"x":"y"}})";
    struct Case {
        std::string pattern;
        std::string message;
        bool matches;
    };
    const Case cases[] = {
        {"", "anything", true},
        {"ERROR", "an ERROR here", true},
        {"ERROR boom", "an ERROR here", false},
        {"\"ERROR here\"", "an ERROR here", true},
        {"?WARN ?ERROR", "an ERROR here", true},
        {"ERROR -here", "an ERROR here", false},
        {R"({ $.type = "Execution*" })", std::string(done), true},
        {R"({ $.type = "ExecutionFailed" || ($.n >= 5 && $.d.x = "y") })", std::string(done), true},
        {R"({ $.type != "ExecutionSucceeded" })", std::string(done), false},
        {R"({ $.n < 5 })", std::string(done), false},
        {R"({ $.none = "x" })", std::string(done), false},
        {R"({ $.n = 5 })", "no json", false},
    };
    for (const Case& each : cases) {
        const auto pattern = FilterPattern::parse(each.pattern);
        ASSERT_TRUE(pattern) << each.pattern;
        EXPECT_EQ(pattern.value().matches(each.message), each.matches) << each.pattern;
    }
    for (const char* bad : {"{", "{ $.a }", "{ a = 1 }", "{ $.a = \"x }", "{ ($.a = 1 }", "\"open", "-"}) {
        EXPECT_FALSE(FilterPattern::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace polysync::sandbox
