// The numbered schema steps of a PostgreSQL store.
#pragma once

#include "store/postgres/connection.h"

namespace polysync::store {

[[nodiscard]] int newest_postgres_version();

// Whoever writes takes this lock first, for its transaction: units of all nodes are serializable, and
// numbers rise in the order of commits (docs/adr/0009). Named after the schema by its letters alone: what a
// connection has looked up of the schema may be older than the schema.
inline constexpr const char* write_lock = "SELECT pg_advisory_xact_lock(1886352249, ($1::bigint)::int)";
[[nodiscard]] PgParams write_lock_of(const std::string& schema);

// One transaction under the lock; rolled back where `function` (a Status) fails.
template <class Function>
[[nodiscard]] Status under_write_lock(PgConnection& connection, const std::string& schema,
                                      const Function& function) {
    POLYSYNC_TRY(connection.execute("BEGIN"));
    auto locked = connection.fetch(write_lock, write_lock_of(schema));
    Status done = locked ? function() : Status(locked.error());
    if (done) done = connection.execute("COMMIT");
    if (!done && !connection.is_lost()) [[maybe_unused]]
        auto undone = connection.execute("ROLLBACK");
    return done;
}

// Brings the schema to the newest step, whichever nodes start at the same time or run already: one after the
// other, each step whole or not at all, while no unit is being written. Errors: unsupported (made by a newer
// program that this one cannot work beside), invalid_input (privileges), transient.
[[nodiscard]] Status migrate(PgConnection& connection, const std::string& schema);
[[nodiscard]] Status migrate_to(PgConnection& connection, const std::string& schema, int newest);

}  // namespace polysync::store
