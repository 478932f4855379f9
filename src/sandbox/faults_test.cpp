#include "sandbox/faults.h"

#include <gtest/gtest.h>

#include "sandbox/front_test_kit.h"

namespace polysync::sandbox {
namespace {

std::uint64_t identity_calls(Desk& desk, std::string_view outcome) {
    return desk.read("books").at("calls").at("sts.GetCallerIdentity").at(outcome).to_number<std::uint64_t>();
}

TEST(Faults, EachKindDoesWhatItSays) {
    struct Row {
        const char* kind;
        int status;
        const char* type;  // "" where the body is no error
        Delivery delivery;
    };
    const Row rows[] = {
        {"error_before", 500, "com.amazonaws.glue#InternalServiceException", Delivery::whole},
        {"error_after", 500, "com.amazonaws.glue#InternalServiceException", Delivery::whole},
        {"throttle", 400, "com.amazonaws.glue#ThrottlingException", Delivery::whole},
        {"expired_credentials", 400, "com.amazon.coral.service#ExpiredTokenException", Delivery::whole},
        {"clock_skew", 400, "com.amazon.coral.service#InvalidSignatureException", Delivery::whole},
        {"lost_answer", 200, "", Delivery::reset},
        {"reset_before", 200, "", Delivery::reset},
        {"truncated_body", 200, "", Delivery::truncated},
        {"garbage_body", 200, "", Delivery::whole},
        {"html_503", 503, "", Delivery::whole},
        {"delay", 200, "", Delivery::whole},
        {"skewed_date", 200, "", Delivery::whole},
    };
    for (auto& row : rows) {
        Desk desk;
        auto added =
            desk.admin("faults", std::string(R"({"kind": ")") + row.kind +
                                     R"(", "service": "glue", "operation": "List*", "delay_ms": 250})");
        EXPECT_EQ(added.status, 200) << added.body;
        EXPECT_EQ(desk.call("glue", "AWSGlue.GetJobs", "{}").status, 200) << "not matched";
        auto made = desk.call("glue", "AWSGlue.ListJobs", "{}");
        EXPECT_EQ(made.status, row.status) << row.kind;
        EXPECT_EQ(made.delivery, row.delivery) << row.kind;
        if (*row.type) {
            EXPECT_EQ(body_of(made).at("__type"), row.type) << row.kind;
        }
        if (std::string_view(row.kind) == "delay") {
            EXPECT_EQ(made.delay, Millis(250));
        }
        if (std::string_view(row.kind) == "skewed_date") {
            EXPECT_EQ(made.date_offset, Millis(250));
        }
        auto after = desk.call("glue", "AWSGlue.ListJobs", "{}");
        EXPECT_EQ(after.status, 200) << row.kind << " acts once";
        EXPECT_EQ(after.delivery, Delivery::whole);
    }
}

TEST(Faults, AfterMeansThatTheEffectHappened) {  // SAFE-1
    for (auto [kind, sessions] :
         {std::pair("error_before", 0), std::pair("reset_before", 0), std::pair("html_503", 0),
          std::pair("error_after", 1), std::pair("lost_answer", 1)}) {
        Desk desk;
        desk.admin("faults", std::string(R"({"kind": ")") + kind +
                                 R"(", "service": "sts", "operation": "AssumeRole"})");
        auto before = desk.world.identities.key_count();
        (void)desk.sts(
            "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/polysync-role&RoleSessionName=abc");
        EXPECT_EQ(desk.world.identities.key_count() - before, std::size_t(sessions)) << kind;
    }
}

TEST(Faults, SkipCountAndOwnError) {
    Desk desk;
    desk.admin(
        "faults",
        R"({"kind": "error_before", "service": "sts", "skip": 1, "count": 2, "code": "IDPCommunicationError",
                             "message": "no JWKS", "status": 400})");
    std::string codes;
    for (int i = 0; i < 4; ++i) codes += element(desk.sts("Action=GetCallerIdentity").body, "Code") + ",";
    EXPECT_EQ(codes, ",IDPCommunicationError,IDPCommunicationError,,");
    EXPECT_EQ(identity_calls(desk, "faulted"), 2u);
    EXPECT_EQ(identity_calls(desk, "ok"), 2u);
}

TEST(Faults, HintsWhenToComeBack) {
    Desk desk;
    desk.admin("faults", R"({"kind": "throttle", "service": "glue", "retry_after_ms": 1500})");
    auto made = desk.call("glue", "AWSGlue.ListJobs", "{}");
    ASSERT_EQ(made.headers.size(), 2u);
    EXPECT_EQ(made.headers[1].first, "x-amz-retry-after");
    EXPECT_EQ(made.headers[1].second, "1500");
    EXPECT_EQ(desk.call("glue", "AWSGlue.ListJobs", "{}").headers.size(), 1u);
}

TEST(Faults, ChanceIsRepeatable) {
    std::string first;
    for (int round = 0; round < 2; ++round) {
        Desk desk;
        desk.admin("faults", R"({"kind": "throttle", "count": -1, "probability": 0.3, "seed": 5})");
        std::string pattern;
        for (int i = 0; i < 200; ++i)
            pattern += desk.call("glue", "AWSGlue.ListJobs", "{}").status == 200 ? '.' : 'x';
        auto hits = std::count(pattern.begin(), pattern.end(), 'x');
        EXPECT_GT(hits, 35);
        EXPECT_LT(hits, 85);
        if (round == 0) first = pattern;
        EXPECT_EQ(pattern, first);
    }
}

}  // namespace
}  // namespace polysync::sandbox
