#include "aws/core/connection.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "aws/core/limiter_registry.h"
#include "aws/core/retry.h"
#include "aws/core/test_kit.h"
#include "test/support/fake_http.h"
#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

using polysync::test::FakeHttp;
using polysync::test::header_of;
using polysync::test::run_async;

constexpr ServiceInfo glue_service{"glue", "GLUE", "glue", "glue", Protocol::json_1_1, "AWSGlue.", ""};
constexpr ServiceInfo sts_service{"sts", "STS", "sts", "sts", Protocol::query, "", "2011-06-15"};
constexpr Operation read_call{&glue_service, "GetJobRun", "AWSGlue.GetJobRun"};
constexpr Operation start_call{&glue_service, "StartJobRun", "AWSGlue.StartJobRun", "/", RepeatSafety::start};
constexpr Operation token_call{&glue_service, "StopRun", "AWSGlue.StopRun", "/", RepeatSafety::idempotent};
constexpr Operation unsigned_call{
    .service = &sts_service, .name = "AssumeRoleWithWebIdentity", .target = "", .is_signed = false};

const SystemTime start_time = parse_iso8601("2026-01-02T03:04:05Z").value();
constexpr const char* throttled_body = R"({"__type":"ThrottlingException","message":"Rate exceeded"})";
constexpr const char* expired_body = R"({"__type":"ExpiredTokenException","message":"expired"})";

// Half of every interval, so that delays are plain to see.
class HalfRandom final : public Random {
  public:
    std::uint64_t next() override { return std::uint64_t(1) << 63; }
};

class ConnectionTest : public testing::Test {
  protected:
    std::shared_ptr<Connection> connect() {
        ConnectionParts parts;
        parts.platform = "etl";
        parts.region = "eu-west-1";
        parts.endpoint_of = [](const Operation& operation) -> Result<Endpoint> {
            return Endpoint{"https://" + std::string(operation.service->name) + ".eu-west-1.amazonaws.com",
                            "eu-west-1"};
        };
        parts.credentials = credentials;
        parts.http = &http;
        parts.clock = &clock;
        parts.random = &random;
        parts.limiters = &limiters;
        parts.retry = retry;
        parts.asks_for_account = asks_for_account;
        return Connection::make(std::move(parts));
    }
    Result<Answer> call(const Operation& operation, std::string body = "{}") {
        if (!connection) connection = connect();
        return run_async(connection->call(operation, std::move(body)));
    }
    std::vector<long long> sleeps() const {
        std::vector<long long> ms;
        for (auto sleep : clock.sleeps) ms.push_back(sleep.count());
        return ms;
    }

    FakeHttp http;
    test::RecordingClock clock{start_time};
    HalfRandom random;
    LimiterRegistry limiters{clock};
    RetrySettings retry;
    bool asks_for_account = false;
    std::shared_ptr<test::ScriptedCredentials> credentials = std::make_shared<test::ScriptedCredentials>(
        std::vector{test::make_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                           "FwoGZXIvYXdzEXAMPLETOKEN=="),
                    test::make_credentials("AKIDSECOND", "second-secret", "second-token")});
    std::shared_ptr<Connection> connection;
};

// The worked example of aws-facts 10.4, from operation to wire.
TEST_F(ConnectionTest, SignsAndSends) {
    http.answer(200, R"({"JobRun":{}})",
                {{"x-amzn-RequestId", "r-1"}, {"Date", "Fri, 02 Jan 2026 03:04:06 GMT"}});
    auto answer = call(read_call, R"({"JobName":"nightly-load","RunId":"jr_0123"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().body, R"({"JobRun":{}})");
    EXPECT_EQ(answer.value().request_id, "r-1");
    EXPECT_EQ(answer.value().server_date, start_time + Millis(1000));
    EXPECT_EQ(connection->clock_offset(), Millis(1000));
    auto& request = http.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "https://glue.eu-west-1.amazonaws.com/");
    EXPECT_EQ(header_of(request, "host"), "glue.eu-west-1.amazonaws.com");
    EXPECT_EQ(header_of(request, "content-type"), "application/x-amz-json-1.1");
    EXPECT_EQ(header_of(request, "x-amz-target"), "AWSGlue.GetJobRun");
    EXPECT_EQ(header_of(request, "x-amz-date"), "20260102T030405Z");
    EXPECT_EQ(header_of(request, "authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/glue/aws4_request, "
              "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
              "Signature=5f0378a1f556e1963023bdd6574fcb575011d4ec1e1d9eb2481965087c9dbaf7");
    EXPECT_FALSE(header_of(request, "user-agent").empty());
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ConnectionTest, UnsignedCallsNeedNoCredentials) {
    credentials = nullptr;
    http.answer(200, "<x/>");
    ASSERT_TRUE(call(unsigned_call, "Action=AssumeRoleWithWebIdentity"));
    EXPECT_EQ(header_of(http.requests()[0], "authorization"), "");
    EXPECT_EQ(header_of(http.requests()[0], "x-amz-date"), "");
    auto refused = call(read_call);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::credentials);
    EXPECT_TRUE(refused.error().service.empty());  // no call was made
}

