// The shared store: a schema of a PostgreSQL database, for any number of nodes (docs/adr/0009).
#pragma once

#include <functional>
#include <memory>

#include "store/postgres/target.h"
#include "store/store.h"

namespace polysync::store {

struct PostgresOptions {
    PostgresTarget target;
    // No threads: every unit runs and commits at once on the caller's (simulator, tests).
    bool run_inline = false;
    std::function<SystemTime()> time;  // counts in place of PostgreSQL's clock, for the simulator; may be
                                       // empty
    // Called on the writing thread before every commit, for tests. May be empty.
    std::function<void()> before_commit;
};

// Connects, migrates, and keeps four connections: one that writes, two that read, one that listens. Where a
// connection is lost it is opened again, with a backoff; units fail as transient meanwhile. A commit whose
// answer was lost is looked up before its units return, so `unclear` comes only where the store is closed
// before it can be. Errors: those of the connection (invalid_input, transient, unsupported).
[[nodiscard]] Result<std::unique_ptr<Store>> open_postgres_store(PostgresOptions options);

}  // namespace polysync::store
