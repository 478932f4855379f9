#include <gtest/gtest.h>

#include "model/attribute_schema.h"
#include "model/parameter.h"
#include "model/platform.h"

namespace polysync {
namespace {

TEST(Parameter, TypeIsInferredOnlyFromCanonicalText) {  // GLUE-2
    struct Row {
        const char* text;
        DataType type;
    } rows[] = {{"10", DataType::integer},
                {"-7", DataType::integer},
                {"0", DataType::integer},
                {"007", DataType::string},
                {"+1", DataType::string},
                {"-0", DataType::string},
                {"1e3", DataType::string},
                {"0.5", DataType::number},
                {"1.50", DataType::string},
                {"-2.25", DataType::number},
                {".5", DataType::string},
                {"1.", DataType::string},
                {"true", DataType::boolean},
                {"True", DataType::string},
                {"FALSE", DataType::string},
                {"", DataType::string},
                {" 10", DataType::string},
                {"s3://bucket/x", DataType::string},
                {"NaN", DataType::string},
                {"{\"a\":1}", DataType::string},
                {"99999999999999999999", DataType::string}};
    for (const auto& row : rows) EXPECT_EQ(infer_type(row.text), row.type) << row.text;
}

TEST(Parameter, ValuesAreCheckedAgainstTheirType) {  // SFN-2, SAFE-5
    struct Row {
        DataType type;
        const char* text;
        bool good;
    } rows[] = {{DataType::integer, "123456789012345678901234567890", true},
                {DataType::integer, "1.0", false},
                {DataType::integer, "007", false},
                {DataType::number, "1e-3", true},
                {DataType::number, "NaN", false},
                {DataType::number, "0x10", false},
                {DataType::boolean, "true", true},
                {DataType::boolean, "True", false},
                {DataType::json, "[1, {\"a\": null}]", true},
                {DataType::json, "{a: 1}", false},
                {DataType::json, "", false},
                {DataType::string, "", true}};
    for (const auto& row : rows) {
        auto checked = check_value("p", row.type, row.text);
        EXPECT_EQ(bool(checked), row.good) << row.text;
        if (!checked) {
            EXPECT_EQ(checked.error().kind, ErrorKind::invalid_input);
            EXPECT_NE(checked.error().message.find("'p'"), std::string::npos);
        }
    }
}

TEST(Parameter, DeepJsonIsRefusedNotCrashedOn) {
    EXPECT_FALSE(check_value("p", DataType::json, std::string(100000, '[')));
}

TEST(Platform, WordsRoundTrip) {  // PLAT-1, PLAT-2
    for (auto word : {"aws_glue", "aws_batch", "aws_sagemaker", "aws_step_functions"})
        EXPECT_EQ(to_string(parse_platform_type(word).value()), word);
    for (auto word : {"web_identity", "access_key", "assume_role", "instance_profile", "default_chain"})
        EXPECT_EQ(to_string(parse_auth_method(word).value()), word);
    for (auto word : {"file", "azure_managed_identity", "entra_client_secret", "entra_client_assertion"})
        EXPECT_EQ(to_string(parse_token_source(word).value()), word);
    EXPECT_FALSE(parse_platform_type("glue"));
}

TEST(Platform, ClearTextSecretsAreTold) {  // PLAT-2
    EXPECT_TRUE(SecretReference{"wJalr"}.is_clear_text());
    for (auto text : {"", "env://X", "file:///run/secret", "vault://v/s"})
        EXPECT_FALSE(SecretReference{text}.is_clear_text()) << text;
}

struct AttributeRow {
    PlatformType type;
    const char* name;
    boost::json::value value;
    boost::json::value expected;  // null: refused
};

TEST(AttributeSchema, ChecksAndNormalizes) {  // GLUE-4, BATCH-3, SM-2, SFN-3, SFN-9, SAFE-5
    auto glue = PlatformType::aws_glue;
    auto batch = PlatformType::aws_batch;
    auto sagemaker = PlatformType::aws_sagemaker;
    auto states = PlatformType::aws_step_functions;
    const boost::json::value refused;
    std::vector<AttributeRow> rows{
        {glue, "worker_type", "G.2X", "G.2X"},
        {glue, "worker_type", "G.99X", "G.99X"},  // AWS lists newer ones before we know them
        {glue, "number_of_workers", "10", 10},
        {glue, "number_of_workers", 10, 10},
        {glue, "number_of_workers", 0, refused},
        {glue, "number_of_workers", "2.5", refused},
        {glue, "number_of_workers", true, refused},
        {glue, "timeout_minutes", -5, refused},
        {glue, "execution_class", "FLEX", "FLEX"},
        {glue, "execution_class", "flex", refused},
        {glue, "job_run_queuing", "true", true},
        {batch, "retry_attempts", 11, refused},
        {batch, "array_size", 1, refused},
        {batch, "array_size", "10000", 10000},
        {batch, "attempt_duration_seconds", 59, refused},
        {batch, "vcpus", "0.25", "0.25"},
        {batch, "vcpus", 0, refused},
        {batch, "vcpus", 0.5, "0.5"},  // a JSON number, as REST and --attr give it
        {glue, "version", 4.5, "4.5"},
        {batch, "environment", boost::json::object{{"RATE", 0.25}, {"N", 100000.0}},
         boost::json::object{{"RATE", "0.25"}, {"N", "100000"}}},
        {batch, "command", "python,run.py", boost::json::array{"python", "run.py"}},
        {batch, "command", R"(["a,b","c"])", boost::json::array{"a,b", "c"}},
        {batch, "tags", "team=data,env=prod", boost::json::object{{"team", "data"}, {"env", "prod"}}},
        {batch, "tags", "team", refused},
        {batch, "environment", boost::json::object{{"AWS_BATCH_X", "1"}}, refused},
        {batch, "depends_on", "id-1", boost::json::array{boost::json::object{{"jobId", "id-1"}}}},
        {batch, "depends_on", R"([{"type":"SEQUENTIAL"}])",
         boost::json::array{boost::json::object{{"type", "SEQUENTIAL"}}}},
        {batch, "depends_on", R"([{"type":"N_TO_N"}])", refused},
        {batch, "depends_on", R"([{"job":"x"}])", refused},
        {sagemaker, "execution_display_name", "nightly-1", "nightly-1"},
        {sagemaker, "execution_display_name", "nightly_1", refused},
        {sagemaker, "execution_display_name", boost::json::string(83, 'a'), refused},
        {sagemaker, "max_parallel_execution_steps", 0, refused},
        {states, "execution_mode", "sync", "sync"},
        {states, "execution_mode", "express", refused},
        {states, "trace_header", "Root=1-67891233-abcdef012345678912345678",
         "Root=1-67891233-abcdef012345678912345678"},
    };
    for (const auto& row : rows) {
        auto checked = check_attribute(row.type, AttributePlace::job, row.name, row.value);
        EXPECT_EQ(bool(checked), !row.expected.is_null()) << row.name << " " << row.value;
        if (checked) {
            EXPECT_EQ(checked.value(), row.expected) << row.name;
        } else {
            EXPECT_EQ(checked.error().kind, ErrorKind::invalid_input);
        }
    }
}

TEST(AttributeSchema, UnknownNamesGetTheNearestOne) {  // SAFE-5
    auto checked = check_attribute(PlatformType::aws_glue, AttributePlace::job, "worker_typ", "G.1X");
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().message.find("did you mean 'worker_type'"), std::string::npos)
        << checked.error().message;
    // Each place has its own names.
    EXPECT_FALSE(check_attribute(PlatformType::aws_batch, AttributePlace::job, "default_job_queue", "q"));
    EXPECT_TRUE(check_attribute(PlatformType::aws_batch, AttributePlace::platform_defaults,
                                "default_job_queue", "q"));
    EXPECT_FALSE(
        check_attribute(PlatformType::aws_batch, AttributePlace::platform_defaults, "array_size", 5));
}

}  // namespace
}  // namespace polysync
