#include "aws/core/wire.h"

#include <algorithm>
#include <array>

namespace polysync::aws {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; }

Error bad_endpoint(const std::string& url) {
    return make_error(ErrorKind::invalid_input, "bad_endpoint",
                      "not an endpoint: '" + url.substr(0, 256) + "'",
                      "An endpoint looks like https://host or http://host:port/path, without a query.");
}

}  // namespace

Result<Destination> make_destination(const Endpoint& endpoint) {
    const std::string& url = endpoint.url;
    std::size_t begin = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    bool is_odd = std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c > '~'; });
    if (begin == 0 || is_odd || url.find_first_of("?#@\"<>\\") != std::string::npos) return bad_endpoint(url);
    std::size_t slash = std::min(url.find('/', begin), url.size());
    Destination made;
    made.origin = url.substr(0, slash);
    made.path_prefix = url.substr(slash);
    while (made.path_prefix.ends_with('/')) made.path_prefix.pop_back();
    made.region = endpoint.signing_region;
    made.host = url.substr(begin, slash - begin);
    std::transform(made.host.begin(), made.host.end(), made.host.begin(), lower);
    if (std::string_view own_port = begin == 8 ? ":443" : ":80"; made.host.ends_with(own_port))
        made.host.resize(made.host.size() - own_port.size());
    if (made.host.empty() || made.host.starts_with(':')) return bad_endpoint(url);
    return made;
}

std::string_view content_type_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::json_1_0:
            return "application/x-amz-json-1.0";
        case Protocol::json_1_1:
            return "application/x-amz-json-1.1";
        case Protocol::rest_json:
            return "application/json";
        case Protocol::query:
            return "application/x-www-form-urlencoded; charset=utf-8";
    }
    return {};
}

http::Request make_request(const Operation& operation, const Destination& destination,
                           const Credentials* credentials, SystemTime signing_time, Signer& signer,
                           std::string_view user_agent, std::string body) {
    http::Request request;
    request.method = "POST";
    request.timeout = operation.timeout;
    request.body = std::move(body);
    request.url.reserve(destination.origin.size() + destination.path_prefix.size() + operation.path.size());
    request.url += destination.origin;
    request.url += destination.path_prefix;
    request.url += operation.path;

    // In the order in which they are signed.
    std::array<char, 16> date = amz_date(signing_time);
    std::string_view date_text(date.data(), date.size());
    std::array<HeaderView, 5> headers;
    std::size_t count = 0;
    headers[count++] = {"content-type", content_type_of(operation.service->protocol)};
    headers[count++] = {"host", destination.host};
    if (credentials != nullptr) {
        headers[count++] = {"x-amz-date", date_text};
        if (!credentials->session_token.empty())
            headers[count++] = {"x-amz-security-token", credentials->session_token.reveal()};
    }
    if (!operation.target.empty()) headers[count++] = {"x-amz-target", operation.target};

    request.headers.reserve(count + 2);
    for (std::size_t i = 0; i < count; ++i)
        request.headers.push_back({std::string(headers[i].name), std::string(headers[i].value)});
    if (credentials != nullptr) {
        std::string_view path = std::string_view(request.url).substr(destination.origin.size());
        SignableRequest signable{request.method, path, {}, {headers.data(), count}, request.body};
        SigningScope scope{destination.region, operation.service->signing_name, date_text};
        request.headers.push_back(
            {"authorization",
             signer.authorization(credentials->access_key_id, credentials->secret_access_key.reveal(), scope,
                                  signable)});
    }
    request.headers.push_back({"user-agent", std::string(user_agent)});
    return request;
}

}  // namespace polysync::aws
