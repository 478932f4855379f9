#include "bench/bench_connection.h"

#include "base/clock.h"
#include "base/random.h"

namespace polysync::bench {
namespace {

constexpr double unlimited = 1e9;

// Long-lived keys, as from a definition file.
class FixedCredentials final : public aws::CredentialsProvider {
  public:
    FixedCredentials() {
        aws::Credentials fixed;
        fixed.access_key_id = "AKIDEXAMPLE";
        fixed.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        fixed_ = std::make_shared<const aws::Credentials>(std::move(fixed));
    }
    Async<Result<std::shared_ptr<const aws::Credentials>>> get() override { co_return fixed_; }
    void invalidate(const aws::Credentials&) override {}

  private:
    std::shared_ptr<const aws::Credentials> fixed_;
};

}  // namespace

std::shared_ptr<aws::Connection> make_connection(const std::string& endpoint, http::HttpClient& http,
                                                 aws::LimiterRegistry& limiters) {
    limiters.set_rate("glue", "GetJobRun", unlimited, unlimited);
    limiters.set_rate("batch", "DescribeJobs", unlimited, unlimited);
    aws::ConnectionParts parts;
    parts.platform = "bench";
    parts.region = "eu-west-1";
    parts.endpoint_of = [endpoint](const aws::Operation&) -> Result<aws::Endpoint> {
        return aws::Endpoint{endpoint, "eu-west-1"};
    };
    parts.credentials = std::make_shared<FixedCredentials>();
    parts.http = &http;
    parts.clock = &system_clock();
    parts.random = &system_random();
    parts.limiters = &limiters;
    return aws::Connection::make(std::move(parts));
}

}  // namespace polysync::bench
