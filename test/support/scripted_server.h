// A small HTTP server that answers what the test tells it to, on a thread of its own, with or without TLS; as
// a proxy it also tunnels (CONNECT) and forwards (absolute request targets, answered by the script).
//
//     ScriptedServer server([](const SeenRequest& request) { return Reply::ok("hello"); });
//     … http://127.0.0.1:<server.port()>/ …
//
// For tests. The script runs on the server's thread. What was seen may be read at any time.
#pragma once

#include <atomic>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace polysync::test {

struct SeenRequest {
    int connection = 0;  // 1 for the first accepted one
    std::string method;
    std::string target;
    std::string head;  // request line and headers as they came
    std::string body;

    // The value of that header (name in lower case); empty where there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};

struct Reply {
    std::string bytes;  // sent as they are
    enum class Then { keep, close, reset, hang } then = Then::keep;

    static Reply ok(std::string_view body, std::string_view headers = {}) {
        return status("200 OK", body, headers);
    }
    static Reply status(std::string_view line, std::string_view body, std::string_view headers = {}) {
        return {std::string("HTTP/1.1 ").append(line).append("\r\nContent-Length: ") +
                    std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body),
                Then::keep};
    }
    static Reply raw(std::string bytes, Then then) { return {std::move(bytes), then}; }
};

struct ServerCertificate {
    std::string certificate_pem;
    std::string key_pem;
};

class ScriptedServer {
  public:
    using Script = std::function<Reply(const SeenRequest&)>;

    explicit ScriptedServer(Script script, const ServerCertificate* tls = nullptr)
        : script_(std::move(script)), acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
        if (tls != nullptr) {
            context_ = std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
            context_->use_certificate_chain(boost::asio::buffer(tls->certificate_pem));
            context_->use_private_key(boost::asio::buffer(tls->key_pem), boost::asio::ssl::context::pem);
        }
        boost::asio::co_spawn(io_, accept(), boost::asio::detached);
        thread_ = std::thread(&ScriptedServer::run, this);
    }
    ~ScriptedServer() {
        io_.stop();
        thread_.join();
    }
    [[nodiscard]] int port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
    [[nodiscard]] std::string url(std::string_view path = "/") const {
        return (context_ ? "https://" : "http://") + address() + std::string(path);
    }
    [[nodiscard]] std::vector<SeenRequest> seen() const {
        std::lock_guard lock(mutex_);
        return seen_;
    }
    [[nodiscard]] int connections() const { return connections_; }

  private:
    using Socket = boost::asio::ip::tcp::socket;
    using TlsSocket = boost::asio::ssl::stream<Socket>;

    void run() { io_.run(); }
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve_tls(Socket socket, int connection);
    boost::asio::awaitable<void> serve_plain(Socket socket, int connection);
    template <class Stream>
    boost::asio::awaitable<Reply::Then> serve(Stream& stream, int connection);
    boost::asio::awaitable<void> tunnel(Socket& client, std::string target);
    static boost::asio::awaitable<void> pump(Socket& from, Socket& to);

    Script script_;
    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::unique_ptr<boost::asio::ssl::context> context_;
    mutable std::mutex mutex_;
    std::vector<SeenRequest> seen_;
    std::atomic<int> connections_{0};
    std::thread thread_;
};

inline std::string SeenRequest::header(std::string_view name) const {
    for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
        std::string_view line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        std::size_t colon = line.find(':');
        if (colon != name.size()) continue;
        bool same = true;
        for (std::size_t i = 0; i < colon; ++i) same = same && (line[i] | 0x20) == (name[i] | 0x20);
        if (!same) continue;
        line.remove_prefix(std::min(line.size(), colon + 1));
        while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
        return std::string(line);
    }
    return {};
}

inline boost::asio::awaitable<void> ScriptedServer::accept() {
    for (;;) {
        Socket socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
        socket.set_option(boost::asio::ip::tcp::no_delay(true));
        int connection = ++connections_;
        if (context_) {
            boost::asio::co_spawn(io_, serve_tls(std::move(socket), connection), boost::asio::detached);
        } else {
            boost::asio::co_spawn(io_, serve_plain(std::move(socket), connection), boost::asio::detached);
        }
    }
}

inline boost::asio::awaitable<void> ScriptedServer::serve_tls(Socket socket, int connection) {
    TlsSocket stream(std::move(socket), *context_);
    co_await stream.async_handshake(boost::asio::ssl::stream_base::server, boost::asio::use_awaitable);
    co_await serve(stream, connection);
}

inline boost::asio::awaitable<void> ScriptedServer::serve_plain(Socket socket, int connection) {
    Reply::Then end = co_await serve(socket, connection);
    if (end == Reply::Then::reset)
        socket.set_option(boost::asio::socket_base::linger(true, 0));  // close() sends RST
}

template <class Stream>
boost::asio::awaitable<Reply::Then> ScriptedServer::serve(Stream& stream, int connection) {
    std::string buffer;
    for (;;) {
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
        std::size_t end = co_await boost::asio::async_read_until(stream, boost::asio::dynamic_buffer(buffer),
                                                                 "\r\n\r\n", token);
        if (error) co_return Reply::Then::close;
        SeenRequest request;
        request.connection = connection;
        request.head = buffer.substr(0, end);
        buffer.erase(0, end);
        std::size_t space = request.head.find(' ');
        request.method = request.head.substr(0, space);
        request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
        std::string length_text = request.header("content-length");
        std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
        if (buffer.size() < length) {
            std::size_t missing = length - buffer.size();
            co_await boost::asio::async_read(stream, boost::asio::dynamic_buffer(buffer),
                                             boost::asio::transfer_exactly(missing), token);
            if (error) co_return Reply::Then::close;
        }
        request.body = buffer.substr(0, length);
        buffer.erase(0, length);
        {
            std::lock_guard lock(mutex_);
            seen_.push_back(request);
        }
        Reply reply = script_(request);
        co_await boost::asio::async_write(stream, boost::asio::buffer(reply.bytes), token);
        if (error) co_return Reply::Then::close;
        if constexpr (std::is_same_v<Stream, Socket>) {
            if (request.method == "CONNECT" && reply.bytes.find(" 200 ") != std::string::npos) {
                co_await tunnel(stream, request.target);
                co_return Reply::Then::close;
            }
        }
        if (reply.then == Reply::Then::hang) {
            char byte;
            co_await boost::asio::async_read(stream, boost::asio::buffer(&byte, 1), token);
            co_return Reply::Then::close;
        }
        if (reply.then != Reply::Then::keep) co_return reply.then;
    }
}

inline boost::asio::awaitable<void> ScriptedServer::tunnel(Socket& client, std::string target) {
    Socket upstream(io_);
    int port = std::stoi(target.substr(target.rfind(':') + 1));
    co_await upstream.async_connect(
        {boost::asio::ip::make_address("127.0.0.1"), boost::asio::ip::port_type(port)},
        boost::asio::use_awaitable);
    boost::asio::co_spawn(io_, pump(upstream, client), boost::asio::detached);
    co_await pump(client, upstream);
    upstream.shutdown(Socket::shutdown_both);
}

inline boost::asio::awaitable<void> ScriptedServer::pump(Socket& from, Socket& to) {
    char data[16384];
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    while (!error) {
        std::size_t count = co_await from.async_read_some(boost::asio::buffer(data), token);
        if (error) break;
        co_await boost::asio::async_write(to, boost::asio::buffer(data, count), token);
    }
}

}  // namespace polysync::test
