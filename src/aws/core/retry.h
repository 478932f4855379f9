// When and how often a call is repeated: policy, backoff and quota are separate and injected
// (aws-facts 12.1); the sleeper is the Clock.
#pragma once

#include <optional>

#include "aws/core/error_codes.h"
#include "aws/core/operation.h"
#include "aws/core/retry_settings.h"
#include "base/clock.h"
#include "base/random.h"

namespace polysync::aws {

// A failed attempt, as the policy sees it.
struct FailedAttempt {
    RetryClass retry = RetryClass::never;
    RepeatSafety repeat = RepeatSafety::read;
    int attempt = 1;                     // which one failed, from 1
    bool temporary_credentials = false;  // those it was signed with
    bool refreshed_before = false;       // new credentials were fetched in this call already
    bool skew_found = false;  // the host's clock turned out to differ from what the attempt was signed with
    bool skew_corrected_before = false;
};

enum class RetryAction { give_up, at_once, refresh_credentials, back_off };

// Which failures are worth another attempt. Stateless.
class RetryPolicy {
  public:
    virtual ~RetryPolicy() = default;
    [[nodiscard]] virtual RetryAction decide(const FailedAttempt& failed) const = 0;
};

// Standard mode, minus what could start a second run: an attempt of RepeatSafety::start whose fate is not
// known is the last one (SAFE-1).
class StandardRetryPolicy final : public RetryPolicy {
  public:
    explicit StandardRetryPolicy(RetrySettings settings) : settings_(settings) {}
    [[nodiscard]] RetryAction decide(const FailedAttempt& failed) const override;

  private:
    RetrySettings settings_;
};

// How long to wait before retry `retry` (from 0).
class Backoff {
  public:
    virtual ~Backoff() = default;
    [[nodiscard]] virtual Millis delay(int retry, bool throttled, std::optional<Millis> hint) = 0;
};

// rand · min(base · 2^retry, 20 s), base 50 ms or, when throttled, 1 s; the server's hint counts up to 5 s
// beyond that.
class StandardBackoff final : public Backoff {
  public:
    explicit StandardBackoff(Random& random) : random_(random) {}
    [[nodiscard]] Millis delay(int retry, bool throttled, std::optional<Millis> hint) override;

  private:
    Random& random_;
};

// Tokens that retries are paid with, so that a sick service is not beaten: 500, a retry costs 14, after
// throttling 5. One per platform and service, for one thread.
class RetryQuota {
  public:
    // What the retry cost; nothing where too few tokens are left.
    [[nodiscard]] std::optional<int> take(bool throttled);
    // A call ended well: its last retry's cost comes back, or 1 where it needed none.
    void on_success(std::optional<int> last_cost);
    [[nodiscard]] int tokens() const { return tokens_; }

  private:
    int tokens_ = 500;
};

}  // namespace polysync::aws
