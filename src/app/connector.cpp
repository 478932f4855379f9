#include "app/connector.h"

#include "aws/config/environment.h"
#include "aws/core/limiter_registry.h"
#include "base/random.h"
#include "http/curl/curl_client.h"
#include "provider/registry.h"

namespace polysync::app {

struct Connector::Parts {
    Parts(std::unique_ptr<http::HttpClient> client, Clock& clock)
        : http(std::move(client)),
          limiters(clock),
          environment(aws::AuthEnvironment{*http, clock, system_random(), aws::system_environment(),
                                           aws::system_processes(), "polysync/" POLYSYNC_VERSION},
                      limiters) {}

    std::unique_ptr<http::HttpClient> http;
    aws::LimiterRegistry limiters;
    ProviderEnvironment environment;
};

Connector::Connector(Clock& clock) : clock_(clock) {}
Connector::~Connector() = default;

Status Connector::prepare() {
    if (parts_) return success();
    auto get = [](std::string_view name) { return aws::system_environment().get(name); };
    POLYSYNC_TRY(auto client, http::make_curl_client(http::curl_options_from_environment(get)));
    parts_ = std::make_unique<Parts>(std::move(client), clock_);
    return success();
}

Result<std::unique_ptr<Provider>> Connector::connect(const Platform& platform) {
    POLYSYNC_TRY(prepare());
    return make_provider(platform, parts_->environment);
}

Async<Result<TokenInspection>> Connector::inspect_token(Platform platform) {
    if (auto ready = prepare(); !ready) co_return ready.error();
    auto inspect = token_inspector(platform, parts_->environment.auth);
    co_return co_await inspect();
}

void Connector::ask_for_accounts() {
    if (auto ready = prepare(); ready) parts_->environment.asks_for_accounts = true;
}

void Connector::share_with(std::size_t processes) {
    if (auto ready = prepare(); ready) parts_->limiters.share_with(processes);
}

Result<http::HttpClient*> Connector::http() {
    POLYSYNC_TRY(prepare());
    return parts_->http.get();
}

}  // namespace polysync::app
