#include "http/curl/curl_client.h"

#include <filesystem>
#include <fstream>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "base/secret.h"
#include "test/support/run_async.h"
#include "test/support/scripted_server.h"

namespace polysync::http {
namespace {

using test::Reply;
using test::run_async;
using test::ScriptedServer;
using test::SeenRequest;

std::unique_ptr<HttpClient> client_with(CurlOptions options = {}) {
    auto client = make_curl_client(std::move(options));
    EXPECT_TRUE(client) << client.error().describe();
    return std::move(client.value());
}

Request get(std::string url) {
    Request request;
    request.url = std::move(url);
    return request;
}

Request post(std::string url, std::string body) {
    Request request = get(std::move(url));
    request.method = "POST";
    request.body = std::move(body);
    return request;
}

Async<void> send_into(HttpClient& client, Request request, std::vector<Result<Response>>& answers) {
    answers.push_back(co_await client.send(std::move(request)));
}

Async<std::vector<Result<Response>>> send_in_turn(HttpClient& client, std::vector<Request> requests) {
    std::vector<Result<Response>> answers;
    for (Request& request : requests) answers.push_back(co_await client.send(std::move(request)));
    co_return answers;
}

TEST(CurlClient, SendsTheRequestAsGivenAndReturnsTheWholeAnswer) {
    ScriptedServer server([](const SeenRequest&) {
        return Reply::status("404 Not Found", "nothing here", "X-One: a b \r\nx-two:\r\nX-ONE: c\r\n");
    });
    auto client = client_with();
    Request request = post(server.url("/a/../b%2Fc?x=%C3%A4&y=/./"), "{\"k\":1}");
    request.headers = {
        {"Host", "glue.us-east-1.amazonaws.com"}, {"X-Amz-Target", "AWSGlue.GetJob"}, {"X-Empty", ""}};
    auto answer = run_async(client->send(std::move(request)));
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(answer.value().status, 404);
    EXPECT_EQ(answer.value().body, "nothing here");
    EXPECT_EQ(answer.value().header("x-one"), "a b");
    EXPECT_EQ(answer.value().header("X-Two"), "");
    EXPECT_EQ(answer.value().header("absent"), "");
    EXPECT_GE(answer.value().body.capacity(), answer.value().body.size() + 64);
    SeenRequest seen = server.seen().at(0);
    EXPECT_EQ(seen.head,
              "POST /a/../b%2Fc?x=%C3%A4&y=/./ HTTP/1.1\r\nHost: glue.us-east-1.amazonaws.com\r\n"
              "X-Amz-Target: AWSGlue.GetJob\r\nX-Empty:\r\nContent-Length: 7\r\n\r\n");
    EXPECT_EQ(seen.body, "{\"k\":1}");
}

TEST(CurlClient, Methods) {
    struct Case {
        const char* method;
        const char* body;
        const char* content_length;
    };
    ScriptedServer server([](const SeenRequest& request) {
        return request.method == "HEAD"
                   ? Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", Reply::Then::keep)
                   : Reply::ok(request.method);
    });
    auto client = client_with();
    for (const Case& given :
         {Case{"GET", "", ""}, Case{"PUT", "", "0"}, Case{"POST", "", "0"}, Case{"DELETE", "", ""},
          Case{"HEAD", "", ""}, Case{"PUT", "abc", "3"}, Case{"GET", "", ""}}) {
        Request request = get(server.url("/m"));
        request.method = given.method;
        request.body = given.body;
        auto answer = run_async(client->send(std::move(request)));
        ASSERT_TRUE(answer) << answer.error().describe();
        SeenRequest seen = server.seen().back();
        EXPECT_EQ(seen.method, given.method);
        EXPECT_EQ(seen.body, given.body);
        EXPECT_EQ(seen.header("content-length"), given.content_length);
        EXPECT_EQ(seen.header("content-type"), "");
        EXPECT_EQ(seen.header("expect"), "");
        EXPECT_EQ(answer.value().body, seen.method == "HEAD" ? "" : seen.method);
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, LargeBodiesGoWithoutExpectAndComeBackChunked) {
    std::string large(3'000'000, 'x');
    ScriptedServer server([](const SeenRequest& request) {
        return Reply::raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=1\r\n "
            "\r\n5\r\nworld\r\n0\r\n"
            "Trailer: " +
                std::to_string(request.body.size()) + "\r\n\r\n",
            Reply::Then::keep);
    });
    auto client = client_with();
    auto answer = run_async(client->send(post(server.url(), large)));
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(answer.value().body, "hello world");
    EXPECT_EQ(server.seen()[0].body.size(), large.size());
    EXPECT_EQ(server.seen()[0].header("expect"), "");
}

TEST(CurlClient, OneConnectionServesManyRequests) {
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("x"); });
    auto client = client_with();
    std::vector<Request> requests;
    for (int i = 0; i < 20; ++i) requests.push_back(i % 2 == 0 ? get(server.url()) : post(server.url(), "b"));
    for (const auto& answer : run_async(send_in_turn(*client, std::move(requests)))) ASSERT_TRUE(answer);
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, RedirectsAreValues) {
    ScriptedServer server(
        [](const SeenRequest&) { return Reply::status("302 Found", "", "Location: /elsewhere\r\n"); });
    auto client = client_with();
    auto answer = run_async(client->send(get(server.url())));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().status, 302);
    EXPECT_EQ(server.seen().size(), 1u);
}

