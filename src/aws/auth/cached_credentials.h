// A source's credentials, fetched once for all callers and ahead of their expiry (PLAT-3, aws-facts 9.6).
#pragma once

#include <memory>
#include <optional>

#include "aws/auth/credentials.h"
#include "aws/auth/credentials_source.h"
#include "base/clock.h"
#include "base/random.h"

namespace polysync::aws {

// From 15 minutes before expiry (or 20 % of the lifetime, if that is less; ± 10 %) one caller fetches new
// credentials while the others go on with the old ones. A failed attempt is no error while those are valid,
// and is repeated after half a minute. Where no valid ones are left, all callers wait for one fetch and share
// its result. One executor, shared ownership. Supports Asio per-operation cancellation: the waiting of one
// caller ends, and a fetch that its caller gave up is taken over by the next one.
class CachedCredentials final : public CredentialsProvider {
  public:
    CachedCredentials(std::unique_ptr<CredentialsSource> source, Clock& clock, Random& random);
    ~CachedCredentials() override;

    Async<Result<std::shared_ptr<const Credentials>>> get() override;
    void invalidate(const Credentials& refused) override;

  private:
    using CredentialsPtr = std::shared_ptr<const Credentials>;
    struct Flight;
    class Landing;

    [[nodiscard]] bool is_valid() const;
    [[nodiscard]] bool is_due() const;
    [[nodiscard]] Millis jittered(Millis span);
    Async<Result<CredentialsPtr>> lead();
    void accept(Credentials fetched);
    Result<CredentialsPtr> survive(Error error);

    std::unique_ptr<CredentialsSource> source_;
    Clock& clock_;
    Random& random_;
    CredentialsPtr current_;
    SystemTime valid_until_ = SystemTime::max();
    SystemTime refresh_at_ = SystemTime::max();
    bool refused_ = false;            // by AWS: must be replaced whatever its expiry
    std::shared_ptr<Flight> flight_;  // the fetch under way
};

}  // namespace polysync::aws
