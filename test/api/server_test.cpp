// The listener over real sockets: token, Host, bounds, keep-alive, server-sent events, graceful stop.
#include "server/server.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/operations.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/run_async.h"

namespace polysync::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using HttpAnswer = http::response<http::string_body>;

const std::string token(64, 'k');

// No platform can be used: runs stay queued, which is enough here.
class NoProviders final : public runtime::ProviderSource {
  public:
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform&) override {
        return make_error(ErrorKind::transient, "no_provider", "there is none in this test");
    }
};

class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(io_) {
        socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    }
    void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
    HttpAnswer read(bool head = false) {
        http::response_parser<http::string_body> parser;
        parser.skip(head);
        http::read(socket_, buffer_, parser);
        return parser.release();
    }
    std::string read_until(const std::string& mark) {
        auto size = asio::read_until(socket_, asio::dynamic_buffer(text_), mark);
        auto out = text_.substr(0, size);
        text_.erase(0, size);
        return out;
    }
    // Reads on until the server closes the connection; true where it does so in good order.
    bool ended() {
        std::array<char, 4096> rest;
        boost::system::error_code error;
        while (!error) socket_.read_some(asio::buffer(rest), error);
        return error == asio::error::eof;
    }

  private:
    asio::io_context io_;
    tcp::socket socket_;
    boost::beast::flat_buffer buffer_;
    std::string text_;
};

std::string request(std::string_view method, std::string_view path, std::string_view body = {},
                    std::string_view more = {}) {
    std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}",
                                  method, path, token, more);
    if (!body.empty())
        out += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    return out + "\r\n" + std::string(body);
}

class ServerTest : public testing::Test {
  protected:
    ServerTest() {
        path_ = testing::TempDir() + "/polysync-server-test-" + std::to_string(::getpid()) + ".db";
        remove_files();
        store_ = std::move(store::open_sqlite_store({.path = path_}).value());
        engine::CatalogInput input;
        Platform platform;
        platform.name = "p1";
        input.platforms.push_back({ObjectId{1}, QualifiedName("p1"), platform});
        JobDefinition job;
        job.meta.name = QualifiedName("job");
        job.platform = QualifiedName("p1");
        job.external_id = "job";
        input.jobs.push_back({ObjectId{2}, 1, job});
        Task task;
        task.meta.name = QualifiedName("plain");
        task.job = QualifiedName("job");
        input.tasks.push_back({ObjectId{3}, 1, task});
        runtime::RuntimeParts parts{.store = store_.get(),
                                    .clock = &system_clock(),
                                    .random = &system_random(),
                                    .providers = &providers_};
        parts.catalogs =
            [input](
                std::int64_t version, const std::vector<store::Object>&,
                const std::map<std::string, std::string>&) -> Result<std::shared_ptr<const engine::Catalog>> {
            auto known = input;
            known.version = version;
            auto built = engine::build_catalog(known);
            if (!built.catalog) return built.problems.front().error;
            return built.catalog;
        };
        run_async(store_->write([](store::Transaction& transaction) -> Status {
            POLYSYNC_TRY(auto id, transaction.put_object({.kind = store::ObjectKind::platform,
                                                          .name = QualifiedName("p1"),
                                                          .document = "{}"}));
            (void)id;
            return success();
        })).value();
        runtime_ = runtime::Runtime::make(parts);
        operations_ = runtime::Operations::make(parts, *runtime_);
        io_ = std::make_unique<asio::io_context>();
        work_.emplace(io_->get_executor());
        thread_ = std::thread([this] { io_->run(); });
        on_runtime(start(*runtime_));
        options_.port = 0;
        options_.token = Secret(token);
    }
    ~ServerTest() override {
        if (server_) on_runtime(server_->stop(std::chrono::seconds(5)));
        on_runtime(runtime_->stop(std::chrono::seconds(5)));
        work_.reset();
        io_->stop();
        thread_.join();
        io_.reset();  // before the server, as its header says
        server_.reset();
        operations_.reset();
        runtime_.reset();
        store_.reset();
        remove_files();
    }

    Result<std::uint16_t> listen() {
        auto made = server::Server::start(options_, parts());
        if (!made) return made.error();
        server_ = std::move(made.value());
        return server_->port();
    }
    api::Parts parts() {
        return {.store = store_.get(),
                .runtime = runtime_.get(),
                .operations = operations_.get(),
                .runtime_executor = io_->get_executor(),
                .providers = &providers_,
                .clock = &system_clock(),
                .version = "test",
                .started_at = system_clock().now()};
    }
    void on_runtime(Async<void> work) { asio::co_spawn(*io_, std::move(work), asio::use_future).get(); }