// SAFE-1: a request that the server may have read is never repeated by the transport, whatever libcurl would
// do with a dead connection that it used again.
TEST(CurlClient, NeverSendsTwice) {
    struct Case {
        const char* name;
        Reply::Then then;
        std::string bytes;
    };
    for (const Case& given :
         {Case{"closed", Reply::Then::close, ""}, Case{"reset", Reply::Then::reset, ""},
          Case{"closed in the status line", Reply::Then::close, "HTTP/1.1 2"},
          Case{"closed in the body", Reply::Then::close, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
          Case{"reset in the body", Reply::Then::reset, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
          Case{"garbage", Reply::Then::close, "\x16\x03\x01 what is this\r\n\r\n"}}) {
        for (const char* method : {"POST", "GET"}) {
            for (bool reused : {true, false}) {
                ScriptedServer server([&](const SeenRequest& request) {
                    return request.target == "/first" ? Reply::ok("x") : Reply::raw(given.bytes, given.then);
                });
                auto client = client_with();
                std::vector<Request> requests;
                if (reused) requests.push_back(get(server.url("/first")));
                Request start = std::string_view(method) == "POST" ? post(server.url("/start"), "{}")
                                                                   : get(server.url("/start"));
                requests.push_back(std::move(start));
                auto answers = run_async(send_in_turn(*client, std::move(requests)));
                ASSERT_FALSE(answers.back()) << given.name << method << reused;
                EXPECT_EQ(answers.back().error().kind, ErrorKind::unclear) << given.name;
                EXPECT_EQ(answers.back().error().code, "connection_lost") << given.name;
                int starts = 0;
                for (const SeenRequest& seen : server.seen()) starts += seen.target == "/start";
                EXPECT_EQ(starts, 1) << given.name << " " << method << " reused " << reused;
            }
        }
    }
}

// An idle connection that the server has closed in between is noticed before anything is sent on it.
TEST(CurlClient, ClosedIdleConnectionIsReplaced) {
    ScriptedServer server([](const SeenRequest& request) {
        return request.target == "/last"
                   ? Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Reply::Then::close)
                   : Reply::ok("x");
    });
    auto client = client_with();
    ASSERT_TRUE(run_async(client->send(get(server.url("/last")))));
    // The server's FIN is on its way; another connection's round trip puts it behind us.
    ScriptedServer other([](const SeenRequest&) { return Reply::ok("x"); });
    ASSERT_TRUE(run_async(client->send(get(other.url()))));
    auto answer = run_async(client->send(get(server.url("/next"))));
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(server.connections(), 2);
}

TEST(CurlClient, RefusedConnectionWasCertainlyNotSent) {
    int port = 0;
    {
        ScriptedServer server([](const SeenRequest&) { return Reply::ok("x"); });
        port = server.port();
    }
    auto client = client_with();
    auto answer = run_async(client->send(get("http://127.0.0.1:" + std::to_string(port) + "/")));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::transient);
    EXPECT_EQ(answer.error().code, "connect_failed");
    EXPECT_FALSE(answer.error().remedy.empty());
}

