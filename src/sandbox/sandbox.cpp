#include "sandbox/sandbox.h"

#include <future>
#include <thread>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "sandbox/front.h"
#include "sandbox/http_server.h"
#include "sandbox/world.h"

namespace polysync::sandbox {
namespace {

HttpServerOptions server_options(const SandboxOptions& options) {
    HttpServerOptions made;
    made.address = options.address;
    made.port = options.port;
    made.tls_certificate_file = options.tls_certificate_file;
    made.tls_key_file = options.tls_key_file;
    return made;
}

Status check(const SandboxOptions& options) {
    boost::system::error_code error;
    auto address = boost::asio::ip::make_address(options.address, error);
    if (error)
        return make_error(ErrorKind::invalid_input, "invalid_address",
                          fmt::format("'{}' is not an IP address", options.address));
    if (!address.is_loopback() && !options.allow_remote)
        return make_error(
            ErrorKind::invalid_input, "not_loopback",
            fmt::format("{} is not a loopback address, and the sandbox's admin endpoint asks for no "
                        "password",
                        options.address),
            "Listen on 127.0.0.1, or add --allow-remote where everyone who can reach the port may use it.");
    if (options.tls_certificate_file.empty() != options.tls_key_file.empty())
        return make_error(ErrorKind::invalid_input, "incomplete_tls",
                          "TLS needs a certificate file and a key file");
    return success();
}

}  // namespace

class Sandbox::Impl {
  public:
    Impl(const SandboxOptions& options, boost::asio::io_context* io)
        : own_io_(io ? nullptr : std::make_unique<boost::asio::io_context>(1)),
          io_(io ? *io : *own_io_),
          world_(options.settings, options.enforce_quotas,
                 options.seed ? options.seed : system_random().next(),
                 options.clock ? *options.clock : system_clock()),
          front_(world_),
          server_(std::make_shared<HttpServer>(
              io_, server_options(options),
              [this](const HttpRequest& request) { return front_.handle(request); })),
          secure_(!options.tls_certificate_file.empty()),
          address_(options.address) {
        front_.admin().show_connections([this](boost::json::object& books) {
            auto counts = server_->counts();
            books["connections"] = boost::json::object{
                {"accepted", counts.accepted}, {"open", counts.open}, {"requests", counts.requests}};
        });
    }

    ~Impl() {
        if (thread_.joinable()) {
            stop();
            thread_.join();
        } else {
            server_->stop();
        }
    }

    Status begin() {
        POLYSYNC_TRY(server_->listen());
        port_ = server_->port();
        if (own_io_) thread_ = std::thread([this] { own_io_->run(); });
        return success();
    }

    void stop() {
        auto stop_server = [server = std::weak_ptr(server_)] {
            if (auto alive = server.lock()) alive->stop();
        };
        boost::asio::dispatch(io_, stop_server);
    }

    boost::json::object admin(std::string_view method, std::string_view path,
                              const boost::json::object& document) {
        auto target = std::string("/_sandbox/").append(path);
        auto body = boost::json::serialize(document);
        HttpRequest request;
        request.method = method;
        request.path = target;
        request.body = body;
        std::promise<std::string> answered;
        auto ask = [&] { answered.set_value(front_.handle(request).body); };
        boost::asio::dispatch(io_, ask);
        auto text = answered.get_future().get();
        return std::move(boost::json::parse(text).as_object());
    }

    std::uint16_t port() const { return port_; }
    std::string endpoint() const {
        bool v6 = address_.find(':') != std::string::npos;
        return fmt::format("{}://{}{}{}:{}", secure_ ? "https" : "http", v6 ? "[" : "", address_,
                           v6 ? "]" : "", port_);
    }

  private:
    std::unique_ptr<boost::asio::io_context> own_io_;
    boost::asio::io_context& io_;
    World world_;
    Front front_;
    std::shared_ptr<HttpServer> server_;
    bool secure_;
    std::string address_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

Sandbox::Sandbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
    POLYSYNC_TRY(check(options));
    auto impl = std::make_unique<Impl>(options, nullptr);
    POLYSYNC_TRY(impl->begin());
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(impl)));
}

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options, boost::asio::io_context& io) {
    POLYSYNC_TRY(check(options));
    auto impl = std::make_unique<Impl>(options, &io);
    POLYSYNC_TRY(impl->begin());
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(impl)));
}

std::uint16_t Sandbox::port() const { return impl_->port(); }
std::string Sandbox::endpoint() const { return impl_->endpoint(); }
void Sandbox::stop() { impl_->stop(); }
boost::json::object Sandbox::admin(std::string_view method, std::string_view path,
                                   const boost::json::object& document) {
    return impl_->admin(method, path, document);
}

}  // namespace polysync::sandbox
