#include "sandbox/http_server.h"

#include <charconv>
#include <list>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "base/async.h"
#include "base/log.h"

namespace polysync::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Parser = http::request_parser<http::string_body>;

constexpr std::chrono::milliseconds stop_round(20);
constexpr int stop_rounds = 100;

tcp::socket& raw_socket(tcp::socket& stream) { return stream; }
tcp::socket& raw_socket(TlsStream& stream) { return stream.next_layer(); }

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

HttpRequest request_of(const http::request<http::string_body>& message) {
    HttpRequest request;
    request.method = view_of(message.method_string());
    auto target = view_of(message.target());
    if (auto scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
        // The absolute form, which clients send through a proxy and every server has to take (RFC
        // 9112, 3.2.2).
        auto path = target.find('/', scheme + 3);
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    request.body = message.body();
    request.headers.reserve(16);
    for (auto& field : message)
        request.headers.push_back({view_of(field.name_string()), view_of(field.value())});
    return request;
}

// Head and body in one string, so that an answer is one write.
std::string serialize(const HttpAnswer& answer, bool keep_alive) {
    auto now = std::chrono::system_clock::now() + answer.date_offset;
    std::string text;
    text.reserve(answer.body.size() + 384);
    fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status,
                   reason_phrase(answer.status),
                   format_http_date(std::chrono::floor<std::chrono::seconds>(now)));
    if (!answer.content_type.empty())
        text.append("Content-Type: ").append(answer.content_type).append("\r\n");
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", answer.body.size());
    for (auto& [name, value] : answer.headers) text.append(name).append(": ").append(value).append("\r\n");
    text.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    auto head = text.size();
    text.append(answer.body);
    if (answer.delivery == Delivery::truncated) text.resize(head + answer.body.size() / 2);
    return text;
}

