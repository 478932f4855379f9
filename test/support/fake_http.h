// An HttpClient that answers from a script and remembers what it was asked.
//
//     FakeHttp http;
//     http.answer(200, R"({"JobRunId": "jr_1"})").fail(ErrorKind::unclear, "connection_lost");
//     ... run the code under test ...
//     EXPECT_EQ(http.requests().at(0).body, "{}");
//
// Answers are given in order, each after a turn of the event loop, as a real answer would be. A rule (`when`)
// serves every request that it matches and comes before the script. A request that nothing answers is a test
// failure. For one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/http_client.h"

namespace polysync::test {

class FakeHttp final : public http::HttpClient {
  public:
    using Rule = std::function<Result<http::Response>(const http::Request&)>;

    // Fails the test when scripted answers were never asked for.
    ~FakeHttp() override;

    FakeHttp& answer(int status, std::string body = {}, std::vector<http::Header> headers = {});
    FakeHttp& fail(ErrorKind kind, std::string code);
    // A request that is never answered: it ends, as cancelled, when the caller gives up.
    FakeHttp& hang();
    // Serves every request whose URL or body holds `text`, any number of times.
    FakeHttp& when(std::string text, int status, std::string body = {});
    FakeHttp& when(std::string text, Rule rule);

    // In the order in which they came.
    [[nodiscard]] const std::vector<http::Request>& requests() const { return requests_; }
    // The requests whose URL or body holds `text`.
    [[nodiscard]] std::size_t count(std::string_view text) const;
    void forget_requests() { requests_.clear(); }

    [[nodiscard]] Async<Result<http::Response>> send(http::Request request) override;

  private:
    struct Step {
        bool hangs = false;
        Rule reply;
    };

    [[nodiscard]] Step next_step(const http::Request& request);

    std::vector<Step> script_;
    std::size_t next_ = 0;
    std::vector<std::pair<std::string, Rule>> rules_;
    std::vector<http::Request> requests_;
};

// A response with the spare capacity that HttpClient promises.
[[nodiscard]] http::Response make_response(int status, std::string body,
                                           std::vector<http::Header> headers = {});

// The value of that header, ignoring case; empty where there is none.
[[nodiscard]] std::string header_of(const http::Request& request, std::string_view name);

}  // namespace polysync::test
