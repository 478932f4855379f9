#include "server/wire.h"

#include <ctime>

#include <fmt/format.h>

#include "api/problem.h"

namespace polysync::server {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A header's value in one line, whatever it was made of.
std::string one_line(std::string_view value) {
    std::string out(value);
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return out;
}

}  // namespace

void split_target(std::string_view target, std::string& path, std::string& query) {
    auto scheme = target.find("://");
    if (!target.starts_with('/') && scheme != std::string_view::npos) {
        auto slash = target.find('/', scheme + 3);
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    auto mark = target.find('?');
    path = target.substr(0, mark);
    query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::string http_date(SystemTime time) {
    std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::size_t(parts.tm_wday)],
                       parts.tm_mday, months[std::size_t(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
}

std::string response_head(const api::Response& response, SystemTime now, bool keep_alive) {
    std::string out;
    out.reserve(320);
    auto reason =
        response.status == 304 ? std::string_view("Not Modified") : api::reason_phrase(response.status);
    fmt::format_to(
        std::back_inserter(out),
        "HTTP/1.1 {} {}\r\nDate: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
        response.status, reason, http_date(now));
    bool has_body = response.status != 204 && response.status != 304;
    if (has_body)
        fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\nContent-Length: {}\r\n",
                       response.content_type, response.body.size());
    for (const auto& [name, value] : response.headers)
        fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, one_line(value));
    out += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return out;
}

std::string stream_head(SystemTime now) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nDate: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Content-Type: text/event-stream\r\nConnection: close\r\n\r\n",
        http_date(now));
}

}  // namespace polysync::server
