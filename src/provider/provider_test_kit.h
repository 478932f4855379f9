// A provider that speaks to a scripted AWS: answers by operation, remembered requests, a clock that stands
// still.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "aws/auth/credentials.h"
#include "aws/core/connection.h"
#include "base/random.h"
#include "provider/parts.h"
#include "test/support/fake_http.h"
#include "test/support/run_async.h"

namespace polysync::provider_test {

class FixedCredentials final : public aws::CredentialsProvider {
  public:
    explicit FixedCredentials(Result<std::shared_ptr<const aws::Credentials>> given)
        : given_(std::move(given)) {}
    Async<Result<std::shared_ptr<const aws::Credentials>>> get() override { co_return given_; }
    void invalidate(const aws::Credentials&) override {}

  private:
    Result<std::shared_ptr<const aws::Credentials>> given_;
};

// For one thread. An operation's answers are given in order, its last one again and again.
class ScriptedAws {
  public:
    explicit ScriptedAws(PlatformType type, std::string region = "eu-west-1") {
        platform.type = type;
        platform.name = "test";
        platform.region = std::move(region);
        auto made = std::make_shared<aws::Credentials>();
        made->access_key_id = "AKIATEST000000000000";
        made->secret_access_key = Secret("test-secret-never-shown");
        made->source = "test keys";
        credentials = std::make_shared<FixedCredentials>(std::shared_ptr<const aws::Credentials>(made));
        http_.when("", [this](const http::Request& request) { return answer_of(request); });
    }

    ScriptedAws& on(const std::string& operation, std::string body) {
        answers_[operation].push_back(test::make_response(200, std::move(body)));
        return *this;
    }
    ScriptedAws& refuse(const std::string& operation, const std::string& code,
                        const std::string& message = "no") {
        answers_[operation].push_back(
            test::make_response(400, R"({"__type":")" + code + R"(","message":")" + message + R"("})"));
        return *this;
    }
    ScriptedAws& lose(const std::string& operation) {
        answers_[operation].push_back(make_error(ErrorKind::unclear, "connection_lost", "reset"));
        return *this;
    }
    void forget(const std::string& operation) { answers_.erase(operation); }

    [[nodiscard]] std::unique_ptr<Provider> provider() {
        ProviderParts parts;
        parts.platform = platform;
        parts.clock = &clock;
        parts.random = &random;
        aws::ConnectionParts connection;
        connection.platform = platform.name;
        connection.region = platform.region;
        connection.endpoint_of = [region = platform.region](const aws::Operation&) {
            return Result<aws::Endpoint>(aws::Endpoint{"https://aws.test", region});
        };
        connection.credentials = credentials;
        connection.http = &http_;
        connection.clock = &clock;
        connection.random = &random;
        parts.connection = aws::Connection::make(std::move(connection));
        if (platform.type == PlatformType::aws_sagemaker) return make_sagemaker_provider(std::move(parts));
        return make_step_functions_provider(std::move(parts));
    }

    // The bodies that were sent to an operation.
    [[nodiscard]] std::vector<boost::json::object> sent(const std::string& operation) const {
        std::vector<boost::json::object> out;
        for (const auto& request : http_.requests()) {
            if (operation_of(request) == operation)
                out.push_back(boost::json::parse(request.body).as_object());
        }
        return out;
    }
    [[nodiscard]] std::size_t calls() const { return http_.requests().size(); }
    void forget_requests() { http_.forget_requests(); }

    Platform platform;
    ManualClock clock{SystemTime(std::chrono::seconds(1800000000))};
    SeededRandom random{1};
    std::shared_ptr<aws::CredentialsProvider> credentials;

  private:
    static std::string operation_of(const http::Request& request) {
        std::string target = test::header_of(request, "X-Amz-Target");
        if (!target.empty()) return target.substr(target.rfind('.') + 1);
        auto action = request.body.find("Action=");
        if (action == std::string::npos) return {};
        return request.body.substr(action + 7, request.body.find('&', action) - action - 7);
    }
    Result<http::Response> answer_of(const http::Request& request) {
        auto& queue = answers_[operation_of(request)];
        if (queue.empty()) {
            ADD_FAILURE() << "not expected: " << operation_of(request) << " " << request.body;
            return make_error(ErrorKind::internal, "unexpected", "no answer is scripted");
        }
        auto answer = queue.front();
        if (queue.size() > 1) queue.pop_front();
        if (answer) answer.value().body.reserve(answer.value().body.size() + 64);
        return answer;
    }

    test::FakeHttp http_;
    std::map<std::string, std::deque<Result<http::Response>>> answers_;
};

}  // namespace polysync::provider_test
