#include "test/support/fake_http.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace polysync::test {
namespace {

constexpr std::size_t parser_padding = 64;  // what HttpClient promises after a body

bool holds(const http::Request& request, std::string_view text) {
    return request.url.find(text) != std::string::npos || request.body.find(text) != std::string::npos;
}

bool same_name(std::string_view a, std::string_view b) {
    auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

Async<void> wait_for_ever() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await timer.async_wait(token);
}

}  // namespace

http::Response make_response(int status, std::string body, std::vector<http::Header> headers) {
    body.reserve(body.size() + parser_padding);
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

std::string header_of(const http::Request& request, std::string_view name) {
    for (const auto& header : request.headers)
        if (same_name(header.name, name)) return header.value;
    return {};
}

FakeHttp::~FakeHttp() {
    if (next_ < script_.size())
        ADD_FAILURE() << script_.size() - next_ << " scripted HTTP answers were not asked for";
}

FakeHttp& FakeHttp::answer(int status, std::string body, std::vector<http::Header> headers) {
    auto reply = [status, body = std::move(body), headers = std::move(headers)](const http::Request&) {
        return Result<http::Response>(make_response(status, body, headers));
    };
    script_.push_back({false, std::move(reply)});
    return *this;
}

FakeHttp& FakeHttp::fail(ErrorKind kind, std::string code) {
    auto reply = [kind, code = std::move(code)](const http::Request&) {
        return Result<http::Response>(make_error(kind, code, "scripted failure"));
    };
    script_.push_back({false, std::move(reply)});
    return *this;
}

FakeHttp& FakeHttp::hang() {
    auto reply = [](const http::Request&) {
        return Result<http::Response>(make_error(ErrorKind::cancelled, "cancelled", "the caller gave up"));
    };
    script_.push_back({true, std::move(reply)});
    return *this;
}

FakeHttp& FakeHttp::when(std::string text, int status, std::string body) {
    auto reply = [status, body = std::move(body)](const http::Request&) {
        return Result<http::Response>(make_response(status, body));
    };
    return when(std::move(text), std::move(reply));
}

FakeHttp& FakeHttp::when(std::string text, Rule rule) {
    rules_.emplace_back(std::move(text), std::move(rule));
    return *this;
}

std::size_t FakeHttp::count(std::string_view text) const {
    auto matches = [text](const http::Request& request) { return holds(request, text); };
    return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), matches));
}

FakeHttp::Step FakeHttp::next_step(const http::Request& request) {
    for (const auto& [text, rule] : rules_)
        if (holds(request, text)) return {false, rule};
    if (next_ < script_.size()) return script_[next_++];
    ADD_FAILURE() << "no scripted answer for " << request.method << " " << request.url << "\n"
                  << request.body;
    auto refuse = [](const http::Request&) {
        return Result<http::Response>(make_error(ErrorKind::internal, "unscripted", "no scripted answer"));
    };
    return {false, refuse};
}

Async<Result<http::Response>> FakeHttp::send(http::Request request) {
    requests_.push_back(request);
    Step step = next_step(request);
    if (step.hangs)
        co_await wait_for_ever();
    else
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    co_return step.reply(request);
}

}  // namespace polysync::test
