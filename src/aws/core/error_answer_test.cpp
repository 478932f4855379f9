#include "aws/core/error_answer.h"

#include <gtest/gtest.h>

#include "aws/core/error_codes.h"
#include "aws/core/http_date.h"

namespace polysync::aws {
namespace {

constexpr ServiceInfo json_service{"glue", "GLUE", "glue", "glue", Protocol::json_1_1, "AWSGlue.", ""};
constexpr ServiceInfo rest_service{"batch", "BATCH", "batch", "batch", Protocol::rest_json, "", ""};
constexpr ServiceInfo query_service{"sts", "STS", "sts", "sts", Protocol::query, "", "2011-06-15"};
constexpr Operation json_call{&json_service, "GetJobRun", "AWSGlue.GetJobRun"};
constexpr Operation rest_call{&rest_service, "DescribeJobs", "", "/v1/describejobs"};
constexpr Operation query_call{&query_service, "AssumeRole", ""};

const SystemTime now = parse_iso8601("2026-01-02T03:04:05Z").value();

Error decode(const Operation& operation, int status, std::string body,
             std::vector<http::Header> headers = {}) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    return decode_error_answer(operation, response, now);
}

// aws-facts 1.4, rule by rule
TEST(ErrorAnswer, FindsTheCode) {
    struct Case {
        const Operation* operation;
        int status;
        std::string body;
        std::vector<http::Header> headers;
        std::string code, message;
    };
    const std::vector<http::Header> type{{"x-amzn-ErrorType", "FromHeader:http://internal.amazon.com/"}};
    const Case cases[] = {
        {&json_call,
         400,
         R"({"__type":"com.amazonaws.glue#EntityNotFoundException","Message":"Job Run not found."})",
         {},
         "EntityNotFoundException",
         "Job Run not found."},
        {&json_call, 400, R"({"__type":"X","code":"Y","message":"m"})", type, "X", "m"},
        {&json_call, 400, R"({"Code":"Y","Message":"M"})", type, "Y", "M"},
        {&json_call, 400, R"({"message":"m"})", type, "FromHeader", "m"},
        {&json_call,
         400,
         R"({"__type":"ValidationException:http://x#y","errorMessage":"e"})",
         {},
         "ValidationException",
         "e"},
        {&json_call, 400, R"({"__type":"A#B,C"})", {}, "B", R"({"__type":"A#B,C"})"},
        {&rest_call, 400, R"({"code":"Body","__type":"Type","message":"m"})", type, "FromHeader", "m"},
        {&rest_call, 400, R"({"code":"Body","__type":"Type","message":"m"})", {}, "Body", "m"},
        {&rest_call,
         429,
         R"({"__type":"TooManyRequestsException"})",
         {},
         "TooManyRequestsException",
         R"({"__type":"TooManyRequestsException"})"},
        {&json_call, 503, "", {}, "503", ""},
        {&json_call,
         502,
         "<html><body>Bad gateway</body></html>",
         {},
         "502",
         "a web page came instead of an answer from AWS: Bad gateway (a proxy, gateway or wrong endpoint in "
         "between?)"},
        {&json_call,
         403,
         "\n<!DOCTYPE html>\n<HTML><head><Title>Access\n "
         "denied</TITLE><style>a{}</style></head><body>x</body>",
         {},
         "403",
         "a web page came instead of an answer from AWS: Access denied (a proxy, gateway or wrong endpoint "
         "in "
         "between?)"},
        {&json_call,
         404,
         "<UnknownOperationException/>\n",
         {},
         "UnknownOperationException",
         "<UnknownOperationException/>"},
        {&json_call, 500, "{\"__type\":", {}, "500", "{\"__type\":"},
        {&json_call, 400, "[1]", {}, "400", "[1]"},
        {&json_call, 400, "\xff\xfe{", {}, "400", "\xff\xfe{"},
        {&json_call,
         400,
         R"({"__type":17,"message":{"a":1}})",
         {},
         "17",
         R"({"__type":17,"message":{"a":1}})"},
        {&query_call,
         403,
         "<ErrorResponse "
         "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied"
         "</Code><Message>not &lt;allowed&gt;</Message></Error><RequestId>abc</RequestId></ErrorResponse>",
         {},
         "AccessDenied",
         "not <allowed>"},
        {&query_call,
         400,
         "<Response><Errors><Error><Code>C</Code><Message>m</Message></Error></Errors></Response>",
         {},
         "C",
         "m"},
        {&query_call, 500, "<ErrorResponse><Error><Code>C", {}, "500", "<ErrorResponse><Error><Code>C"},
        {&query_call, 400, R"({"__type":"Throttling","message":"m"})", {}, "Throttling", "m"},
        {&json_call,
         400,
         R"({"__type":"ValidationException","message":"bad","reason":"API_DOES_NOT_SUPPORT_LABELED_ARNS"})",
         {},
         "ValidationException",
         "bad (reason: API_DOES_NOT_SUPPORT_LABELED_ARNS)"},
        {&json_call,
         400,
         R"({"__type":"KmsInvalidStateException","message":"k","kmsKeyState":"DISABLED"})",
         {},
         "KmsInvalidStateException",
         "k (KMS key state: DISABLED)"},
    };
    for (auto& c : cases) {
        Error error = decode(*c.operation, c.status, c.body, c.headers);
        EXPECT_EQ(error.code, c.code) << c.body;
        EXPECT_EQ(error.message, c.message) << c.body;
        EXPECT_EQ(error.http_status, c.status);
        EXPECT_EQ(error.service, c.operation->service->name);
        EXPECT_EQ(error.operation, c.operation->name);
    }
}

TEST(ErrorAnswer, BoundsWhatItKeeps) {
    std::string text;
    while (text.size() < 100000) text += "é";
    Error error = decode(json_call, 500, text);
    EXPECT_LE(error.message.size(), 4200u);
    EXPECT_TRUE(error.message.ends_with("é…"));
    EXPECT_LE(decode(json_call, 400, R"({"__type":")" + std::string(5000, 'x') + "\"}").code.size(), 256u);
}

TEST(ErrorAnswer, FindsTheRequestId) {
    for (const char* name : {"x-amzn-RequestId", "x-amzn-request-id", "x-amz-request-id"})
        EXPECT_EQ(decode(json_call, 400, "{}", {{name, "r-1"}}).request_id, "r-1") << name;
    EXPECT_EQ(decode(query_call, 400, "<ErrorResponse><Error/><RequestId>r-2</RequestId></ErrorResponse>")
                  .request_id,
              "r-2");
    EXPECT_EQ(decode(json_call, 400, "{}").request_id, "");
}

TEST(ErrorAnswer, ReadsTheRetryHint) {
    struct Case {
        std::vector<http::Header> headers;
        std::optional<Millis> hint;
    } cases[] = {{{{"x-amz-retry-after", "1500"}}, Millis(1500)},
                 {{{"X-Amz-Retry-After", "1500"}, {"Retry-After", "9"}}, Millis(1500)},
                 {{{"Retry-After", "7"}}, Millis(7000)},
                 {{{"Retry-After", "Fri, 02 Jan 2026 03:04:15 GMT"}}, Millis(10000)},
                 {{{"Retry-After", "Fri, 02 Jan 2026 03:04:00 GMT"}}, std::nullopt},
                 {{{"x-amz-retry-after", "-1"}}, std::nullopt},
                 {{{"x-amz-retry-after", "1.5"}}, std::nullopt},
                 {{{"x-amz-retry-after", "soon"}, {"Retry-After", "2"}}, Millis(2000)},
                 {{{"x-amz-retry-after", "99999999999999999999"}}, std::nullopt},
                 {{}, std::nullopt}};
    for (auto& c : cases) EXPECT_EQ(decode(json_call, 503, "", c.headers).retry_after, c.hint);
}

// aws-facts 1.5, 12.2
TEST(ErrorCodes, Taxonomy) {
    struct Case {
        std::string_view code, message;
        int status;
        ErrorKind kind;
        RetryClass retry;
    };
    const Case cases[] = {
        {"ThrottlingException", "Rate exceeded", 400, ErrorKind::throttled, RetryClass::throttled},
        {"TooManyRequestsException", "", 429, ErrorKind::throttled, RetryClass::throttled},
        {"KmsThrottlingException", "", 400, ErrorKind::throttled, RetryClass::throttled},
        {"429", "", 429, ErrorKind::throttled, RetryClass::throttled},
        {"SlowDown", "", 503, ErrorKind::throttled, RetryClass::throttled},
        {"InternalServiceException", "", 500, ErrorKind::transient, RetryClass::transient},
        {"OperationTimeoutException", "", 400, ErrorKind::transient, RetryClass::transient},
        {"ServerException", "", 500, ErrorKind::transient, RetryClass::transient},
        {"IDPCommunicationError", "", 400, ErrorKind::transient, RetryClass::transient},
        {"Surprise", "", 502, ErrorKind::transient, RetryClass::transient},
        {"ExpiredTokenException", "", 400, ErrorKind::credentials, RetryClass::expired_credentials},
        {"ExpiredToken", "", 403, ErrorKind::credentials, RetryClass::expired_credentials},
        {"UnrecognizedClientException", "", 400, ErrorKind::credentials, RetryClass::unknown_credentials},
        {"InvalidSignatureException", "Signature expired: 1 is now earlier than 2", 400,
         ErrorKind::clock_skew, RetryClass::never},
        {"SignatureDoesNotMatch", "Signature not yet current: 1", 403, ErrorKind::clock_skew,
         RetryClass::never},
        {"SignatureDoesNotMatch", "The request signature we calculated does not match", 403,
         ErrorKind::credentials, RetryClass::never},
        {"RequestTimeTooSkewed", "", 403, ErrorKind::clock_skew, RetryClass::never},
        {"AccessDeniedException", "", 400, ErrorKind::access_denied, RetryClass::never},
        {"403", "", 403, ErrorKind::access_denied, RetryClass::never},
        {"EntityNotFoundException", "", 400, ErrorKind::not_found, RetryClass::never},
        {"ResourceNotFound", "", 400, ErrorKind::not_found, RetryClass::never},
        {"SomethingNotFoundException", "", 400, ErrorKind::not_found, RetryClass::never},
        {"ConcurrentRunsExceededException", "", 400, ErrorKind::contention, RetryClass::never},
        {"ResourceNumberLimitExceededException", "", 400, ErrorKind::contention, RetryClass::never},
        {"ResourceLimitExceeded", "", 400, ErrorKind::contention, RetryClass::never},
        {"ExecutionLimitExceeded", "", 400, ErrorKind::contention, RetryClass::never},
        {"ExecutionAlreadyExists", "", 400, ErrorKind::conflict, RetryClass::never},
        {"ConflictException", "", 400, ErrorKind::conflict, RetryClass::never},
        {"StateMachineTypeNotSupported", "", 400, ErrorKind::unsupported, RetryClass::never},
        {"InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'", 400,
         ErrorKind::unsupported, RetryClass::never},
        {"InvalidArn", "Invalid Arn: 'x'", 400, ErrorKind::rejected, RetryClass::never},
        {"ValidationException", "", 400, ErrorKind::rejected, RetryClass::never},
        {"ClientException", "", 400, ErrorKind::rejected, RetryClass::never},
        {"UnknownOperationException", "", 404, ErrorKind::rejected, RetryClass::never},
        {"302", "", 302, ErrorKind::rejected, RetryClass::never},
    };
    for (auto& c : cases) {
        ErrorTraits traits = classify_error(c.code, c.message, c.status);
        EXPECT_EQ(traits.kind, c.kind) << c.code << " is " << to_string(traits.kind);
        EXPECT_EQ(traits.retry, c.retry) << c.code;
    }
}

TEST(HttpDate, OnlyTheModernForm) {
    EXPECT_EQ(parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT"), now);
    EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), SystemTime(Millis(0)));
    for (const char* wrong : {"", "Fri, 02 Jan 2026 03:04:05 UTC", "Fri, 32 Jan 2026 03:04:05 GMT",
                              "Fri, 02 Xan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 24:04:05 GMT",
                              "Friday, 02-Jan-26 03:04:05 GMT", "Fri, 02 anF 2026 03:04:05 GMT"})
        EXPECT_FALSE(parse_http_date(wrong)) << wrong;
}

}  // namespace
}  // namespace polysync::aws