    static Async<void> start(runtime::Runtime& runtime) {
        auto started = co_await runtime.start();
        EXPECT_TRUE(started) << (started ? std::string() : started.error().describe());
    }
    void remove_files() {
        for (const char* ending : {"", "-wal", "-shm", ".lock"}) std::remove((path_ + ending).c_str());
    }

    std::string path_;
    server::ServerOptions options_;
    NoProviders providers_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<runtime::Operations> operations_;
    std::unique_ptr<server::Server> server_;
    std::unique_ptr<asio::io_context> io_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::thread thread_;
};

std::string code_of(const HttpAnswer& answer) {
    return std::string(boost::json::parse(answer.body()).at("code").get_string());
}

TEST_F(ServerTest, EveryRequestNeedsTheTokenAndAKnownHost) {
    auto port = listen().value();
    Client client(port);
    client.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    auto answer = client.read();
    EXPECT_EQ(answer.result_int(), 401u);
    EXPECT_EQ(answer["WWW-Authenticate"], "Bearer realm=\"polysync\"");
    EXPECT_EQ(answer["Content-Type"], "application/problem+json");
    // Without it, a path that is not there looks like one that is.
    client.send("GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n");
    EXPECT_EQ(client.read().result_int(), 401u);
    client.send(request("GET", "/api/v1/nothing"));
    EXPECT_EQ(client.read().result_int(), 404u);
    client.send(fmt::format(
        "GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {}\r\n\r\n", token));
    EXPECT_EQ(client.read().result_int(), 421u);
    client.send(request("GET", "/api/v1/status"));
    EXPECT_EQ(client.read().result_int(), 200u);
    for (const char* open : {"/healthz", "/readyz", "/api/v1/openapi.json"}) {
        client.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", open));
        EXPECT_EQ(client.read().result_int(), 200u) << open;
    }
}

TEST_F(ServerTest, RequestsOfOneConnectionAreAnsweredInOrder) {
    Client client(listen().value());
    client.send(request("POST", "/api/v1/tasks/plain/run", R"({"priority":1})") +
                request("POST", "/api/v1/tasks/plain/run", R"({"priority":2})") +
                request("HEAD", "/api/v1/runs"));
    EXPECT_EQ(boost::json::parse(client.read().body()).at("priority").get_int64(), 1);
    EXPECT_EQ(boost::json::parse(client.read().body()).at("priority").get_int64(), 2);
    auto head = client.read(true);
    EXPECT_EQ(head.result_int(), 200u);
    EXPECT_GT(std::stoi(std::string(head["Content-Length"])), 100);
    client.send(request("POST", "/api/v1/tasks/plain/run", {},
                        "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n") +
                "e\r\n{\"priority\":3}\r\n0\r\n\r\n");
    EXPECT_EQ(boost::json::parse(client.read().body()).at("priority").get_int64(), 3);
    client.send(request("POST", "/api/v1/tasks/plain/run", {},
                        "Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"));
    EXPECT_EQ(client.read().result_int(), 100u);
    client.send("{}");
    EXPECT_EQ(client.read().result_int(), 201u);
    client.send(request("GET", "/api/v1/status", {}, "Connection: close\r\n"));
    EXPECT_EQ(client.read()["Connection"], "close");
    EXPECT_TRUE(client.ended());
}