HttpAnswer refusal_of(beast::error_code error) {
    HttpAnswer answer;
    answer.content_type = "text/plain";
    answer.close = true;
    if (error == http::error::body_limit)
        answer.status = 413;
    else if (error == http::error::header_limit)
        answer.status = 431;
    else
        answer.status = 400;
    answer.body = std::string(reason_phrase(answer.status)) + "\n";
    return answer;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(asio::io_context& io, HttpServerOptions options, Handler handler)
        : io_(io), options_(std::move(options)), handler_(std::move(handler)), acceptor_(io), sweeper_(io) {}

    Status listen() {
        POLYSYNC_TRY(load_tls());
        boost::system::error_code error;
        auto address = asio::ip::make_address(options_.address, error);
        if (error)
            return make_error(ErrorKind::invalid_input, "invalid_address",
                              fmt::format("'{}' is not an IP address", options_.address));
        tcp::endpoint endpoint(address, options_.port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            return make_error(
                ErrorKind::transient, "cannot_listen",
                fmt::format("cannot listen on {}:{}: {}", options_.address, options_.port, error.message()),
                "Choose another port with --listen, or 0 for a free one.");
        port_ = acceptor_.local_endpoint().port();
        asio::co_spawn(io_, accept_loop(shared_from_this()), asio::detached);
        asio::co_spawn(io_, sweep_loop(shared_from_this()), asio::detached);
        return success();
    }

    void stop() {
        if (stopping_) return;
        stopping_ = true;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        sweeper_.cancel();
        for (auto* connection : connections_) {
            if (!connection->busy) connection->socket->close(ignored);
            if (connection->delay) connection->delay->cancel();  // what would be late is sent now
        }
    }

    std::uint16_t port() const { return port_; }
    HttpServerCounts counts() const { return {accepted_, connections_.size(), requests_}; }

  private:
    // What the sweeper and stop() see of a connection, for as long as its coroutine lives.
    struct Connection {
        Connection(std::list<Connection*>& all, tcp::socket& its_socket)
            : connections(all), socket(&its_socket), place(all.insert(all.end(), this)) {}
        ~Connection() { connections.erase(place); }
        Connection(const Connection&) = delete;
        Connection& operator=(const Connection&) = delete;

        std::list<Connection*>& connections;
        tcp::socket* socket;
        std::list<Connection*>::iterator place;
        asio::steady_timer* delay = nullptr;  // while its answer waits
        bool busy = false;  // between the last byte of a request and the last byte of its answer
        std::chrono::steady_clock::time_point last_active = std::chrono::steady_clock::now();
    };
    using Self = std::shared_ptr<Impl>;

    Status load_tls() {
        if (options_.tls_certificate_file.empty() && options_.tls_key_file.empty()) return success();
        tls_.emplace(asio::ssl::context::tls_server);
        boost::system::error_code error;
        tls_->use_certificate_chain_file(options_.tls_certificate_file, error);
        if (!error) tls_->use_private_key_file(options_.tls_key_file, asio::ssl::context::pem, error);
        if (error)
            return make_error(
                ErrorKind::invalid_input, "invalid_certificate",
                fmt::format("cannot use certificate '{}' with key '{}': {}", options_.tls_certificate_file,
                            options_.tls_key_file, error.message()));
        return success();
    }

    static Async<void> accept_loop(Self self) {
        while (!self->stopping_) {
            boost::system::error_code error;
            auto socket =
                co_await self->acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (self->stopping_) co_return;
            if (error || self->connections_.size() >= self->options_.max_connections) {
                // Out of descriptors or at the bound: drop this one, give others a moment to close.
                asio::steady_timer pause(self->io_, std::chrono::milliseconds(error ? 50 : 0));
                socket.close(error);
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
                continue;
            }
            ++self->accepted_;
            socket.set_option(tcp::no_delay(true), error);
            if (self->tls_)
                asio::co_spawn(self->io_, secure(self, TlsStream(std::move(socket), *self->tls_)),
                               asio::detached);
            else
                asio::co_spawn(self->io_, plain(self, std::move(socket)), asio::detached);
        }
    }

    static Async<void> sweep_loop(Self self) {
        while (!self->stopping_) {
            boost::system::error_code error;
            self->sweeper_.expires_after(std::chrono::seconds(1));
            co_await self->sweeper_.async_wait(asio::redirect_error(asio::use_awaitable, error));
            auto oldest = std::chrono::steady_clock::now() - self->options_.idle_timeout;
            for (auto* connection : self->connections_)
                if (!connection->busy && connection->last_active < oldest) connection->socket->close(error);
        }
        // Callers that do not read their answers get a moment, not for ever.
        for (int round = 0; round < stop_rounds && !self->connections_.empty(); ++round) {
            boost::system::error_code error;
            self->sweeper_.expires_after(stop_round);
            co_await self->sweeper_.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
        boost::system::error_code ignored;
        for (auto* connection : self->connections_) connection->socket->close(ignored);
    }

    static Async<void> plain(Self self, tcp::socket socket) { co_await serve(self, socket); }
    static Async<void> secure(Self self, TlsStream stream) { co_await serve(self, stream); }

    static Async<bool> greet(tcp::socket&) { co_return true; }
    static Async<bool> greet(TlsStream& stream) {
        boost::system::error_code error;
        co_await stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::redirect_error(asio::use_awaitable, error));
        co_return !error;
    }

    template <class Stream>
    static Async<void> serve(Self self, Stream& stream) {
        Connection connection(self->connections_, raw_socket(stream));
        beast::flat_buffer buffer;
        for (bool more = co_await greet(stream); more && !self->stopping_;)
            more = co_await serve_one(self, stream, buffer, connection);
        boost::system::error_code ignored;
        raw_socket(stream).shutdown(tcp::socket::shutdown_send, ignored);
        raw_socket(stream).close(ignored);
    }

    // One request and its answer; false where the connection ends with it.
    template <class Stream>
    static Async<bool> serve_one(Self self, Stream& stream, beast::flat_buffer& buffer,
                                 Connection& connection) {
        Parser parser;
        parser.header_limit(self->options_.header_limit);
        parser.body_limit(self->options_.body_limit);
        boost::system::error_code error;
        co_await http::async_read_header(stream, buffer, parser,
                                         asio::redirect_error(asio::use_awaitable, error));
        if (!error && same_ignoring_case(view_of(parser.get()[http::field::expect]), "100-continue")) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream, asio::buffer(go_on),
                                       asio::redirect_error(asio::use_awaitable, error));
        }
        if (!error && !parser.is_done())
            co_await http::async_read(stream, buffer, parser,
                                      asio::redirect_error(asio::use_awaitable, error));
        if (error == http::error::end_of_stream || error == http::error::partial_message) co_return false;
        if (error && error.category() != beast::error_code(http::error::body_limit).category())
            co_return false;

        if (self->stopping_) co_return false;  // the handler may be gone
        connection.busy = true;
        ++self->requests_;
        HttpAnswer answer = error ? refusal_of(error) : self->handle(request_of(parser.get()));
        if (answer.delay.count() > 0) {
            asio::steady_timer timer(self->io_, answer.delay);
            connection.delay = &timer;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
            connection.delay = nullptr;
        }
        if (answer.delivery == Delivery::reset) {
            raw_socket(stream).set_option(asio::socket_base::linger(true, 0), error);
            raw_socket(stream).close(error);
            co_return false;
        }
        bool keep_alive = !answer.close && !self->stopping_ && answer.delivery == Delivery::whole &&
                          parser.get().keep_alive();
        auto text = serialize(answer, keep_alive);
        error.clear();
        co_await asio::async_write(stream, asio::buffer(text),
                                   asio::redirect_error(asio::use_awaitable, error));
        connection.busy = false;
        connection.last_active = std::chrono::steady_clock::now();
        co_return keep_alive && !error;
    }

    HttpAnswer handle(const HttpRequest& request) {
        try {
            return handler_(request);
        } catch (const std::exception& bug) {
            log::error("sandbox: {} {}: {}", request.method, request.path, bug.what());
            HttpAnswer answer;
            answer.status = 500;
            answer.body = "InternalFailure\n";
            return answer;
        }
    }

    asio::io_context& io_;
    HttpServerOptions options_;
    Handler handler_;
    tcp::acceptor acceptor_;
    asio::steady_timer sweeper_;
    std::optional<asio::ssl::context> tls_;
    std::list<Connection*> connections_;
    std::uint64_t accepted_ = 0, requests_ = 0;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
};

HttpServer::HttpServer(asio::io_context& io, HttpServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() { impl_->stop(); }
Status HttpServer::listen() { return impl_->listen(); }
std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::stop() { impl_->stop(); }
HttpServerCounts HttpServer::counts() const { return impl_->counts(); }

}  // namespace polysync::sandbox
