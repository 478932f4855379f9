#include "provider/console.h"

#include <gtest/gtest.h>

namespace polysync {
namespace {

// PLAT-1, GLUE-8, BATCH-7, SM-6, SFN-8: every partition, the ISO ones without links.
TEST(Console, LinksInEveryPartition) {
    struct Case {
        std::string_view region, host;
    };
    for (const Case& c : {Case{"us-east-1", "us-east-1.console.aws.amazon.com"},
                          Case{"eu-central-2", "eu-central-2.console.aws.amazon.com"},
                          Case{"cn-north-1", "cn-north-1.console.amazonaws.cn"},
                          Case{"us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"},
                          Case{"eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"}}) {
        EXPECT_EQ(console_link(c.region, "x#y"), "https://" + std::string(c.host) + "/x#y");
    }
    for (std::string_view region :
         {"us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", ""}) {
        EXPECT_EQ(console_link(region, "x"), "") << region;
    }
}

TEST(Console, EncodesEverythingThatIsNotUnreserved) {
    EXPECT_EQ(percent_encode("a/b c:d_~-.1"), "a%2Fb%20c%3Ad_~-.1");
    EXPECT_EQ(percent_encode("\xC3\xA4"), "%C3%A4");
    EXPECT_EQ(percent_encode(""), "");
}

}  // namespace
}  // namespace polysync
