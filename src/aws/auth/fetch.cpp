#include "aws/auth/fetch.h"

#include <algorithm>
#include <charconv>

namespace polysync::aws {
namespace {

constexpr Millis longest_delay = std::chrono::seconds(30);

bool is_usually_temporary(int status) { return status == 429 || status >= 500; }

Millis server_hint(const http::Response& response) {
    std::string_view text = response.header("retry-after");
    int seconds = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (status != std::errc() || end != text.data() + text.size() || seconds < 0) return Millis(0);
    return std::min<Millis>(std::chrono::seconds(seconds), longest_delay);
}

}  // namespace

Async<Result<http::Response>> fetch(AuthEnvironment& auth, http::Request request, FetchRules rules) {
    request.max_body_bytes = std::min<std::size_t>(request.max_body_bytes, 256 * 1024);
    request.headers.push_back({"User-Agent", auth.user_agent});
    Millis delay = rules.first_delay;
    for (int attempt = 1;; ++attempt) {
        Result<http::Response> answer = co_await auth.http.send(request);
        bool permanent =
            answer ? !(rules.is_temporary ? rules.is_temporary : is_usually_temporary)(answer.value().status)
                   : answer.error().kind != ErrorKind::transient && answer.error().kind != ErrorKind::unclear;
        if (permanent || attempt >= rules.attempts) {
            if (!answer && answer.error().kind == ErrorKind::unclear)
                answer.error().kind = ErrorKind::transient;
            co_return answer;
        }
        Millis wait = answer ? std::max(delay, server_hint(answer.value())) : delay;
        co_await auth.clock.sleep_for(wait);
        if (rules.doubling) delay = std::min(delay * 2, longest_delay);
    }
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (unsigned char c : text) {
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                     c == '_' || c == '.' || c == '~';
        if (plain) {
            out += char(c);
        } else {
            out.append({'%', digits[c >> 4], digits[c & 15]});
        }
    }
    return out;
}

}  // namespace polysync::aws
