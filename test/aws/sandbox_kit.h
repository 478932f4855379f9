// A sandbox, an HTTP client and a connection to it.
#pragma once

#include <memory>
#include <string>

#include "aws/core/connection.h"
#include "aws/core/limiter_registry.h"
#include "aws/core/test_kit.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/curl/curl_client.h"
#include "sandbox/sandbox.h"
#include "test/support/run_async.h"

namespace polysync::aws::test {

class SandboxSession {
  public:
    explicit SandboxSession(sandbox::SandboxOptions options = {})
        : sandbox_(sandbox::Sandbox::start(fast(std::move(options))).value()),
          http_(http::make_curl_client({}).value()),
          limiters_(system_clock()) {
        credentials = std::make_shared<ScriptedCredentials>(
            std::vector{make_credentials("AKIASANDBOX000000000", "polysync-sandbox-secret")});
    }

    std::shared_ptr<Connection> connect(RetrySettings retry = {}) {
        ConnectionParts parts;
        parts.platform = "test";
        parts.region = "us-east-1";
        parts.account = "123456789012";
        std::string url = sandbox_->endpoint();
        parts.endpoint_of = [url](const Operation&) -> Result<Endpoint> {
            return Endpoint{url, "us-east-1"};
        };
        parts.credentials = credentials;
        parts.http = http_.get();
        parts.clock = &system_clock();
        parts.random = &system_random();
        parts.limiters = &limiters_;
        parts.retry = retry;
        return Connection::make(std::move(parts));
    }

    sandbox::Sandbox& sandbox() { return *sandbox_; }
    LimiterRegistry& limiters() { return limiters_; }

    template <class T>
    T run(Async<T> work) {
        return polysync::test::run_async(io_, std::move(work));
    }

    std::shared_ptr<ScriptedCredentials> credentials;

  private:
    static sandbox::SandboxOptions fast(sandbox::SandboxOptions options) {
        options.seed = 7;
        options.settings.time_scale = 200;
        return options;
    }

    boost::asio::io_context io_;  // outlives the client, which posts to it
    std::unique_ptr<sandbox::Sandbox> sandbox_;
    std::unique_ptr<http::HttpClient> http_;
    LimiterRegistry limiters_;
};

}  // namespace polysync::aws::test
