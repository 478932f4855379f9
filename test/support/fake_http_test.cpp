#include "test/support/fake_http.h"

#include <gtest/gtest.h>

#include "test/support/run_async.h"

namespace polysync::test {
namespace {

http::Request request_to(std::string url) {
    http::Request request;
    request.url = std::move(url);
    request.headers.push_back({"X-Amz-Date", "now"});
    return request;
}

TEST(FakeHttp, AnswersInOrderAndRemembers) {
    FakeHttp http;
    http.answer(200, "one").fail(ErrorKind::unclear, "connection_lost").when("token", 201, "t");
    auto first = run_async(http.send(request_to("http://a/1")));
    ASSERT_TRUE(first);
    EXPECT_EQ(first.value().body, "one");
    EXPECT_GE(first.value().body.capacity(), first.value().body.size() + 64);
    EXPECT_EQ(run_async(http.send(request_to("http://a/token"))).value().status, 201);
    auto lost = run_async(http.send(request_to("http://a/2")));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::unclear);
    EXPECT_EQ(http.requests().size(), 3u);
    EXPECT_EQ(http.count("token"), 1u);
    EXPECT_EQ(header_of(http.requests()[0], "x-amz-date"), "now");
}

}  // namespace
}  // namespace polysync::test