TEST_F(ConnectionTest, BacksOffAfterTransientFailures) {
    http.answer(500, "").fail(ErrorKind::unclear, "timed_out").answer(200, "{}");
    auto answer = call(read_call);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().attempts, 3);
    EXPECT_EQ(sleeps(), (std::vector<long long>{25, 50}));
    // Each attempt is signed anew.
    EXPECT_EQ(header_of(http.requests()[0], "x-amz-date"), "20260102T030405Z");
}

TEST_F(ConnectionTest, ThrottlingWaitsLongerAndTellsTheLimiter) {
    http.answer(400, throttled_body).answer(429, "").answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    ASSERT_GE(clock.sleeps.size(), 2u);
    EXPECT_EQ(clock.sleeps.front(), Millis(500));
    auto stats = limiters.stats();
    ASSERT_EQ(stats.size(), 1u);
    EXPECT_EQ(stats[0].account, "AKIDEXAMPLE");
    EXPECT_EQ(stats[0].throttles, 2u);
    EXPECT_EQ(stats[0].calls, 3u);
    EXPECT_LT(stats[0].rate_per_s, 5);
}

TEST_F(ConnectionTest, TheServersHintLengthensTheDelay) {
    http.answer(503, "", {{"x-amz-retry-after", "300"}})
        .answer(503, "", {{"Retry-After", "120"}})
        .answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    EXPECT_EQ(sleeps(), (std::vector<long long>{300, 5050}));
}

TEST_F(ConnectionTest, GivesUpAfterTheLastAttempt) {
    http.answer(500, R"({"__type":"InternalServiceException","Message":"oops"})",
                {{"x-amzn-RequestId", "r-9"}});
    http.answer(500, "").answer(500, R"({"__type":"InternalServiceException","Message":"again"})");
    auto answer = call(read_call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::transient);
    EXPECT_EQ(answer.error().code, "InternalServiceException");
    EXPECT_EQ(answer.error().message, "again");
    EXPECT_EQ(answer.error().service, "glue");
    EXPECT_EQ(answer.error().operation, "GetJobRun");
    EXPECT_EQ(clock.sleeps.size(), 2u);
}

TEST_F(ConnectionTest, DefiniteRefusalsAreNotRepeated) {
    struct Case {
        const char* body;
        ErrorKind kind;
    } cases[] = {{R"({"__type":"AccessDeniedException","Message":"no"})", ErrorKind::access_denied},
                 {R"({"__type":"ConcurrentRunsExceededException","Message":"full"})", ErrorKind::contention},
                 {R"({"__type":"ValidationException","message":"bad"})", ErrorKind::rejected},
                 {R"({"__type":"EntityNotFoundException","Message":"who"})", ErrorKind::not_found},
                 {"not json at all", ErrorKind::rejected}};
    for (auto& c : cases) {
        http.answer(400, c.body);
        auto answer = call(start_call);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, c.kind) << c.body;
    }
    EXPECT_TRUE(clock.sleeps.empty());
    EXPECT_EQ(http.requests().size(), std::size(cases));
}

// SAFE-1
TEST_F(ConnectionTest, AStartIsNeverRepeatedBlindly) {
    auto unclear = [&](const char* what) {
        auto answer = call(start_call);
        ASSERT_FALSE(answer) << what;
        EXPECT_EQ(answer.error().kind, ErrorKind::unclear) << what;
        EXPECT_EQ(answer.error().service, "glue") << what;
    };
    http.answer(500, "");
    unclear("500");
    http.answer(400, R"({"__type":"OperationTimeoutException"})");
    unclear("OperationTimeoutException");
    http.fail(ErrorKind::unclear, "connection_lost");
    unclear("connection_lost");
    http.fail(ErrorKind::unclear, "timed_out");
    unclear("timed_out");
    http.fail(ErrorKind::internal, "answer_too_large");
    unclear("answer_too_large");
    http.fail(ErrorKind::cancelled, "cancelled");
    unclear("cancelled");
    EXPECT_EQ(http.requests().size(), 6u);
    EXPECT_TRUE(clock.sleeps.empty());
}

