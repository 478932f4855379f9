#include "aws/core/wire.h"

#include <gtest/gtest.h>

#include "aws/core/query.h"
#include "aws/core/test_kit.h"
#include "test/support/fake_http.h"

namespace polysync::aws {
namespace {

TEST(Destination, TakesEndpointsApart) {
    struct Case {
        std::string url, origin, host, prefix;
    } cases[] = {
        {"https://glue.eu-west-1.amazonaws.com", "https://glue.eu-west-1.amazonaws.com",
         "glue.eu-west-1.amazonaws.com", ""},
        {"https://Glue.Example:443/", "https://Glue.Example:443", "glue.example", ""},
        {"https://glue.example:80", "https://glue.example:80", "glue.example:80", ""},
        {"http://localhost:4566", "http://localhost:4566", "localhost:4566", ""},
        {"http://localhost:80/base/path//", "http://localhost:80", "localhost", "/base/path"},
        {"http://[::1]:4570/x", "http://[::1]:4570", "[::1]:4570", "/x"},
    };
    for (auto& c : cases) {
        auto made = make_destination({c.url, "eu-west-1"});
        ASSERT_TRUE(made) << c.url;
        EXPECT_EQ(made.value().origin, c.origin);
        EXPECT_EQ(made.value().host, c.host);
        EXPECT_EQ(made.value().path_prefix, c.prefix);
        EXPECT_EQ(made.value().region, "eu-west-1");
    }
    for (const char* wrong :
         {"", "glue.example", "ftp://x", "https://", "https:///x", "https://:80", "http://x?y", "http://x#y",
          "http://u@x", "http://x y", "http://x\r\nEvil: 1", "http://\xc3\xa4"})
        EXPECT_FALSE(make_destination({wrong, "r"})) << wrong;
}

TEST(MakeRequest, APathPrefixIsSentAndSigned) {
    static constexpr ServiceInfo batch{"batch", "BATCH", "batch", "batch", Protocol::rest_json, "", ""};
    static constexpr Operation describe{&batch, "DescribeJobs", "", "/v1/describejobs"};
    auto destination = make_destination({"http://localhost:4566/aws", "eu-west-1"}).value();
    auto credentials = polysync::aws::test::make_credentials("AKIDEXAMPLE", "secret");
    Signer signer;
    SystemTime time = parse_iso8601("2026-01-02T03:04:05Z").value();
    auto request = make_request(describe, destination, credentials.get(), time, signer, "polysync/1", "{}");
    EXPECT_EQ(request.url, "http://localhost:4566/aws/v1/describejobs");
    HeaderView headers[] = {
        {"content-type", "application/json"}, {"host", "localhost:4566"}, {"x-amz-date", "20260102T030405Z"}};
    SignableRequest signable{"POST", "/aws/v1/describejobs", "", headers, "{}"};
    EXPECT_EQ(polysync::test::header_of(request, "authorization"),
              Signer().authorization("AKIDEXAMPLE", "secret", {"eu-west-1", "batch", "20260102T030405Z"},
                                     signable));
    EXPECT_EQ(polysync::test::header_of(request, "user-agent"), "polysync/1");
    EXPECT_EQ(polysync::test::header_of(request, "x-amz-target"), "");
}

TEST(QueryForm, EncodesNamesAndValues) {
    QueryForm form("AssumeRole", "2011-06-15");
    form.add("RoleArn", "arn:aws:iam::1:role/a b").add_if("None", "").add("Token", "a+b=c&d é~");
    EXPECT_EQ(std::move(form).text(),
              "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
              "&Token=a%2Bb%3Dc%26d%20%C3%A9~");
}

}  // namespace
}  // namespace polysync::aws