TEST(CurlClient, UnknownHostNamesTheRegion) {
    auto client = client_with();
    auto answer = run_async(client->send(get("http://glue.nowhere-1.invalid/")));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "connect_failed");
    EXPECT_NE(answer.error().remedy.find("region"), std::string::npos);
}

TEST(CurlClient, TimeOuts) {
    ScriptedServer server([](const SeenRequest& request) {
        return Reply::raw(request.target == "/part" ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" : "",
                          Reply::Then::hang);
    });
    auto client = client_with();
    for (const char* path : {"/silent", "/part"}) {
        Request request = get(server.url(path));
        request.timeout = std::chrono::milliseconds(50);
        auto answer = run_async(client->send(std::move(request)));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, ErrorKind::unclear);
        EXPECT_EQ(answer.error().code, "timed_out");
    }
}

// A TLS handshake that never ends: nothing of the request was sent.
TEST(CurlClient, ConnectTimeOutWasCertainlyNotSent) {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
    auto client = client_with();
    Request request = get("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
    request.connect_timeout = std::chrono::milliseconds(50);
    auto answer = run_async(client->send(std::move(request)));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::transient);
    EXPECT_EQ(answer.error().code, "connect_failed");
}

TEST(CurlClient, BodiesAreBounded) {
    ScriptedServer server([](const SeenRequest& request) {
        std::string body(1001, 'x');
        if (request.target == "/length") return Reply::ok(body);
        if (request.target == "/exact") return Reply::ok(body.substr(1));
        if (request.target == "/headers")
            return Reply::ok("x", "X-Long: " + std::string(90'000, 'y') +
                                      "\r\nX-Longer: " + std::string(90'000, 'y') + "\r\n");
        return Reply::raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + body + "\r\n0\r\n\r\n",
            Reply::Then::keep);
    });
    auto client = client_with();
    for (const char* path : {"/length", "/chunked", "/headers"}) {
        Request request = get(server.url(path));
        request.max_body_bytes = 1000;
        auto answer = run_async(client->send(std::move(request)));
        ASSERT_FALSE(answer) << path;
        EXPECT_EQ(answer.error().code, "answer_too_large") << path << answer.error().describe();
        EXPECT_EQ(answer.error().kind, ErrorKind::internal);
    }
    Request request = get(server.url("/exact"));
    request.max_body_bytes = 1000;
    EXPECT_TRUE(run_async(client->send(std::move(request))));
}

TEST(CurlClient, BadUrlsAndHeadersAreRefusedBeforeAnything) {
    auto client = client_with();
    for (const char* url : {"", "glue.us-east-1.amazonaws.com", "ftp://host/", "file:///etc/passwd",
                            "http://", "http:///path", "http://host/a\r\nX: y", "http://host:99999/"}) {
        auto answer = run_async(client->send(get(url)));
        ASSERT_FALSE(answer) << url;
        EXPECT_EQ(answer.error().kind, ErrorKind::invalid_input) << url << answer.error().describe();
        EXPECT_EQ(answer.error().code, "bad_url") << url;
    }
    for (const Header& header :
         {Header{"X", "a\r\nY: b"}, Header{"X\n", "a"}, Header{"", "a"}, Header{"X: y", "a"}}) {
        Request request = get("http://127.0.0.1:1/");
        request.headers.push_back(header);
        auto answer = run_async(client->send(std::move(request)));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, "bad_url");
    }
}

TEST(CurlClient, ManyAtOnceShareFewConnections) {
    constexpr int count = 1000;
    ScriptedServer server([](const SeenRequest& request) { return Reply::ok(request.body); });
    CurlOptions options;
    options.max_connections_per_host = 32;
    boost::asio::io_context io;
    auto client = client_with(options);
    std::vector<Result<Response>> answers;
    for (int i = 0; i < count; ++i) {
        boost::asio::co_spawn(io,
                              send_into(*client, post(server.url(), "body " + std::to_string(i)), answers),
                              boost::asio::detached);
    }
    io.run();
    ASSERT_EQ(answers.size(), std::size_t(count));
    std::set<std::string> bodies;
    for (const auto& answer : answers) {
        ASSERT_TRUE(answer) << answer.error().describe();
        bodies.insert(answer.value().body);
    }
    EXPECT_EQ(bodies.size(), std::size_t(count));
    EXPECT_LE(server.connections(), 32);
    EXPECT_EQ(server.seen().size(), std::size_t(count));
}

TEST(CurlClient, TooManyWaitingAreRefused) {
    ScriptedServer server([](const SeenRequest&) { return Reply::raw("", Reply::Then::hang); });
    CurlOptions options;
    options.max_connections_per_host = 1;
    options.max_waiting_requests = 1;
    boost::asio::io_context io;
    auto client = client_with(options);
    std::vector<Result<Response>> answers;
    for (int i = 0; i < 3; ++i) {
        Request request = get(server.url());
        request.timeout = std::chrono::milliseconds(60);
        boost::asio::co_spawn(io, send_into(*client, std::move(request), answers), boost::asio::detached);
    }
    io.run();
    ASSERT_EQ(answers.size(), 3u);
    // One refused at once, one timed out on the wire, one whose time ran out while it waited or on the wire
    // after it.
    EXPECT_EQ(answers[0].error().code, "connect_failed");
    EXPECT_EQ(answers[1].error().code, "timed_out");
}

Async<void> send_cancellable(HttpClient& client, Request request, std::vector<Result<Response>>& answers) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    answers.push_back(co_await client.send(std::move(request)));
}