// SAFE-1: asked before each attempt, after everything that takes time.
TEST_F(ConnectionTest, WithoutLeaveNothingIsSent) {
    int asked = 0;
    bool given = false;
    CallOptions options;
    options.may_send = [&] { return ++asked, given; };
    connection = connect();
    auto refused = run_async(connection->call(start_call, "{}", options));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::contention);
    EXPECT_EQ(refused.error().code, lease_lost);
    EXPECT_TRUE(http.requests().empty());
    given = true;
    http.answer(200, "{}");
    EXPECT_TRUE(run_async(connection->call(start_call, "{}", options)));
    // Lost between two attempts of a call: the first one may have been carried out.
    asked = 0;
    options.may_send = [&] { return ++asked < 2; };
    http.fail(ErrorKind::unclear, "connection_lost");
    auto unclear = run_async(connection->call(token_call, "{}", options));
    ASSERT_FALSE(unclear);
    EXPECT_EQ(unclear.error().kind, ErrorKind::unclear);
    EXPECT_EQ(http.requests().size(), 2u);
}

TEST_F(ConnectionTest, AStartThatWasNotSentIsRepeated) {
    http.fail(ErrorKind::transient, "connect_failed").answer(400, throttled_body).answer(200, "{}");
    ASSERT_TRUE(call(start_call));
    http.fail(ErrorKind::transient, "connect_failed");
    http.fail(ErrorKind::transient, "connect_failed");
    http.fail(ErrorKind::transient, "connect_failed");
    auto unreachable = call(start_call);
    ASSERT_FALSE(unreachable);
    EXPECT_EQ(unreachable.error().kind, ErrorKind::transient);
}

TEST_F(ConnectionTest, WithATokenTheSameBytesGoAgain) {
    http.fail(ErrorKind::unclear, "connection_lost").answer(200, "{}");
    ASSERT_TRUE(call(token_call, R"({"ClientRequestToken":"t"})"));
    EXPECT_EQ(http.requests()[0].body, http.requests()[1].body);
}

TEST_F(ConnectionTest, OneUnclearAttemptLeavesTheCallUnclear) {
    // Later attempts say only that *they* did nothing.
    http.fail(ErrorKind::unclear, "timed_out").answer(400, throttled_body).answer(400, throttled_body);
    auto throttled = call(token_call);
    ASSERT_FALSE(throttled);
    EXPECT_EQ(throttled.error().kind, ErrorKind::unclear);
    EXPECT_EQ(throttled.error().code, "ThrottlingException");
    http.fail(ErrorKind::unclear, "timed_out").fail(ErrorKind::transient, "connect_failed");
    http.fail(ErrorKind::transient, "connect_failed");
    EXPECT_EQ(call(token_call).error().kind, ErrorKind::unclear);
    // A refusal of the request as such holds for the first attempt as well.
    http.fail(ErrorKind::unclear, "timed_out").answer(400, R"({"__type":"ValidationException"})");
    EXPECT_EQ(call(token_call).error().kind, ErrorKind::rejected);
    // A conflict speaks of an earlier start under the token, and the first attempt may have been it (SAFE-1).
    http.answer(500, "").answer(400, R"({"__type":"ConflictException"})");
    auto conflict = call(token_call);
    EXPECT_EQ(conflict.error().kind, ErrorKind::unclear);
    EXPECT_EQ(conflict.error().code, "ConflictException");
    http.answer(400, R"({"__type":"ConflictException"})");
    EXPECT_EQ(call(token_call).error().kind, ErrorKind::conflict);
}

TEST_F(ConnectionTest, ReadsThatTimeOutAreTransient) {
    for (int i = 0; i < 3; ++i) http.fail(ErrorKind::unclear, "timed_out");
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::transient);
}

// PLAT-3
TEST_F(ConnectionTest, ExpiredCredentialsAreFetchedOnce) {
    http.answer(400, expired_body).answer(200, "{}");
    ASSERT_TRUE(call(start_call));
    EXPECT_EQ(credentials->invalidations, 1);
    EXPECT_NE(header_of(http.requests()[1], "authorization").find("AKIDSECOND"), std::string::npos);
    EXPECT_EQ(header_of(http.requests()[1], "x-amz-security-token"), "second-token");
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ConnectionTest, RateLimitsOutliveARefreshAndFollowTheAccount) {
    http.answer(400, expired_body).answer(200, "{}").answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    ASSERT_EQ(limiters.stats().size(), 1u);
    EXPECT_EQ(limiters.stats()[0].calls, 2u);
    connection->set_account("123456789012");
    ASSERT_TRUE(call(read_call));
    ASSERT_EQ(limiters.stats().size(), 2u);
    EXPECT_EQ(limiters.stats()[0].account, "123456789012");
}

