// The token, addresses, Host headers, and the bytes of answers.
#include "server/server.h"

#include <cstdio>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "server/host.h"
#include "server/token.h"
#include "server/wire.h"

namespace polysync::server {
namespace {

std::string fresh_path(const std::string& name) {
    auto path = testing::TempDir() + "/" + name;
    std::remove(path.c_str());
    return path;
}

TEST(Token, IsMadeOnceAndOnlyForItsOwner) {  // SAFE-3
    auto path = fresh_path("polysync-token");
    SeededRandom random(1);
    auto made = load_or_create_token(path, random);
    ASSERT_TRUE(made);
    EXPECT_EQ(made.value().reveal().size(), 64u);
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    auto again = load_or_create_token(path, random);
    ASSERT_TRUE(again);
    EXPECT_EQ(again.value(), made.value());
    EXPECT_EQ(redact("Bearer " + made.value().reveal()), "Bearer [redacted]");
    ::chmod(path.c_str(), 0644);
    EXPECT_EQ(load_or_create_token(path, random).error().code, "token_file_mode");
    ::chmod(path.c_str(), 0600);
    std::ofstream(path) << "short\n";
    EXPECT_EQ(load_or_create_token(path, random).error().code, "token_file_content");
    std::remove(path.c_str());
    EXPECT_EQ(load_or_create_token("/nonexistent/folder/token", random).error().code, "token_file");
}

TEST(Token, OnlyTheWholeTokenAuthorizes) {
    Secret token(std::string(64, 'a'));
    EXPECT_TRUE(is_authorized("Bearer " + token.reveal(), token));
    EXPECT_TRUE(is_authorized("bearer " + token.reveal(), token));
    for (const std::string header : {"", "Bearer", "Bearer ", "Basic abc", "aaaa"})
        EXPECT_FALSE(is_authorized(header, token)) << header;
    EXPECT_FALSE(is_authorized("Bearer " + std::string(63, 'a'), token));
    EXPECT_FALSE(is_authorized("Bearer " + std::string(65, 'a'), token));
    EXPECT_FALSE(is_authorized("Bearer ", Secret()));
}

TEST(Host, OnlyLoopbackNamesReachALoopbackServer) {
    std::vector<std::string> none, proxy{"polysync.example.com"};
    for (const char* host :
         {"127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "127.0.0.2", "localhost."})
        EXPECT_TRUE(is_allowed_host(host, "127.0.0.1", none)) << host;
    for (const char* host :
         {"", "evil.example.com", "127.0.0.1.evil.com", "[::1", "10.0.0.1", "localhost.evil.com:80"})
        EXPECT_FALSE(is_allowed_host(host, "127.0.0.1", none)) << host;
    EXPECT_TRUE(is_allowed_host("polysync.example.com:443", "127.0.0.1", proxy));
    EXPECT_TRUE(is_allowed_host("anything", "0.0.0.0", none));
    EXPECT_FALSE(is_allowed_host("anything", "0.0.0.0", proxy));
}

TEST(Host, ListenAddresses) {
    auto v6 = parse_listen("[::1]:0");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6.value().address, "::1");
    EXPECT_EQ(parse_listen("localhost:8080").value().address, "127.0.0.1");
    EXPECT_EQ(parse_listen("0.0.0.0:65535").value().port, 65535);
    for (const char* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "host.example:80", "127.0.0.1:-1"})
        EXPECT_FALSE(parse_listen(text)) << text;
}

TEST(Wire, TargetsAndHeads) {
    std::string path, query;
    split_target("/api/v1/runs?limit=5&x=%2F?", path, query);
    EXPECT_EQ(path, "/api/v1/runs");
    EXPECT_EQ(query, "limit=5&x=%2F?");
    split_target("http://proxy:80/healthz", path, query);
    EXPECT_EQ(path, "/healthz");
    EXPECT_EQ(query, "");
    split_target("http://proxy", path, query);
    EXPECT_EQ(path, "/");
    auto time = parse_iso8601("2026-11-24T19:13:00Z").value();
    EXPECT_EQ(http_date(time), "Tue, 24 Nov 2026 19:13:00 GMT");
    api::Response response{.status = 201, .body = "{}"};
    response.headers.emplace_back("Location", "/a\r\nX-Evil: 1");
    auto head = response_head(response, time, true);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 201 Created\r\n"));
    EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
    EXPECT_EQ(head.find("\r\nX-Evil"), std::string::npos);
    EXPECT_TRUE(head.ends_with("Connection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace polysync::server
