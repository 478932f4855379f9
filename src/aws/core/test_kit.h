// What the tests of src/aws share: credentials that are simply there, a clock that remembers each sleep, a
// connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/core/connection.h"
#include "aws/core/limiter_registry.h"
#include "base/random.h"

namespace polysync::aws::test {

inline std::shared_ptr<const Credentials> make_credentials(std::string key_id, std::string secret,
                                                           std::string token = {}) {
    auto made = std::make_shared<Credentials>();
    made->access_key_id = std::move(key_id);
    made->secret_access_key = Secret(std::move(secret));
    made->session_token = Secret(std::move(token));
    return made;
}

// Gives the first set until it is refused, then the next one.
class ScriptedCredentials final : public CredentialsProvider {
  public:
    explicit ScriptedCredentials(std::vector<std::shared_ptr<const Credentials>> sets)
        : sets_(std::move(sets)) {}

    Async<Result<std::shared_ptr<const Credentials>>> get() override {
        ++gets;
        if (sets_.empty()) co_return make_error(ErrorKind::credentials, "none", "no credentials left");
        co_return sets_.front();
    }
    void invalidate(const Credentials& refused) override {
        ++invalidations;
        if (sets_.size() > 1 && sets_.front()->access_key_id == refused.access_key_id)
            sets_.erase(sets_.begin());
    }

    int gets = 0, invalidations = 0;

  private:
    std::vector<std::shared_ptr<const Credentials>> sets_;
};

// A ManualClock that lists what was slept.
class RecordingClock final : public Clock {
  public:
    explicit RecordingClock(SystemTime start) : clock_(start) {}
    SystemTime now() const override { return clock_.now(); }
    SteadyTime steady_now() const override { return clock_.steady_now(); }
    Async<void> sleep_until(SteadyTime deadline) override {
        sleeps.push_back(std::chrono::ceil<Millis>(deadline - clock_.steady_now()));
        co_await clock_.sleep_until(deadline);
    }
    ManualClock& manual() { return clock_; }

    std::vector<Millis> sleeps;

  private:
    ManualClock clock_;
};

}  // namespace polysync::aws::test