TEST_F(ConnectionTest, TheAccountIsAskedForOnceBeforeTheFirstCall) {  // PERF-9
    asks_for_account = true;
    http.answer(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>"
            "<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
            "</GetCallerIdentityResponse>")
        .answer(200, "{}")
        .answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    ASSERT_TRUE(call(read_call));
    ASSERT_EQ(http.requests().size(), 3u);
    EXPECT_EQ(http.requests()[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
    ASSERT_EQ(limiters.stats("123456789012", "eu-west-1").size(), 1u);
    EXPECT_EQ(limiters.stats("123456789012", "eu-west-1")[0].calls, 2u);
}

TEST_F(ConnectionTest, WhereTheAccountCannotBeToldTheCredentialsStandForIt) {
    asks_for_account = true;
    http.answer(503, "").answer(200, "{}").answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    ASSERT_TRUE(call(read_call));
    EXPECT_EQ(http.requests().size(), 3u) << "it is not asked for again at once";
    EXPECT_EQ(limiters.stats("AKIDEXAMPLE", "eu-west-1").size(), 1u);
    EXPECT_TRUE(clock.sleeps.empty());
}

TEST_F(ConnectionTest, StillExpiredIsAnError) {
    http.answer(400, expired_body).answer(400, expired_body);
    auto answer = call(read_call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::credentials);
    EXPECT_EQ(credentials->invalidations, 1);
    // The provider has nothing newer: no second try.
    http.answer(400, expired_body);
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::credentials);
}

TEST_F(ConnectionTest, AnUnknownLongLivedKeyIsFinal) {
    credentials = std::make_shared<test::ScriptedCredentials>(
        std::vector{test::make_credentials("AKIALONG", "s"), test::make_credentials("AKIAOTHER", "s")});
    http.answer(400,
                R"({"__type":"UnrecognizedClientException","message":"The security token is invalid."})");
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::credentials);
    EXPECT_EQ(http.requests().size(), 1u);
}

TEST_F(ConnectionTest, MissingCredentialsMakeNoCall) {
    credentials =
        std::make_shared<test::ScriptedCredentials>(std::vector<std::shared_ptr<const Credentials>>{});
    auto answer = call(read_call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::credentials);
    EXPECT_TRUE(answer.error().service.empty());
    EXPECT_TRUE(http.requests().empty());
}

TEST_F(ConnectionTest, CredentialsCannotSmuggleHeaders) {
    for (auto& odd :
         {test::make_credentials("AKIA\r\nX-Evil: 1", "s"), test::make_credentials("AKIA", "s", "token\n"),
          test::make_credentials("", "s"), test::make_credentials("AKIA", ""),
          test::make_credentials("AKIÄ", "s"), std::shared_ptr<const Credentials>()}) {
        credentials = std::make_shared<test::ScriptedCredentials>(std::vector{odd});
        connection = nullptr;
        auto answer = call(read_call);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, "malformed_credentials");
        EXPECT_EQ(answer.error().kind, ErrorKind::credentials);
    }
    EXPECT_TRUE(http.requests().empty());
}

// aws-facts 10.5
TEST_F(ConnectionTest, AWrongClockIsCorrectedAtOnce) {
    const char* skewed =
        R"({"__type":"InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"})";
    http.answer(400, skewed, {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}});
    http.answer(200, "{}", {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}});
    ASSERT_TRUE(call(start_call));
    EXPECT_EQ(header_of(http.requests()[1], "x-amz-date"), "20260102T032405Z");
    EXPECT_EQ(connection->clock_offset(), Millis(20 * 60 * 1000));
    EXPECT_TRUE(clock.sleeps.empty());
    // From now on the first attempt is right.
    http.answer(200, "{}");
    ASSERT_TRUE(call(read_call));
    EXPECT_EQ(header_of(http.requests()[2], "x-amz-date"), "20260102T032405Z");
}

