// The HTTP/1.1 listener of the API, on an io_context and a thread of its own, so that a slow client never
// delays a dispatch. Connections are coroutines: a request is read, answered by api::Service, and the next
// one read. Headers, bodies, times and the number of connections are bounded; a listener of server-sent
// events costs no thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/service.h"
#include "base/async.h"
#include "base/result.h"
#include "base/secret.h"

namespace polysync::server {

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: a free one
    // Beyond this machine only with TLS or this word: everyone on the way could read the token.
    bool allow_remote = false;
    // PEM files; both or neither. With them every connection speaks TLS.
    std::string tls_certificate_file, tls_key_file;
    // Further values of the Host header, for a server behind a proxy. On a loopback address every other name
    // is refused, which stops pages that rebind their name to it.
    std::vector<std::string> allowed_hosts;
    Secret token;
    std::size_t max_connections = 1024;
    std::uint32_t header_limit = 32 * 1024;  // bytes, all headers together
    std::chrono::seconds idle_timeout{75};   // between requests
    std::chrono::seconds read_timeout{30};   // for a whole request
    std::chrono::seconds write_timeout{30};  // for an answer, or a piece of a stream
};

// "127.0.0.1:8080", "[::1]:0", "localhost:8080". Errors: invalid_input.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);

class Server {
  public:
    // Takes the port; whoever connects waits for serve(). Errors: invalid_input (address, certificate, remote
    // without permission), transient (port taken). `parts` outlive the server.
    [[nodiscard]] static Result<std::unique_ptr<Server>> listen(ServerOptions options, api::Parts parts);
    // From now on requests are answered, on a thread of its own. Once.
    virtual void serve() = 0;
    // Both in one.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(ServerOptions options, api::Parts parts);
    // Ends what is left at once. Destroy it before what its parts point to, but after the io_context of the
    // runtime, which may still hold requests that wait for it.
    virtual ~Server() = default;

    [[nodiscard]] virtual std::uint16_t port() const = 0;
    [[nodiscard]] virtual std::string url() const = 0;  // "http://127.0.0.1:8080"
    // Takes no more connections, ends streams, answers what was asked, at most for so long. Any executor but
    // its own.
    [[nodiscard]] virtual Async<void> stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace polysync::server
