// HttpClient on libcurl: one thread owns all connections (HTTP/1.1, kept alive) and waits for all of them at
// once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/http_client.h"

namespace polysync::http {

struct CurlOptions {
    std::string ca_bundle;    // a PEM file, or a directory of hashed certificates; empty: the system's store
    std::string https_proxy;  // "http://[user:password@]host:port"; empty: direct
    std::string http_proxy;
    std::string no_proxy;                       // host names and suffixes, comma-separated; "*": all
    std::size_t max_connections_per_host = 64;  // further requests wait their turn, within their time-out
    std::size_t max_waiting_requests = 20'000;  // beyond: refused as connect_failed
    std::size_t max_idle_connections = 256;     // over all hosts; the longest idle is closed first
    std::chrono::seconds max_idle_age{20};      // an older idle connection is closed instead of used again
    std::chrono::milliseconds tcp_keepalive{30'000};  // probes that find dead peers of long waits
};

// Proxies and CA bundle as the AWS tools read them: AWS_CA_BUNDLE, {HTTPS,HTTP,NO}_PROXY in lower case first.
// `get` looks a variable up. A password in a proxy URL is registered as a secret.
[[nodiscard]] CurlOptions curl_options_from_environment(
    const std::function<std::optional<std::string>(std::string_view)>& get);

// Fails with "tls_setup" where the CA bundle does not exist. The client's thread ends with it: requests still
// in flight then end as "cancelled". Every io_context that has sent a request must outlive the client.
[[nodiscard]] Result<std::unique_ptr<HttpClient>> make_curl_client(CurlOptions options);

}  // namespace polysync::http
