#include "http/curl/failure.h"

#include <fmt/format.h>

namespace polysync::http {
namespace {

Error after_sending(const FailedExchange& failed, std::string_view detail) {
    if (failed.too_large) {
        return make_error(ErrorKind::internal, "answer_too_large",
                          fmt::format("The answer of {} is larger than this call allows", failed.authority));
    }
    if (failed.code == CURLE_OPERATION_TIMEDOUT) {
        return make_error(ErrorKind::unclear, "timed_out",
                          fmt::format("{} did not answer in time: {}", failed.authority, detail));
    }
    return make_error(ErrorKind::unclear, "connection_lost",
                      fmt::format("The connection to {} was lost: {}", failed.authority, detail));
}

std::string connect_remedy(const FailedExchange& failed) {
    switch (failed.code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:  // also a wrong authority of the right name
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
            return "If a proxy or a private endpoint uses its own certificate authority, put that "
                   "authority's PEM file into "
                   "AWS_CA_BUNDLE; else check that the endpoint's host name is the one in its certificate.";
        case CURLE_COULDNT_RESOLVE_HOST:
            return "Check the region and the endpoint, and that this machine can resolve that name; with "
                   "FIPS or dual-stack "
                   "switched on, the service may have no such endpoint in this region.";
        case CURLE_COULDNT_RESOLVE_PROXY:
            return "Check HTTPS_PROXY and HTTP_PROXY.";
        default:
            break;
    }
    if (failed.proxy_status == 407)
        return "The proxy wants a user and password: HTTPS_PROXY=http://user:password@host:port.";
    if (failed.proxy_status != 0)
        return "The proxy refused to connect; let it pass this host, or add the host to NO_PROXY.";
    if (failed.proxied) return "Check the network and HTTPS_PROXY, HTTP_PROXY and NO_PROXY.";
    return "Check the network, the region and the endpoint; behind a proxy set HTTPS_PROXY.";
}

}  // namespace

Error classify(const FailedExchange& failed) {
    std::string_view detail = failed.detail.empty() ? curl_easy_strerror(failed.code) : failed.detail;
    if (failed.sent) return after_sending(failed, detail);
    switch (failed.code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return make_error(ErrorKind::invalid_input, "bad_url",
                              fmt::format("The URL cannot be used: {}", detail),
                              "Give an absolute http:// or https:// URL.");
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
            return make_error(ErrorKind::invalid_input, "tls_setup",
                              fmt::format("The CA bundle cannot be used: {}", detail),
                              "AWS_CA_BUNDLE must name a readable file of PEM certificates.");
        default:
            break;
    }
    return make_error(ErrorKind::transient, "connect_failed",
                      fmt::format("No connection to {}: {}", failed.authority, detail),
                      connect_remedy(failed));
}

}  // namespace polysync::http
