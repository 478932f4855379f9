#include "sandbox/validation.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "sandbox/pattern.h"

namespace polysync::sandbox {
namespace {

Findings check(std::string_view service, std::string_view operation, std::string_view text) {
    auto input = boost::json::parse(std::string(text)).as_object();
    auto* found = Model::of(service).find_operation(operation);
    EXPECT_TRUE(found) << operation;
    return validate(found->input, input);
}

TEST(Pattern, EveryPatternOfTheModelsCanBeRead) {
    // Constructing the models compiles them; this lists those that inputs use.
    for (
        auto source :
        {R"([\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*)",
         R"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:pipeline\/.*\/execution\/.*)",
         R"((arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:([0-9]{12}|aws):pipeline/.*)?([a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}))",
         R"([\p{L}\p{Z}\p{N}_.:/=+\-@]+)", R"([\w+=,.@:\/-]*)", R"([!-~]+)", R"(\p{ASCII}*)", R"([^:*]*)",
         R"([\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+)"})
        EXPECT_TRUE(Pattern(source).valid()) << source;
}

TEST(Pattern, MatchesWholeTexts) {
    struct Row {
        const char *pattern, *text;
        bool matches;
    };
    const Row rows[] = {
        {"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}", "Polysync-1--2", true},
        {"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}", "Polysync-", false},
        {"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}", "with_underscore", false},
        {"(arn:aws[a-z\\-]*:x:([0-9]{12}|aws):pipeline/.*)?([a-z](-*[a-z]){0,255})",
         "arn:aws-cn:x:aws:pipeline/a-b", true},
        {"(arn:aws[a-z\\-]*:x:([0-9]{12}|aws):pipeline/.*)?([a-z](-*[a-z]){0,255})",
         "arn:aws:x:12:pipeline/a", false},
        {"[\\w+=,.@-]*", "a+b=c,d.e@f-g_h", true},
        {"[\\w+=,.@-]*", "a b", false},
        {"[^:*]*", "stream/name", true},
        {"[^:*]*", "stream:name", false},
        {"\\p{ASCII}*", "Root=1-2", true},
        {"\\p{ASCII}*", "Wörter", false},
        {"[\\p{L}\\p{Z}]+", "über Größe", true},
        {"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "größe 🚀\t", true},
        {"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "two\nlines", false},
        {".*", "two\nlines", false},
        {"a{2,3}b?", "aaa", true},
        {"a{2,3}b?", "a", false},
        {"(a|b)+c", "ababc", true},
        {"", "", true},
        {"", "x", false},
    };
    for (auto& row : rows)
        EXPECT_EQ(Pattern(row.pattern).matches(row.text), row.matches) << row.pattern << " " << row.text;
}

TEST(Pattern, NeverRunsAway) {
    EXPECT_FALSE(Pattern("(a*)*b").matches(std::string(60, 'a')));
    EXPECT_FALSE(Pattern("(a|aa)+c").matches(std::string(200, 'a')));
    EXPECT_TRUE(Pattern(".*").matches(std::string(300'000, 'x')));
    EXPECT_FALSE(Pattern("[a").valid());
    EXPECT_FALSE(Pattern("a)").valid());
    EXPECT_FALSE(Pattern("*").valid());
}

TEST(Validation, WordsViolationsAsAwsDoes) {
    struct Row {
        const char *service, *operation, *input, *summary;
    };
    const Row rows[] = {
        {"glue", "GetJobRun", "{}",
         "2 validation errors detected: Value null at 'jobName' failed to satisfy constraint: Member must "
         "not be null; "
         "Value null at 'runId' failed to satisfy constraint: Member must not be null"},
        {"glue", "GetJobRun", R"({"JobName": null, "RunId": "jr_1"})",
         "1 validation error detected: Value null at 'jobName' failed to satisfy constraint: Member must not "
         "be null"},
        {"glue", "GetJobRuns", R"({"JobName": "j", "MaxResults": 201})",
         "1 validation error detected: Value '201' at 'maxResults' failed to satisfy constraint: Member must "
         "have value "
         "less than or equal to 200"},
        {"glue", "BatchStopJobRun", R"({"JobName": "j", "JobRunIds": []})",
         "1 validation error detected: Value '[]' at 'jobRunIds' failed to satisfy constraint: Member must "
         "have length "
         "greater than or equal to 1"},
        {"glue", "StartJobRun", R"({"JobName": "j", "ExecutionClass": "CHEAP"})",
         "1 validation error detected: Value 'CHEAP' at 'executionClass' failed to satisfy constraint: "
         "Member must "
         "satisfy enum value set: [FLEX, STANDARD]"},
        {"sagemaker", "StartPipelineExecution",
         R"({"PipelineName": "p", "ClientRequestToken": "short", "PipelineExecutionDisplayName": "a_b"})",
         "2 validation errors detected: Value 'short' at 'clientRequestToken' failed to satisfy constraint: "
         "Member must "
         "have length greater than or equal to 32; Value 'a_b' at 'pipelineExecutionDisplayName' failed to "
         "satisfy "
         "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}"},
        {"stepfunctions", "ListExecutions", R"({"maxResults": 1001})",
         "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member "
         "must have value "
         "less than or equal to 1000"},
        {"logs", "FilterLogEvents", R"({"logGroupName": "g", "logStreamNames": ["a", "b:c"]})",
         "1 validation error detected: Value 'b:c' at 'logStreamNames.2.member' failed to satisfy "
         "constraint: Member "
         "must satisfy regular expression pattern: [^:*]*"},
    };
    for (auto& row : rows) {
        auto found = check(row.service, row.operation, row.input);
        EXPECT_EQ(found.wrong_type, "");
        EXPECT_EQ(found.summary(), row.summary) << row.operation;
    }
    EXPECT_EQ(check("glue", "ListJobs", "{}").violations.size(), 0u);
}

TEST(Validation, LimitsCountCharactersNotBytes) {
    std::string umlauts;
    for (int i = 0; i < 255; ++i) umlauts += "ü";
    EXPECT_FALSE(check("glue", "GetJob", R"({"JobName": ")" + umlauts + "\"}").refused());
    EXPECT_TRUE(check("glue", "GetJob", R"({"JobName": ")" + umlauts + "ü\"}").refused());
}

TEST(Validation, SensitiveValuesAreNotRepeated) {  // SAFE-3
    auto long_input =
        std::string(R"({"stateMachineArn": "arn", "input": ")") + std::string(262145, 's') + "\"}";
    auto found = check("stepfunctions", "StartExecution", long_input);
    EXPECT_EQ(found.summary(),
              "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
              "length less "
              "than or equal to 262144");
}

TEST(Validation, WrongTypesAreSerializationErrors) {
    struct Row {
        const char *service, *operation, *input, *message;
    };
    const Row rows[] = {
        {"glue", "GetJob", R"({"JobName": 5})", "NUMBER_VALUE can not be converted to a String"},
        {"glue", "GetJob", R"({"JobName": true})", "TRUE_VALUE can not be converted to a String"},
        {"glue", "GetJob", R"({"JobName": {"a": 1}})", "Start of structure or map found where not expected."},
        {"glue", "StartJobRun", R"({"JobName": "j", "Arguments": ["a"]})",
         "Start of list found where not expected"},
        {"glue", "StartJobRun", R"({"JobName": "j", "Arguments": {"--n": 5}})",
         "NUMBER_VALUE can not be converted to a String"},
        {"glue", "StartJobRun", R"({"JobName": "j", "Timeout": "60"})",
         "STRING_VALUE can not be converted to an Integer"},
        {"glue", "StartJobRun", R"({"JobName": "j", "Timeout": 2.5})",
         "DECIMAL_VALUE can not be converted to an Integer"},
        {"glue", "StartJobRun", R"({"JobName": "j", "Timeout": 3000000000})",
         "NUMBER_VALUE can not be converted to an Integer"},
        {"stepfunctions", "StartExecution", R"({"stateMachineArn": "a", "input": {"x": 1}})",
         "Start of structure or map found where not expected."},
        {"batch", "DescribeJobs", R"({"jobs": "one"})", "Unexpected field type"},
    };
    for (auto& row : rows)
        EXPECT_EQ(check(row.service, row.operation, row.input).wrong_type, row.message) << row.input;
}

TEST(Validation, UnknownMembersAreCountedAndWorkerTypesBeyondTheModelPass) {  // GLUE-4
    auto found = check("glue", "StartJobRun",
                       R"({"JobName": "j", "WorkerType": "R.8X", "NumberOfWorkers": 2, "jobname": 1,
                                                  "NotificationProperty": {"Later": 1}})");
    EXPECT_FALSE(found.refused());
    EXPECT_EQ(found.unknown_count, 2u);
    EXPECT_EQ(found.unknown, (std::vector<std::string>{"jobname", "notificationProperty.Later"}));
}

}  // namespace
}  // namespace polysync::sandbox