TEST_F(ServerTest, WhatIsTooLargeOrNoRequestIsRefused) {  // SAFE-5
    auto port = listen().value();
    struct Case {
        std::string bytes;
        unsigned status;
        std::string code;
    };
    for (const auto& [bytes, status, code] : std::vector<Case>{
             {request("POST", "/api/v1/tasks/plain/run", {}, "Content-Length: 1048577\r\n"), 413,
              "body_too_large"},
             {request("POST", "/api/v1/tasks/plain/run", {}, "Content-Length: 99999999999\r\n"), 413,
              "body_too_large"},
             {request("GET", "/api/v1/runs", "{}"), 400, "unexpected_body"},
             {request("GET", "/api/v1/runs", {}, fmt::format("X-Long: {}\r\n", std::string(40'000, 'x'))),
              431, "headers_too_large"},
             {"nonsense\r\n\r\n", 400, "invalid_request"},
             {request("PATCH", "/api/v1/runs"), 405, "method_not_allowed"},
             {request("GET", "/api/v1/runs", {},
                      fmt::format("X-Polysync-Actor: {}\r\n", std::string(200, 'x'))),
              400, "invalid_actor"}}) {
        Client client(port);
        client.send(bytes);
        auto answer = client.read();
        EXPECT_EQ(answer.result_int(), status) << bytes.substr(0, 200) << answer.body();
        EXPECT_EQ(code_of(answer), code);
    }
}

TEST_F(ServerTest, EventsArriveAsTheyHappenAndAgainFromAnyPlace) {
    auto port = listen().value();
    Client follower(port), client(port);
    follower.send(request("GET", "/api/v1/events?type=run.state"));
    EXPECT_NE(follower.read_until("\r\n\r\n").find("text/event-stream"), std::string::npos);
    client.send(request("POST", "/api/v1/tasks/plain/run", "{}"));
    auto run = boost::json::parse(client.read().body()).at("id").get_int64();
    auto event = follower.read_until("\n\n");
    while (event.starts_with(":")) event = follower.read_until("\n\n");
    EXPECT_NE(event.find("event: run.state\n"), std::string::npos) << event;
    auto data = boost::json::parse(event.substr(event.find("data: ") + 6));
    EXPECT_EQ(data.at("subject").get_string(), fmt::format("run/{}", run));
    EXPECT_EQ(data.at("document").at("state").get_string(), "Queued");
    EXPECT_EQ(data.at("document").at("task").get_string(), "plain");

    client.send(request("POST", "/api/v1/tasks/plain/run", "{}"));
    EXPECT_EQ(client.read().result_int(), 201u);
    auto sequence = data.at("sequence").get_int64();
    Client late(port);
    late.send(request("GET", "/api/v1/events", {}, fmt::format("Last-Event-ID: {}\r\n", sequence)));
    late.read_until("\r\n\r\n");
    EXPECT_TRUE(late.read_until("\n\n").starts_with(fmt::format("id: {}\n", sequence + 1)));
    Client wrong(port);
    wrong.send(request("GET", "/api/v1/events?after=soon"));
    EXPECT_EQ(wrong.read().result_int(), 400u);

    on_runtime(server_->stop(std::chrono::seconds(5)));
    EXPECT_TRUE(late.ended());
}

TEST_F(ServerTest, AStopAnswersWhatWasAskedAndEndsTheRest) {
    auto port = listen().value();
    Client idle(port);
    idle.send(request("GET", "/api/v1/status"));
    EXPECT_EQ(idle.read().result_int(), 200u);
    on_runtime(server_->stop(std::chrono::seconds(5)));
    EXPECT_TRUE(idle.ended());
    EXPECT_THROW(Client{port}, boost::system::system_error);
}

TEST_F(ServerTest, ManyClientsAtOnceEachGetTheirRun) {
    auto port = listen().value();
    constexpr int clients = 32, each = 10;
    std::vector<std::thread> threads;
    std::vector<std::vector<std::int64_t>> made(clients);
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&, i] {
            Client client(port);
            for (int k = 0; k < each; ++k) {
                client.send(request("POST", "/api/v1/tasks/plain/run", "{}"));
                made[std::size_t(i)].push_back(boost::json::parse(client.read().body()).at("id").get_int64());
            }
        });
    for (auto& thread : threads) thread.join();
    std::set<std::int64_t> ids;
    for (const auto& list : made) ids.insert(list.begin(), list.end());
    EXPECT_EQ(ids.size(), std::size_t(clients * each));
}

TEST_F(ServerTest, ListensBeyondThisMachineOnlyWhenTold) {
    options_.address = "0.0.0.0";
    auto refused = listen();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "remote_listen");
    options_.allow_remote = true;
    auto port = listen();
    ASSERT_TRUE(port);
    auto second = options_;
    second.port = port.value();
    EXPECT_EQ(server::Server::start(second, parts()).error().code, "cannot_listen");
    options_.tls_certificate_file = options_.tls_key_file = "/nonexistent.pem";
    EXPECT_EQ(server::Server::start(options_, parts()).error().code, "invalid_certificate");
}

}  // namespace
}  // namespace polysync::test
