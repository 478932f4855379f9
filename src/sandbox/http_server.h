// The sandbox's HTTP/1.1 listener. Everything runs on the given io_context's one thread: connections are
// coroutines that read a request, ask the handler, and write the answer, one after the other, so pipelined
// requests are answered in order. Bodies, headers, idle time and the number of connections are bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/result.h"
#include "sandbox/http.h"

namespace polysync::sandbox {

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;              // 0: a free one
    std::size_t body_limit = 1 << 20;    // AWS's limit for JSON services, bytes
    std::uint32_t header_limit = 65536;  // bytes of all headers together
    std::chrono::seconds idle_timeout{60};
    std::size_t max_connections = 4096;
    // PEM files; both or neither. With them every connection speaks TLS.
    std::string tls_certificate_file, tls_key_file;
};

struct HttpServerCounts {
    std::uint64_t accepted = 0;  // connections ever
    std::size_t open = 0;
    std::uint64_t requests = 0;
};

class HttpServer {
  public:
    // Called on the I/O thread; must not throw.
    using Handler = std::function<HttpAnswer(const HttpRequest&)>;

    HttpServer(boost::asio::io_context& io, HttpServerOptions options, Handler handler);
    // Destroy it on the I/O thread, or after the io_context has stopped.
    ~HttpServer();

    // Binds and starts to accept. Fails with invalid_input (address, certificate) or transient (port taken).
    [[nodiscard]] Status listen();
    [[nodiscard]] std::uint16_t port() const;
    // No new connections; idle ones close now, busy ones after their answer. On the I/O thread.
    void stop();
    [[nodiscard]] HttpServerCounts counts() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace polysync::sandbox
