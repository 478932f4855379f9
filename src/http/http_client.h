// HTTP out. A transport that worked is not yet a call that worked: any HTTP status is a value here, and only
// what kept an answer from arriving is an Error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.h"
#include "base/result.h"

namespace polysync::http {

struct Header {
    std::string name;
    std::string value;
};

// Plain `http` is allowed where the caller's URL says so; TLS certificates and host names are always
// verified.
struct Request {
    std::string method = "GET";
    std::string url;  // absolute; the path and query are sent byte for byte, never re-encoded
    std::vector<Header> headers;
    std::string body;
    std::chrono::milliseconds connect_timeout{3100};
    std::chrono::milliseconds timeout{60000};  // the whole exchange
    std::size_t max_body_bytes = 16 * 1024 * 1024;
    bool use_proxy = true;  // metadata addresses must bypass any proxy
    // Takes the body of a 2xx answer piece by piece as it comes, on the client's thread; it must not block,
    // and max_body_bytes does not count. For streams that never end; empty: the body is the Response's.
    std::function<void(std::string_view)> on_data;
};

struct Response {
    int status = 0;
    std::vector<Header> headers;  // names as they came
    std::string body;             // with at least simdjson's padding (64 bytes) of spare capacity

    // The first value of that name, ignoring case; empty where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

// How far a failed exchange got; Error::code of the transport errors below.
//   "connect_failed"     (transient) DNS, refused, TLS handshake: the request was certainly not sent
//   "connection_lost"    (unclear)   reset or closed after at least a byte of the request may have been sent
//   "timed_out"          (unclear)   the time-out struck after the connection stood; before: connect_failed
//   "answer_too_large"   (internal)  max_body_bytes exceeded
//   "cancelled"          (cancelled)
//   "bad_url", "tls_setup" (invalid_input) the URL or the CA bundle cannot be used
// TLS verification failures are connect_failed with a remedy that names AWS_CA_BUNDLE.
class HttpClient {
  public:
    virtual ~HttpClient() = default;
    // Sends once: no redirect is followed, nothing is retried. Supports Asio per-operation cancellation. May
    // be called from any executor; the coroutine resumes on its own executor.
    [[nodiscard]] virtual Async<Result<Response>> send(Request request) = 0;
};

}  // namespace polysync::http
