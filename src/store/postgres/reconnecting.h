// A connection that is opened again when it was lost.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "store/postgres/connection.h"

namespace polysync::store {

// One thread at a time.
class Reconnecting {
  public:
    // Both outlive it.
    Reconnecting(const PostgresTarget& target, const std::atomic<bool>& stopping)
        : target_(target), stopping_(stopping) {}

    // One that works, as far as is known. After a failure the next try waits, up to 2 s. Errors: those of
    // PgConnection::open(); where it worked once, what looks like the user's mistake is transient.
    [[nodiscard]] Result<PgConnection*> get();
    void drop() { connection_.reset(); }

  private:
    void pause();

    const PostgresTarget& target_;
    const std::atomic<bool>& stopping_;
    std::unique_ptr<PgConnection> connection_;
    std::chrono::milliseconds backoff_{0};
    bool worked_once_ = false;
};

}  // namespace polysync::store
