#include "server/host.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "server/server.h"

namespace polysync::server {
namespace {

// "[::1]:8080" -> "::1", "localhost:80" -> "localhost"; in lower case, without a final dot.
std::string name_of(std::string_view host) {
    std::string_view name = host;
    if (name.starts_with('[')) {
        auto close = name.find(']');
        name = close == std::string_view::npos ? std::string_view() : name.substr(1, close - 1);
    } else {
        name = name.substr(0, name.find(':'));
    }
    if (name.ends_with('.')) name.remove_suffix(1);
    std::string out(name);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

}  // namespace

bool is_loopback(std::string_view address) {
    if (address == "localhost") return true;
    boost::system::error_code error;
    auto parsed = boost::asio::ip::make_address(std::string(address), error);
    return !error && parsed.is_loopback();
}

bool is_allowed_host(std::string_view host, std::string_view address, std::span<const std::string> allowed) {
    auto name = name_of(host);
    if (std::any_of(allowed.begin(), allowed.end(),
                    [&](const std::string& one) { return name_of(one) == name; }))
        return true;
    if (!is_loopback(address)) return allowed.empty();
    return is_loopback(name);
}

Result<ListenAddress> parse_listen(std::string_view text) {
    auto bad = [&] {
        return make_error(
            ErrorKind::invalid_input, "invalid_listen", fmt::format("'{}' is no address to listen on", text),
            "Write ADDRESS:PORT, for instance 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one.");
    };
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return bad();
    ListenAddress out;
    auto digits = text.substr(colon + 1);
    auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (problem != std::errc() || end != digits.data() + digits.size()) return bad();
    auto address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (address == "localhost") address = "127.0.0.1";
    boost::system::error_code error;
    boost::asio::ip::make_address(std::string(address), error);
    if (error) return bad();
    out.address = std::string(address);
    return out;
}

}  // namespace polysync::server