// SAFE-1: a machine that stood still finds its clocks, and what it knows of its lease, where they were.
TEST_F(ConnectionTest, AStartWithLeaveIsNotSignedAnewForAnotherClock) {
    const char* expired =
        R"({"__type":"InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"})";
    int asked = 0;
    CallOptions options;
    options.may_send = [&] { return ++asked > 0; };
    connection = connect();
    http.answer(200, "{}", {{"Date", "Fri, 02 Jan 2026 03:04:05 GMT"}});
    ASSERT_TRUE(run_async(connection->call(start_call, "{}", options)));
    http.answer(400, expired, {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}});
    auto refused = run_async(connection->call(start_call, "{}", options));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, lease_lost);
    EXPECT_EQ(refused.error().kind, ErrorKind::contention);
    EXPECT_EQ(http.requests().size(), 2u);
    // The next one, which was allowed with what is known now, is right at once.
    http.answer(200, "{}", {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}});
    ASSERT_TRUE(run_async(connection->call(start_call, "{}", options)));
    EXPECT_EQ(header_of(http.requests()[2], "x-amz-date"), "20260102T032405Z");
}

TEST_F(ConnectionTest, ClockCorrectionHasItsLimits) {
    const char* denied = R"({"__type":"AccessDeniedException","message":"no"})";
    // Under 4 minutes, from a cache, or without a date: not the reason.
    http.answer(400, denied, {{"Date", "Fri, 02 Jan 2026 03:07:00 GMT"}});
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::access_denied);
    http.answer(400, denied, {{"Date", "Fri, 02 Jan 2026 05:00:00 GMT"}, {"Age", "3"}});
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::access_denied);
    http.answer(400, denied, {{"Date", "yesterday"}});
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::access_denied);
    // Once in a call.
    http.answer(400, denied, {{"Date", "Fri, 02 Jan 2026 05:00:00 GMT"}});
    http.answer(400, denied, {{"Date", "Fri, 02 Jan 2026 08:00:00 GMT"}});
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::access_denied);
    EXPECT_EQ(http.requests().size(), 5u);
    // A request that was signed with the offset of now was not refused for it, however large that is.
    http.answer(400, denied, {{"Date", "Fri, 02 Jan 2026 08:00:10 GMT"}});
    EXPECT_EQ(call(read_call).error().kind, ErrorKind::access_denied);
    EXPECT_EQ(http.requests().size(), 6u);
}

TEST_F(ConnectionTest, TheRetryQuotaRunsOut) {
    retry.max_attempts = 100;
    for (int i = 0; i < 36; ++i) http.answer(500, "");
    auto answer = call(read_call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(clock.sleeps.size(), 35u);  // 35 × 14 of 500 tokens
    http.answer(500, R"({"__type":"InternalFailure"})");
    EXPECT_EQ(call(read_call).error().code, "InternalFailure");  // at once
    EXPECT_EQ(clock.sleeps.size(), 35u);
}

TEST_F(ConnectionTest, AFailedEndpointMakesNoCall) {
    ConnectionParts parts;
    parts.endpoint_of = [](const Operation&) -> Result<Endpoint> { return Endpoint{"glue.local", "x"}; };
    parts.credentials = credentials;
    parts.http = &http;
    parts.clock = &clock;
    parts.random = &random;
    connection = Connection::make(std::move(parts));
    auto answer = call(read_call);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(answer.error().code, "bad_endpoint");
}

// ---- Cancellation

struct Cancelled {
    std::optional<Result<Answer>> answer;
    std::exception_ptr thrown;
};

Async<void> call_and_keep(std::shared_ptr<Connection> connection, const Operation& operation,
                          Cancelled& out) {
    out.answer.emplace(co_await connection->call(operation, "{}"));
}

Cancelled cancel_during(const std::shared_ptr<Connection>& connection, const Operation& operation) {
    boost::asio::io_context io;
    boost::asio::cancellation_signal signal;
    Cancelled out;
    auto done = [&out](std::exception_ptr thrown) { out.thrown = thrown; };
    boost::asio::co_spawn(io, call_and_keep(connection, operation, out),
                          boost::asio::bind_cancellation_slot(signal.slot(), done));
    for (int i = 0; i < 20; ++i) io.poll_one();
    signal.emit(boost::asio::cancellation_type::terminal);
    io.run();
    return out;
}

TEST_F(ConnectionTest, CancellationIsAnErrorNotAnException) {
    http.hang();
    Cancelled read = cancel_during(connect(), read_call);
    EXPECT_FALSE(read.thrown);
    ASSERT_TRUE(read.answer);
    EXPECT_EQ(read.answer->error().kind, ErrorKind::cancelled);
    http.hang();
    Cancelled start = cancel_during(connect(), start_call);
    EXPECT_FALSE(start.thrown);
    ASSERT_TRUE(start.answer);
    EXPECT_EQ(start.answer->error().kind, ErrorKind::unclear);  // it may have been sent
}

}  // namespace
}  // namespace polysync::aws
