// Addresses to listen on, and the Host header.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace polysync::server {

[[nodiscard]] bool is_loopback(std::string_view address);  // 127.0.0.0/8, ::1, localhost

// Whether a request with this Host header may be served on `address`: always beyond loopback; there only for
// loopback names and `allowed`. The port does not matter.
[[nodiscard]] bool is_allowed_host(std::string_view host, std::string_view address,
                                   std::span<const std::string> allowed);

}  // namespace polysync::server
