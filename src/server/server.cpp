#include "server/server.h"

#include <fcntl.h>
#include <list>
#include <thread>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
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

#include "base/log.h"
#include "server/host.h"
#include "server/token.h"
#include "server/wire.h"

namespace polysync::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;
using Parser = http::request_parser<http::string_body>;
using SteadyClock = std::chrono::steady_clock;

constexpr auto sweep_interval = std::chrono::milliseconds(500);
constexpr auto drain_interval = std::chrono::milliseconds(10);
constexpr auto keep_alive_interval = std::chrono::seconds(15);
constexpr auto linger_timeout = std::chrono::seconds(2);
constexpr std::size_t linger_bytes = 1 << 20;
constexpr std::size_t max_streams = 256;

tcp::socket& raw_socket(tcp::socket& stream) { return stream; }
tcp::socket& raw_socket(TlsStream& stream) { return stream.next_layer(); }

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

auto into(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

// What the sweeper and stop() see of a connection, for as long as its coroutine lives.
struct Connection {
    Connection(std::list<Connection*>& all, tcp::socket& its_socket)
        : connections(all), socket(&its_socket), place(all.insert(all.end(), this)) {}
    ~Connection() { connections.erase(place); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void expect(std::chrono::steady_clock::duration within) { deadline = SteadyClock::now() + within; }
    void close() {
        boost::system::error_code ignored;
        socket->close(ignored);
    }

    std::list<Connection*>& connections;
    tcp::socket* socket;
    std::list<Connection*>::iterator place;
    SteadyClock::time_point deadline = SteadyClock::time_point::max();  // closed when it has passed
    bool idle = false;  // waits for the next request's first byte
};

// What the head of a request leads to.
struct Head {
    api::Request request;
    std::optional<api::Service::Admission> admission;
    std::optional<api::Response> refusal;
    enum class Probe { none, health, readiness } probe = Probe::none;
    bool head_only = false;
};

class Listener final : public Server {
  public:
    Listener(ServerOptions options, api::Parts parts)
        : options_(std::move(options)), service_(std::move(parts)), io_(1), acceptor_(io_), sweeper_(io_) {}

    ~Listener() override {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

    Status take_port() {
        if (!options_.allow_remote && !is_loopback(options_.address) && options_.tls_certificate_file.empty())
            return make_error(
                ErrorKind::invalid_input, "remote_listen",
                fmt::format("{} can be reached from other machines, and without TLS everyone on the "
                            "way could read the token",
                            options_.address),
                "Listen on 127.0.0.1, give --tls-certificate and --tls-key, or allow it with "
                "--allow-remote where a proxy in front does TLS.");
        if (options_.token.empty())
            return make_error(ErrorKind::invalid_input, "no_token", "the server needs a bearer token");
        POLYSYNC_TRY(load_tls());
        boost::system::error_code error;
        auto address = asio::ip::make_address(options_.address, error);
        if (error)
            return make_error(ErrorKind::invalid_input, "invalid_listen",
                              fmt::format("'{}' is no IP address", options_.address));
        tcp::endpoint endpoint(address, options_.port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            return make_error(
                ErrorKind::transient, "cannot_listen",
                fmt::format("cannot listen on {}:{}: {}", options_.address, options_.port, error.message()),
                "Is another server running? Choose another port with --listen, or 0 for a free one.");
        // Programs that this one runs (credential_process) must not hold the port after its end.
        ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
        port_ = acceptor_.local_endpoint().port();
        return success();
    }

    void serve() override {
        asio::co_spawn(io_, accept_loop(), asio::detached);
        asio::co_spawn(io_, sweep_loop(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }

    std::uint16_t port() const override { return port_; }
    std::string url() const override {
        bool v6 = options_.address.find(':') != std::string::npos;
        return fmt::format("{}://{}{}{}:{}", tls_ ? "https" : "http", v6 ? "[" : "", options_.address,
                           v6 ? "]" : "", port_);
    }

    Async<void> stop(std::chrono::milliseconds grace) override {
        if (!thread_.joinable()) co_return;
        co_await asio::co_spawn(io_, drain(grace), asio::use_awaitable);
    }

  private:
    Status load_tls() {
        if (options_.tls_certificate_file.empty() && options_.tls_key_file.empty()) return success();
        tls_.emplace(asio::ssl::context::tls_server);
        tls_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
        boost::system::error_code error;
        tls_->use_certificate_chain_file(options_.tls_certificate_file, error);
        if (!error) tls_->use_private_key_file(options_.tls_key_file, asio::ssl::context::pem, error);
        if (!error) return success();
        return make_error(ErrorKind::invalid_input, "invalid_certificate",
                          fmt::format("cannot use certificate '{}' with key '{}': {}",
                                      options_.tls_certificate_file, options_.tls_key_file, error.message()),
                          "Both are PEM files, the certificate with its chain.");
    }

    Async<void> accept_loop() {
        while (!stopping_) {
            boost::system::error_code error;
            auto socket = co_await acceptor_.async_accept(into(error));
            if (stopping_) co_return;
            if (error) {
                // Out of descriptors: give connections a moment to close.
                asio::steady_timer pause(io_, std::chrono::milliseconds(50));
                co_await pause.async_wait(into(error));
                continue;
            }
            socket.set_option(tcp::no_delay(true), error);
            if (tls_) {
                asio::co_spawn(io_, secure(TlsStream(std::move(socket), *tls_)), asio::detached);
            } else {
                asio::co_spawn(io_, plain(std::move(socket)), asio::detached);
            }
            while (!stopping_ && connections_.size() >= options_.max_connections) {
                make_room();
                asio::steady_timer pause(io_, drain_interval);
                co_await pause.async_wait(into(error));
            }
        }
    }

    // The connection that has been idle for the longest time goes.
    void make_room() {
        Connection* oldest = nullptr;
        for (auto* connection : connections_)
            if (connection->idle && (!oldest || connection->deadline < oldest->deadline)) oldest = connection;
        if (oldest) oldest->close();
    }

    Async<void> sweep_loop() {
        while (true) {
            boost::system::error_code error;
            sweeper_.expires_after(sweep_interval);
            co_await sweeper_.async_wait(into(error));
            auto now = SteadyClock::now();
            for (auto* connection : connections_)
                if (connection->deadline < now) connection->close();
        }
    }

    Async<void> drain(std::chrono::milliseconds grace) {
        boost::system::error_code error;
        stopping_ = true;
        acceptor_.close(error);
        service_.events().stop();
        for (auto* connection : connections_)
            if (connection->idle) connection->close();
        auto until = SteadyClock::now() + grace;
        while (!connections_.empty() && SteadyClock::now() < until) {
            asio::steady_timer pause(io_, drain_interval);
            co_await pause.async_wait(into(error));
        }
        for (auto* connection : connections_) connection->close();
    }

    Async<void> plain(tcp::socket socket) { co_await converse(socket); }
    Async<void> secure(TlsStream stream) { co_await converse(stream); }

    static Async<bool> greet(tcp::socket&) { co_return true; }
    static Async<bool> greet(TlsStream& stream) {
        boost::system::error_code error;
        co_await stream.async_handshake(asio::ssl::stream_base::server, into(error));
        co_return !error;
    }

    template <class Stream>
    Async<void> converse(Stream& stream) {
        Connection connection(connections_, raw_socket(stream));
        connection.expect(options_.read_timeout);
        beast::flat_buffer buffer;
        bool more = co_await greet(stream);
        while (more && !stopping_) more = co_await answer_one(stream, buffer, connection);
        connection.expect(linger_timeout);
        co_await part(stream, connection);
    }

    // Lets the caller read the answer before the connection goes: closing it over unread bytes would reset
    // it.
    template <class Stream>
    Async<void> part(Stream& stream, Connection& connection) {
        boost::system::error_code error;
        auto& socket = raw_socket(stream);
        if (!socket.is_open()) co_return;
        socket.shutdown(tcp::socket::shutdown_send, error);
        connection.idle = true;  // nothing is owed any more
        std::array<char, 4096> rest;
        std::size_t seen = 0;
        while (!error && seen < linger_bytes && !stopping_)
            seen += co_await socket.async_read_some(asio::buffer(rest), into(error));
        connection.close();
    }

    // One request and its answer; false where the connection ends with it.
    template <class Stream>
    Async<bool> answer_one(Stream& stream, beast::flat_buffer& buffer, Connection& connection) {
        boost::system::error_code error;
        if (buffer.size() == 0) {
            connection.idle = true;
            connection.expect(options_.idle_timeout);
            auto size = co_await stream.async_read_some(buffer.prepare(4096), into(error));
            buffer.commit(size);
            connection.idle = false;
            if (error || stopping_) co_return false;
        }
        connection.expect(options_.read_timeout);
        Parser parser;
        parser.header_limit(options_.header_limit);
        parser.body_limit(api::large_body_limit);
        co_await http::async_read_header(stream, buffer, parser, into(error));
        if (error) co_return co_await refuse_bytes(stream, error, connection);

        auto head = read_head(parser.get());
        if (!head.refusal && head.admission) {
            auto limit = head.admission->body_limit;
            auto announced = parser.content_length().value_or(0);
            if (announced > limit || (limit == 0 && parser.chunked()))
                head.refusal = service_.refuse(too_large(limit));
            parser.body_limit(limit == 0 ? 1 : limit);
        }
        bool unread = !parser.is_done();
        if (head.refusal && unread) {
            co_await send(stream, *head.refusal, false, head.head_only, connection);
            co_return false;
        }
        if (unread) {
            bool whole = co_await read_body(stream, buffer, parser, connection);
            if (!whole) co_return false;
            head.request.body = std::move(parser.get().body());
        }
        connection.deadline = SteadyClock::time_point::max();  // the handler takes its time
        bool is_stream = !head.refusal && head.admission && head.admission->match.route->is_stream;
        if (is_stream) {
            co_await serve_stream(stream, head, connection);
            co_return false;
        }
        auto response = co_await respond(head);
        bool keep_alive = parser.get().keep_alive() && !stopping_;
        co_return co_await send(stream, response, keep_alive, head.head_only, connection);
    }

    static Error too_large(std::size_t limit) {
        if (limit == 0)
            return make_error(ErrorKind::invalid_input, "unexpected_body", "this request takes no body");
        return make_error(ErrorKind::invalid_input, "body_too_large",
                          fmt::format("the body has more than {} bytes", limit));
    }

    // Where the request goes, before its body is read: Host, then the token, then the path.
    Head read_head(const http::request<http::string_body>& message) {
        Head head;
        split_target(view_of(message.target()), head.request.path, head.request.query);
        for (const auto& field : message) {
            std::string name(view_of(field.name_string()));
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return std::tolower(c); });
            head.request.headers.emplace_back(std::move(name), view_of(field.value()));
        }
        head.refusal = screen(head, message.method());
        return head;
    }

    std::optional<api::Response> screen(Head& head, http::verb verb) {
        auto host = head.request.header("host");
        if (!is_allowed_host(host, options_.address, options_.allowed_hosts))
            return service_.refuse(
                make_error(ErrorKind::rejected, "forbidden_host",
                           fmt::format("'{}' is no name of this server", host.substr(0, 200)),
                           "Use the address that the server listens on, or start it with --allowed-host."));
        head.head_only = verb == http::verb::head;
        bool known = true;
        if (verb == http::verb::get || verb == http::verb::head) {
            head.request.method = api::Method::get;
        } else if (verb == http::verb::post) {
            head.request.method = api::Method::post;
        } else if (verb == http::verb::put) {
            head.request.method = api::Method::put;
        } else if (verb == http::verb::delete_) {
            head.request.method = api::Method::del;
        } else {
            known = false;
        }
        if (known && head.request.method == api::Method::get) {
            if (head.request.path == "/healthz") head.probe = Head::Probe::health;
            if (head.request.path == "/readyz") head.probe = Head::Probe::readiness;
            if (head.probe != Head::Probe::none) return std::nullopt;
        }
        api::Headers headers;
        auto admission = service_.admit(head.request, headers);
        bool is_public = known && admission && admission.value().match.route->is_public;
        if (!is_public && !is_authorized(head.request.header("authorization"), options_.token))
            return service_.refuse(
                make_error(ErrorKind::access_denied, "unauthorized", "the request carries no valid token",
                           "Send the header Authorization: Bearer TOKEN, with the token of the "
                           "server's token file."));
        if (!known)
            return service_.refuse(make_error(ErrorKind::rejected, "method_not_allowed",
                                              "the methods are GET, HEAD, POST, PUT and DELETE"));
        if (!admission) return service_.refuse(admission.error(), std::move(headers));
        return name_actor(head, std::move(admission.value()));
    }

    std::optional<api::Response> name_actor(Head& head, api::Service::Admission admission) {
        auto actor = head.request.header("x-polysync-actor");
        bool printable = actor.size() <= 128 && std::all_of(actor.begin(), actor.end(), [](unsigned char c) {
                             return c >= 0x20 && c < 0x7f;
                         });
        if (!printable)
            return service_.refuse(make_error(ErrorKind::invalid_input, "invalid_actor",
                                              "X-Polysync-Actor has at most 128 printable ASCII characters"));
        head.request.actor = actor.empty() ? std::string("api") : std::string(actor);
        head.admission = std::move(admission);
        return std::nullopt;
    }

    template <class Stream>
    Async<bool> read_body(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                          Connection& connection) {
        boost::system::error_code error;
        auto expectation = view_of(parser.get()[http::field::expect]);
        if (!expectation.empty()) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream, asio::buffer(go_on), into(error));
        }
        co_await http::async_read(stream, buffer, parser, into(error));
        if (!error) co_return true;
        bool answered = co_await refuse_bytes(stream, error, connection);
        (void)answered;
        co_return false;
    }

    // Bytes that are no request, or too many of them. Always the connection's end.
    template <class Stream>
    Async<bool> refuse_bytes(Stream& stream, boost::system::error_code error, Connection& connection) {
        if (error == http::error::end_of_stream || error == http::error::partial_message) co_return false;
        if (error.category() != beast::error_code(http::error::body_limit).category()) co_return false;
        Error told = make_error(ErrorKind::invalid_input, "invalid_request",
                                fmt::format("this is no HTTP request: {}", error.message()));
        if (error == http::error::body_limit)
            told = make_error(ErrorKind::invalid_input, "body_too_large", "the body is too large");
        if (error == http::error::header_limit)
            told = make_error(ErrorKind::invalid_input, "headers_too_large", "the headers are too large");
        auto sent = co_await send(stream, service_.refuse(told), false, false, connection);
        (void)sent;
        co_return false;
    }

    Async<api::Response> respond(Head& head) {
        if (head.refusal) co_return std::move(*head.refusal);
        if (head.probe == Head::Probe::health) co_return co_await service_.health();
        if (head.probe == Head::Probe::readiness) co_return co_await service_.readiness();
        co_return co_await service_.handle(*head.admission, head.request);
    }

    template <class Stream>
    Async<bool> send(Stream& stream, const api::Response& response, bool keep_alive, bool head_only,
                     Connection& connection) {
        auto text = response_head(response, service_.parts().clock->now(), keep_alive);
        std::array<asio::const_buffer, 2> buffers{asio::buffer(text), asio::const_buffer()};
        bool has_body = !head_only && response.status != 204 && response.status != 304;
        if (has_body) buffers[1] = asio::buffer(response.body);
        connection.expect(options_.write_timeout);
        boost::system::error_code error;
        co_await asio::async_write(stream, buffers, into(error));
        co_return keep_alive && !error;
    }

    // Writes within the time-out, or ends the connection.
    template <class Stream>
    Async<bool> push(Stream& stream, const std::string& text, Connection& connection) {
        connection.expect(options_.write_timeout);
        boost::system::error_code error;
        co_await asio::async_write(stream, asio::buffer(text), into(error));
        connection.deadline = SteadyClock::time_point::max();
        co_return !error;
    }

    template <class Stream>
    Async<void> serve_stream(Stream& stream, Head& head, Connection& connection);

    ServerOptions options_;
    api::Service service_;
    std::optional<asio::ssl::context> tls_;
    std::list<Connection*> connections_;
    std::size_t streams_ = 0;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
    asio::io_context io_;  // after what its coroutines refer to: they end with it
    tcp::acceptor acceptor_;
    asio::steady_timer sweeper_;
    std::thread thread_;
};

struct StreamCount {
    explicit StreamCount(std::size_t& its_count) : count(its_count) { ++count; }
    ~StreamCount() { --count; }
    StreamCount(const StreamCount&) = delete;
    StreamCount& operator=(const StreamCount&) = delete;
    std::size_t& count;
};

template <class Stream>
Async<void> Listener::serve_stream(Stream& stream, Head& head, Connection& connection) {
    std::optional<api::EventQuery> query;
    api::Response refusal;
    {
        auto read = co_await service_.read_event_query(head.request);
        if (streams_ >= max_streams)
            read = make_error(ErrorKind::transient, "too_many_streams",
                              fmt::format("{} event streams are open already", streams_));
        if (read) {
            query = std::move(read.value());
        } else {
            refusal = service_.refuse(read.error());
        }
    }
    if (!query || head.head_only) {
        bool sent = co_await send(stream, refusal, false, head.head_only, connection);
        (void)sent;
        co_return;
    }
    StreamCount counted(streams_);
    bool open = co_await push(stream, stream_head(service_.parts().clock->now()), connection);
    while (open && !stopping_) {
        auto text = co_await service_.next_events(*query, keep_alive_interval);
        if (stopping_) break;
        open = co_await push(stream, text, connection);
    }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, api::Parts parts) {
    auto listener = std::make_unique<Listener>(std::move(options), std::move(parts));
    POLYSYNC_TRY(listener->take_port());
    return std::unique_ptr<Server>(std::move(listener));
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, api::Parts parts) {
    POLYSYNC_TRY(auto server, listen(std::move(options), std::move(parts)));
    server->serve();
    return server;
}

}  // namespace polysync::server
