#include "sandbox/front.h"

#include <gtest/gtest.h>

#include "sandbox/front_test_kit.h"
#include "sandbox/resource_arn.h"

namespace polysync::sandbox {
namespace {

constexpr std::string_view describe = "/v1/describejobqueues";

std::string type_of(const HttpAnswer& made) { return std::string(body_of(made).at("__type").as_string()); }
std::string header_of(const HttpAnswer& made, std::string_view name) {
    for (auto& [key, value] : made.headers)
        if (key == name) return value;
    return {};
}

TEST(Front, AnswersEachProtocolInItsForm) {
    Desk desk;
    auto glue = desk.call("glue", "AWSGlue.ListJobs", "{}");
    EXPECT_EQ(glue.status, 200) << glue.body;
    EXPECT_EQ(glue.content_type, "application/x-amz-json-1.1");
    EXPECT_EQ(header_of(glue, "x-amzn-RequestId").size(), 36u);
    EXPECT_EQ(desk.call("states", "AWSStepFunctions.ListStateMachines", "{}").content_type,
              "application/x-amz-json-1.0");
    auto batch = desk.call("batch", describe, "{}");
    EXPECT_EQ(batch.status, 200) << batch.body;
    EXPECT_EQ(batch.content_type, "application/json");
    auto sts = desk.sts("Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(sts.content_type, "text/xml");
    EXPECT_EQ(element(sts.body, "Arn"), "arn:aws:iam::123456789012:user/polysync");
}

// A broken call of every kind: what each protocol calls it and with which status (aws-facts 1.4, 1.5).
TEST(Front, RefusesAsEachProtocolDoes) {
    struct Row {
        const char *what, *code, *query_code;
        int json, rest, query;
    };
    const Row rows[] = {
        {"no signature", "MissingAuthenticationTokenException", "MissingAuthenticationToken", 400, 403, 403},
        {"garbled", "IncompleteSignatureException", "IncompleteSignature", 400, 400, 400},
        {"unknown key", "UnrecognizedClientException", "InvalidClientTokenId", 400, 403, 403},
        {"stray token", "UnrecognizedClientException", "InvalidClientTokenId", 400, 403, 403},
        {"wrong secret", "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
        {"wrong service", "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
        {"wrong region", "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
        {"late", "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
        {"early", "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
    };
    for (auto& row : rows) {
        std::string what = row.what;
        auto send = [&](Desk& desk, std::string_view service, OwnedRequest request) {
            auto signer = desk.signer;
            auto now = desk.clock.now();
            if (what == "unknown key") signer.key_id = "AKIAUNKNOWN000000000";
            if (what == "stray token") signer.token = "token";
            if (what == "wrong secret") signer.secret = "other";
            if (what == "wrong region") signer.region = "mars";
            if (what == "late") now -= std::chrono::minutes(16);
            if (what == "early") now += std::chrono::minutes(16);
            if (what == "garbled") {
                request.headers.emplace_back("X-Amz-Date", format_basic(now));
                request.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential");
            } else if (what != "no signature") {
                signer.sign(request, what == "wrong service" ? "s3" : service, now);
            }
            return desk.send(request);
        };
        Desk desk;
        auto glue = send(desk, "glue", desk.unsigned_call("AWSGlue.ListJobs", "{}"));
        EXPECT_EQ(glue.status, row.json) << what << glue.body;
        EXPECT_EQ(type_of(glue), std::string("com.amazon.coral.service#") + row.code) << what;
        auto batch = send(desk, "batch", desk.unsigned_call(describe, "{}"));
        EXPECT_EQ(batch.status, row.rest) << what;
        EXPECT_EQ(header_of(batch, "x-amzn-ErrorType"), row.code) << what;
        OwnedRequest form;
        form.headers = {{"Host", "localhost"}, {"Content-Type", "application/x-www-form-urlencoded"}};
        form.body = "Action=GetCallerIdentity&Version=2011-06-15";
        auto sts = send(desk, "sts", form);
        EXPECT_EQ(sts.status, row.query) << what;
        EXPECT_EQ(element(sts.body, "Code"), row.query_code) << what << sts.body;
        auto books = desk.read("books").at("calls").as_object();
        EXPECT_EQ(books.at("glue.ListJobs").at("refused"), 1) << what;
    }
}

TEST(Front, ClockMessagesAreAwsOwn) {
    Desk desk;
    auto request = desk.unsigned_call("AWSGlue.ListJobs", "{}");
    desk.signer.sign(request, "glue", test_start - std::chrono::minutes(6));
    EXPECT_EQ(body_of(desk.send(request)).at("message"),
              "Signature expired: 20261120T092400Z is now earlier than 20261120T092500Z (20261120T093000Z - "
              "5 min.)");
    request = desk.unsigned_call("AWSGlue.ListJobs", "{}");
    desk.signer.sign(request, "glue", test_start + std::chrono::minutes(6));
    EXPECT_EQ(body_of(desk.send(request)).at("message"),
              "Signature not yet current: 20261120T093600Z is still later than 20261120T093500Z "
              "(20261120T093000Z + 5 min.)");
    // STS is patient for a quarter of an hour.
    OwnedRequest form;
    form.headers = {{"Host", "localhost"}};
    form.body = "Action=GetCallerIdentity&Version=2011-06-15";
    desk.signer.sign(form, "sts", test_start - std::chrono::minutes(14));
    EXPECT_EQ(desk.send(form).status, 200);
    // The skew setting moves the sandbox's clock, and its Date header with it.
    desk.admin("settings", R"({"clock_skew_ms": -600000})");
    auto skewed = desk.call("glue", "AWSGlue.ListJobs", "{}");
    EXPECT_EQ(skewed.status, 400);
    EXPECT_EQ(skewed.date_offset, Millis(-600000));
}

TEST(Front, HeadersThatMatterMustBeSigned) {
    Desk desk;
    auto request = desk.unsigned_call("AWSGlue.ListJobs", "{}");
    request.headers.pop_back();
    desk.signer.sign(request, "glue", desk.clock.now());
    request.headers.emplace_back("X-Amz-Target", "AWSGlue.ListJobs");
    EXPECT_EQ(body_of(desk.send(request)).at("message"),
              "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
    request = desk.unsigned_call("AWSGlue.ListJobs", "{}");
    request.headers.erase(request.headers.begin());
    desk.signer.sign(request, "glue", desk.clock.now());
    EXPECT_EQ(body_of(desk.send(request)).at("message"),
              "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST(Front, UnknownOperationsAndPaths) {
    Desk desk;
    auto glue = desk.call("glue", "AWSGlue.DropEverything", "{}");
    EXPECT_EQ(glue.status, 400);
    EXPECT_EQ(type_of(glue), "com.amazon.coral.service#UnknownOperationException");
    EXPECT_EQ(desk.call("batch", "/v1/dropeverything", "{}").status, 404);
    EXPECT_EQ(element(desk.sts("Action=DropEverything&Version=2011-06-15").body, "Code"), "InvalidAction");
    EXPECT_EQ(desk.call("glue", "AWSNothing.ListJobs", "{}").body, "<UnknownOperationException/>\n");
    OwnedRequest get;
    get.method = "GET";
    EXPECT_EQ(desk.send(get).status, 404);
}

TEST(Front, ValidationErrorsAreNamedByService) {
    Desk desk;
    auto glue = desk.call("glue", "AWSGlue.GetJob", "{}");
    EXPECT_EQ(type_of(glue), "com.amazon.coral.validate#ValidationException");
    if (desk.world.find_service("logs")) {
        EXPECT_EQ(type_of(desk.call("logs", "Logs_20140328.GetLogEvents", "{}")),
                  "InvalidParameterException");
    }
    EXPECT_EQ(type_of(desk.call("glue", "AWSGlue.GetJob", R"({"JobName": 1})")),
              "com.amazon.coral.service#SerializationException");
    EXPECT_EQ(type_of(desk.call("glue", "AWSGlue.GetJob", "{\"JobName\"")),
              "com.amazon.coral.service#SerializationException");
    auto batch = desk.call("batch", "/v1/submitjob", "{}");
    EXPECT_EQ(batch.status, 400);
    EXPECT_EQ(header_of(batch, "x-amzn-ErrorType"), "ClientException");
    auto sts = desk.sts("Action=AssumeRole&Version=2011-06-15&RoleSessionName=x");
    EXPECT_EQ(element(sts.body, "Code"), "ValidationError");
    EXPECT_EQ(sts.status, 400);
}

TEST(Front, UnknownMembersAreCountedOrRefused) {
    Desk desk;
    auto body = R"({"JobName": "none", "Jobname": 1})";
    EXPECT_EQ(type_of(desk.call("glue", "AWSGlue.GetJob", body)),
              "com.amazonaws.glue#EntityNotFoundException");
    EXPECT_EQ(desk.read("books").at("unknown_members").at("glue.GetJob.Jobname"), 1);
    desk.admin("settings", R"({"strict_members": true})");
    EXPECT_EQ(type_of(desk.call("glue", "AWSGlue.GetJob", body)),
              "com.amazon.coral.validate#ValidationException");
}

TEST(Front, DenialsNameActionAndResource) {  // PLAT-4
    Desk desk;
    EXPECT_EQ(desk.admin("denials", R"({"action": "glue:GetJob"})").status, 200);
    auto glue = desk.call("glue", "AWSGlue.GetJob", R"({"JobName": "etl"})");
    EXPECT_EQ(glue.status, 400);
    EXPECT_EQ(type_of(glue), "com.amazon.coral.service#AccessDeniedException");
    auto message = std::string(body_of(glue).at("message").as_string());
    EXPECT_TRUE(
        message.starts_with("User: arn:aws:iam::123456789012:user/polysync is not authorized to perform: "
                            "glue:GetJob on resource: arn:aws:glue:eu-west-1:123456789012:job/etl "))
        << message;
    EXPECT_TRUE(message.ends_with("because no identity-based policy allows the glue:GetJob action"))
        << message;
    desk.admin("denials", R"({"clear": true, "action": "batch:*", "explicit": true})");
    EXPECT_NE(type_of(desk.call("glue", "AWSGlue.GetJob", R"({"JobName": "etl"})")),
              "com.amazon.coral.service#AccessDeniedException");
    auto batch = desk.call("batch", describe, "{}");
    EXPECT_EQ(batch.status, 403);
    EXPECT_EQ(header_of(batch, "x-amzn-ErrorType"), "AccessDeniedException");
    desk.admin("denials", R"({"action": "sts:*"})");
    EXPECT_EQ(desk.sts("Action=GetCallerIdentity&Version=2011-06-15").status, 200) << "needs no permission";
}

TEST(Front, DeniedResourcesAreThoseOfTheInput) {  // PLAT-4, PLAT-5
    struct Row {
        const char *service, *operation, *input, *arn;
    };
    const Row rows[] = {
        {"glue", "StartJobRun", R"({"JobName": "a/b"})", "arn:aws:glue:eu-west-1:123456789012:job/a/b"},
        {"glue", "ListJobs", "{}", "*"},
        {"batch", "SubmitJob", R"({"jobDefinition": "etl:3"})",
         "arn:aws:batch:eu-west-1:123456789012:job-definition/etl:3"},
        {"batch", "TerminateJob", R"({"jobId": "id"})", "arn:aws:batch:eu-west-1:123456789012:job/id"},
        {"batch", "DescribeJobs", R"({"jobs": ["x"]})", "*"},
        {"sagemaker", "DescribePipeline", R"({"PipelineName": "Churn"})",
         "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/churn"},
        {"sagemaker", "StopPipelineExecution", R"({"PipelineExecutionArn": "arn:x"})", "arn:x"},
        {"states", "ListStateMachines", "{}", "arn:aws:states:eu-west-1:123456789012:stateMachine:*"},
        {"states", "DescribeExecution", R"({"executionArn": "arn:y"})", "arn:y"},
        {"logs", "GetLogEvents", R"({"logGroupName": "/g", "logStreamName": "s"})",
         "arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s"},
        {"sts", "AssumeRole", R"({"RoleArn": "arn:z"})", "arn:z"},
    };
    CallContext context;
    context.region = "eu-west-1";
    for (auto& row : rows)
        EXPECT_EQ(
            resource_arn(row.service, row.operation, boost::json::parse(row.input).as_object(), context),
            row.arn)
            << row.operation;
}

TEST(Front, QuotasThrottleInTheServicesForm) {  // PERF-9
    Desk desk;
    desk.admin("quotas",
               R"({"enabled": true, "rules": {"glue.ListJobs": {"bucket": 2, "refill_per_second": 1},
                             "batch.*": {"bucket": 0, "refill_per_second": 0}}})");
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    auto glue = desk.call("glue", "AWSGlue.ListJobs", "{}");
    EXPECT_EQ(glue.status, 400);
    EXPECT_EQ(type_of(glue), "com.amazonaws.glue#ThrottlingException");
    EXPECT_EQ(desk.call("glue", "AWSGlue.GetJobs", "{}").status, 200) << "another operation, another bucket";
    desk.clock.advance(Millis(1000));
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    auto batch = desk.call("batch", describe, "{}");
    EXPECT_EQ(batch.status, 429);
    EXPECT_EQ(header_of(batch, "x-amzn-ErrorType"), "TooManyRequestsException");
    EXPECT_EQ(desk.read("books").at("calls").at("glue.ListJobs").at("throttled"), 1);
}

TEST(Front, QuotasCountTheirTokens) {  // PERF-9
    Desk desk;
    desk.admin("quotas",
               R"({"enabled": true, "rules": {"glue.ListJobs": {"bucket": 2, "refill_per_second": 1}}})");
    auto bucket = [&] {
        return desk.read("quotas").at("buckets").at("123456789012/eu-west-1/glue.ListJobs").as_object();
    };
    for (int i = 0; i < 3; ++i) (void)desk.call("glue", "AWSGlue.ListJobs", "{}");
    EXPECT_EQ(bucket().at("offered").to_number<double>(), 2);
    EXPECT_EQ(bucket().at("taken"), 2);
    EXPECT_EQ(bucket().at("refused"), 1);
    desk.clock.advance(Millis(5000));
    EXPECT_EQ(bucket().at("offered").to_number<double>(), 7);
    EXPECT_EQ(bucket().at("spilled").to_number<double>(), 3) << "the bucket holds two";
    EXPECT_EQ(bucket().at("taken"), 2);
    desk.admin("reset");
    EXPECT_TRUE(desk.read("quotas").at("buckets").as_object().empty());
}

TEST(Front, BooksTellCallersApartAndKeepCallsWhereAsked) {
    Desk desk;
    desk.admin("credentials", R"({"access_key_id": "AKIASECOND0000000000", "secret_access_key": "second",
                                  "account": "123456789012", "user": "second"})");
    (void)desk.call("glue", "AWSGlue.ListJobs", "{}");
    EXPECT_TRUE(desk.read("calls").at("calls").as_array().empty());
    desk.admin("settings", R"({"kept_calls": 2})");
    (void)desk.call("glue", "AWSGlue.ListJobs", "{}");
    desk.signer.key_id = "AKIASECOND0000000000";
    desk.signer.secret = "second";
    desk.clock.advance(Millis(1500));
    (void)desk.call("glue", "AWSGlue.GetJob", R"({"JobName": "none such"})");
    (void)desk.call("batch", describe, R"({"jobs": ["one", "two"]})");
    auto by_key = desk.read("books").at("calls_by_key").as_object();
    EXPECT_EQ(by_key.at("AKIASANDBOX000000000").at("glue.ListJobs").at("ok"), 2);
    EXPECT_EQ(by_key.at("AKIASECOND0000000000").at("glue.GetJob").at("refused"), 1);
    EXPECT_EQ(by_key.at("AKIASECOND0000000000").as_object().size(), 2u);
    auto calls = desk.read("calls").at("calls").as_array();
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(boost::json::serialize(calls[0]),
              R"({"at_ms":1795167001500,"access_key_id":"AKIASECOND0000000000",)"
              R"("operation":"glue.GetJob","outcome":"refused","input":{"JobName":"none such"}})");
    EXPECT_EQ(boost::json::serialize(calls[1].at("input")), R"({"jobs":["one","two"]})");
}

TEST(Front, QuotaFiguresDependOnTheRegion) {
    Quotas quotas;
    EXPECT_EQ(quotas.rule("stepfunctions", "DescribeExecution", "us-east-1").refill_per_second, 15);
    EXPECT_EQ(quotas.rule("stepfunctions", "DescribeExecution", "eu-central-1").refill_per_second, 10);
    EXPECT_EQ(quotas.rule("batch", "SubmitJob", "eu-west-1").refill_per_second, 50);
    EXPECT_EQ(quotas.rule("glue", "GetJobRun", "eu-west-1").refill_per_second, 5);
    EXPECT_EQ(quotas.rule("sagemaker", "ListPipelines", "eu-west-1").refill_per_second, 2);
    EXPECT_EQ(quotas.rule("logs", "FilterLogEvents", "eu-west-1").refill_per_second, 5);
}

TEST(Front, AccountsAndRegionsAreApart) {
    Desk desk;
    desk.admin("credentials",
               R"({"access_key_id": "AKIAOTHER00000000000", "secret_access_key": "other-secret",
                                  "account": "999999999999", "user": "jane"})");
    desk.signer.key_id = "AKIAOTHER00000000000";
    desk.signer.secret = "other-secret";
    auto sts = desk.sts("Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(element(sts.body, "Arn"), "arn:aws:iam::999999999999:user/jane");
    desk.signer.region = "cn-north-1";
    sts = desk.sts("Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(element(sts.body, "Arn"), "arn:aws-cn:iam::999999999999:user/jane");
    desk.admin("credentials", R"({"access_key_id": "AKIAOTHER00000000000", "remove": true})");
    EXPECT_EQ(desk.sts("Action=GetCallerIdentity&Version=2011-06-15").status, 403);
}

TEST(Front, AdminRefusesWhatItDoesNotKnow) {
    Desk desk;
    struct Row {
        const char *path, *body, *says;
    };
    const Row rows[] = {
        {"fault", "{}", "did you mean 'faults'"},
        {"faults", R"({"kind": "error_befor"})", "known: error_before"},
        {"faults", R"({"kind": "delay", "delay_msec": 1})", "did you mean 'delay_ms'"},
        {"faults", R"({"kind": "delay", "service": "s3"})", "'s3' is no service"},
        {"settings", R"({"running_ms": -1})", "must be a whole number"},
        {"settings", R"({"running": 1})", "has no member 'running'"},
        {"time", R"({"advance_seconds": "1"})", "must be a number"},
        {"quotas", R"({"rules": {"ListJobs": {}}})", "service.Operation"},
        {"roles", "{}", "'name' is required"},
        {"credentials", R"({"access_key_id": "x", "secret_access_key": "y"})", "16 to 128"},
        {"glu/job", "{}", "is no service"},
        {"settings", "[1]", "must be a JSON object"},
        {"settings", "{", "must be a JSON object"},
    };
    for (auto& row : rows) {
        auto made = desk.admin(row.path, row.body);
        EXPECT_GE(made.status, 400) << row.path;
        EXPECT_NE(made.body.find(row.says), std::string::npos) << row.path << " " << made.body;
    }
}

TEST(Front, ResetForgetsAndTimeMoves) {
    Desk desk;
    desk.admin("faults", R"({"kind": "throttle", "count": -1})");
    desk.admin("settings", R"({"time_scale": 10, "running_ms": 7})");
    desk.clock.advance(Millis(1000));
    EXPECT_EQ(desk.read("time").at("sandbox"), "2026-11-20T09:30:10Z");
    desk.admin("time", R"({"advance_seconds": 3600})");
    EXPECT_EQ(desk.read("time").at("sandbox"), "2026-11-20T10:30:10Z");
    EXPECT_EQ(desk.read("time").at("wall"), "2026-11-20T09:30:01Z");
    desk.admin("time", R"({"time_scale": 0})");
    desk.clock.advance(Millis(1000));
    EXPECT_EQ(desk.read("time").at("sandbox"), "2026-11-20T10:30:10Z");
    EXPECT_EQ(desk.admin("reset").status, 200);
    EXPECT_EQ(desk.read("settings").at("time_scale"), 1.0);
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").status, 200);
    EXPECT_EQ(desk.read("books").at("calls").as_object().size(), 1u);
}

}  // namespace
}  // namespace polysync::sandbox