TEST(CurlClient, CancellationEndsWaitingAndRunningRequests) {
    std::atomic<int> arrived{0};
    boost::asio::io_context io;
    boost::asio::cancellation_signal first, second;
    auto work = boost::asio::make_work_guard(io);
    ScriptedServer server([&](const SeenRequest&) {
        ++arrived;
        auto emit = [&first, &second, &work] {
            second.emit(boost::asio::cancellation_type::terminal);  // still in the queue
            first.emit(boost::asio::cancellation_type::terminal);   // on the wire
            work.reset();
        };
        boost::asio::post(io, emit);
        return Reply::raw("", Reply::Then::hang);
    });
    CurlOptions options;
    options.max_connections_per_host = 1;
    auto client = client_with(options);
    std::vector<Result<Response>> answers;
    boost::asio::co_spawn(io, send_cancellable(*client, get(server.url()), answers),
                          boost::asio::bind_cancellation_slot(first.slot(), boost::asio::detached));
    boost::asio::co_spawn(io, send_cancellable(*client, get(server.url()), answers),
                          boost::asio::bind_cancellation_slot(second.slot(), boost::asio::detached));
    io.run();
    ASSERT_EQ(answers.size(), 2u);
    for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
    EXPECT_EQ(arrived, 1);
    first.emit(boost::asio::cancellation_type::terminal);  // after the end: nothing happens
}

TEST(CurlClient, EndOfTheClientEndsItsRequests) {
    boost::asio::io_context io;
    std::unique_ptr<HttpClient> client;
    auto work = boost::asio::make_work_guard(io);
    ScriptedServer server([&](const SeenRequest&) {
        auto end = [&client, &work] {
            client.reset();
            work.reset();
        };
        boost::asio::post(io, end);
        return Reply::raw("", Reply::Then::hang);
    });
    CurlOptions options;
    options.max_connections_per_host = 1;
    client = client_with(options);
    std::vector<Result<Response>> answers;
    for (int i = 0; i < 3; ++i)
        boost::asio::co_spawn(io, send_into(*client, get(server.url()), answers), boost::asio::detached);
    io.run();
    ASSERT_EQ(answers.size(), 3u);
    for (const auto& answer : answers) EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
}

TEST(CurlClient, ManyExecutorsShareOneClient) {
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("x"); });
    auto client = client_with();
    std::atomic<int> good{0};
    auto work = [&] {
        for (int i = 0; i < 50; ++i) good += run_async(client->send(get(server.url()))).has_value() ? 1 : 0;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace polysync::http
