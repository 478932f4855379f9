// One HTTP request and its answer, as the sandbox's parts see them: no socket, no Beast.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polysync::sandbox {

struct HttpHeader {
    std::string_view name;   // as sent
    std::string_view value;  // without surrounding white space
};

// Views into the connection's buffers; valid while the request is handled.
struct HttpRequest {
    std::string_view method;
    std::string_view path;   // as sent, percent-encoded
    std::string_view query;  // without '?', as sent
    std::vector<HttpHeader> headers;
    std::string_view body;

    // The first header of that name in any case; empty where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] bool has_header(std::string_view name) const;
};

// What the connection does besides sending the answer: the faults that only a socket can show.
enum class Delivery {
    whole,
    truncated,  // headers announce the whole body, half of it is sent, then the connection closes
    reset,      // nothing is sent, the connection is reset (RST)
};

struct HttpAnswer {
    int status = 200;
    std::string content_type;
    std::vector<std::pair<std::string_view, std::string>> headers;  // names: literals
    std::string body;
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds date_offset{0};  // the Date header minus the machine's clock
    Delivery delivery = Delivery::whole;
    bool close = false;
};

[[nodiscard]] bool same_ignoring_case(std::string_view one, std::string_view other);
[[nodiscard]] std::string_view reason_phrase(int status);
// "Fri, 20 Nov 2026 09:19:03 GMT"
[[nodiscard]] std::string format_http_date(std::chrono::sys_seconds time);

// Percent-decodes; with `plus_is_space` as in forms. False (and `out` half-way) for a bad escape.
[[nodiscard]] bool percent_decode(std::string_view text, bool plus_is_space, std::string& out);

}  // namespace polysync::sandbox
