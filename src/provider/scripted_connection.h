// For tests: a Connection that answers from a function and remembers the calls. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "aws/core/connection.h"

namespace polysync::test {

class ScriptedConnection final : public aws::Connection {
  public:
    // The body of the answer to one call, or its error.
    using Script =
        std::function<Result<std::string>(std::string_view operation, const boost::json::object& input)>;
    explicit ScriptedConnection(Script script) : script_(std::move(script)) {}

    Async<Result<aws::Answer>> call(const aws::Operation& operation, std::string body,
                                    aws::CallOptions) override {
        calls.emplace_back(std::string(operation.name), body);
        Result<std::string> given = script_(operation.name, boost::json::parse(body).as_object());
        if (!given) co_return given.error();
        aws::Answer answer;
        answer.body = std::move(given.value());
        answer.body.reserve(answer.body.size() + 64);  // simdjson's padding
        answer.http_status = 200;
        co_return answer;
    }
    std::optional<Millis> clock_offset() const override { return offset; }
    const std::string& region() const override { return region_; }
    const std::shared_ptr<aws::CredentialsProvider>& credentials() const override { return credentials_; }
    void set_account(std::string) override {}

    std::vector<std::pair<std::string, std::string>> calls;  // operation, body
    std::optional<Millis> offset;                            // what answers tell of AWS's clock

  private:
    Script script_;
    std::string region_ = "us-east-1";
    std::shared_ptr<aws::CredentialsProvider> credentials_;
};

}  // namespace polysync::test
