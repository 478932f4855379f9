// The way from an operation and its body to AWS's answer: limiter → credentials → signature → HTTP → error →
// retry.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/auth/credentials.h"
#include "aws/core/call_options.h"
#include "aws/core/endpoint.h"
#include "aws/core/limiter_stats.h"
#include "aws/core/operation.h"
#include "aws/core/retry_settings.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "http/http_client.h"

namespace polysync::aws {

class Backoff;
class LimiterRegistry;
class RetryPolicy;

// What a Connection is made of. The referenced things outlive it.
struct ConnectionParts {
    std::string platform;  // its name; retry quotas are kept per platform and service
    std::string region;
    std::string account;  // what shares rate limits: the account id; empty: the credentials' identity until
                          // it is known
    bool asks_for_account = false;  // of STS, before the first call: where it is not known, so that all
                                    // credentials of an account share its limits from the start
    EndpointResolver endpoint_of;
    std::shared_ptr<CredentialsProvider> credentials;  // may be empty where only unsigned operations are
                                                       // called
    http::HttpClient* http = nullptr;
    Clock* clock = nullptr;
    Random* random = nullptr;
    LimiterRegistry* limiters = nullptr;  // none: calls are not rate-limited on this side (STS of a
                                          // credentials provider)
    RetrySettings retry;
    std::shared_ptr<const RetryPolicy> retry_policy;  // none: StandardRetryPolicy
    std::shared_ptr<Backoff> backoff;                 // none: StandardBackoff
    std::string user_agent = "polysync";
};

struct Answer {
    std::string body;
    std::string request_id;
    std::optional<SystemTime> server_date;
    int http_status = 0;
    int attempts = 1;
};

// One per platform, shared by its typed clients; one executor.
class Connection {
  public:
    [[nodiscard]] static std::shared_ptr<Connection> make(ConnectionParts parts);
    virtual ~Connection() = default;

    // Sends `body` (bytes as they are, signed) and waits for an answer with status 2xx. Repeats it within the
    // retry settings where that is safe. Errors carry service, operation, AWS's own code, request id and
    // status; kinds as in base/error.h. A call with RepeatSafety::start whose outcome cannot be told fails
    // with ErrorKind::unclear at once. Supports Asio per-operation cancellation (ErrorKind::cancelled; for a
    // start call that may have been sent: unclear).
    [[nodiscard]] virtual Async<Result<Answer>> call(const Operation& operation, std::string body,
                                                     CallOptions options = {}) = 0;

    // Server minus local time, as last measured on any of this connection's hosts.
    [[nodiscard]] virtual std::optional<Millis> clock_offset() const = 0;
    [[nodiscard]] virtual const std::string& region() const = 0;
    [[nodiscard]] virtual const std::shared_ptr<CredentialsProvider>& credentials() const = 0;
    // From now on rate limits are shared with everything that uses this account (GetCallerIdentity tells it).
    virtual void set_account(std::string account) = 0;
    // The rate limits that its calls go by.
    [[nodiscard]] virtual std::vector<LimiterStats> limits() const { return {}; }
};

}  // namespace polysync::aws
