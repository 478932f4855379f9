#include "provider/console.h"

#include <array>

#include <fmt/format.h>

namespace polysync {

namespace {

struct ConsoleHost {
    std::string_view region_prefix;
    std::string_view host;  // empty: not public
};

// A prefix of the region tells the partition; all other regions are of `aws`.
constexpr std::array<ConsoleHost, 7> console_hosts{{
    {"cn-", "console.amazonaws.cn"},
    {"us-gov-", "console.amazonaws-us-gov.com"},
    {"eusc-", "console.amazonaws-eusc.eu"},
    {"us-iso-", ""},
    {"us-isob-", ""},
    {"us-isof-", ""},
    {"eu-isoe-", ""},
}};

std::string_view console_host(std::string_view region) {
    for (const ConsoleHost& known : console_hosts) {
        if (region.starts_with(known.region_prefix)) return known.host;
    }
    return "console.aws.amazon.com";
}

bool is_unreserved(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string console_link(std::string_view region, std::string_view path) {
    std::string_view host = console_host(region);
    if (host.empty() || region.empty()) return {};
    return fmt::format("https://{}.{}/{}", region, host, path);
}

std::string percent_encode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (unsigned char c : text) {
        if (is_unreserved(c)) {
            out.push_back(static_cast<char>(c));
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            out.push_back('%');
            out.push_back(digits[c >> 4]);
            out.push_back(digits[c & 15]);
        }
    }
    return out;
}

}  // namespace polysync
