// The numbered schema steps of a PostgreSQL store.
#pragma once

#include "store/postgres/connection.h"

namespace polysync::store {

[[nodiscard]] int newest_postgres_version();

// Whoever writes takes this lock first, for its transaction: units of all nodes are serializable, and
// numbers rise in the order of commits (docs/adr/0009).
inline constexpr const char* write_lock =
    "SELECT pg_advisory_xact_lock(1886352249, to_regnamespace(quote_ident(current_schema()))::oid::int)";

// Brings the schema to the newest step, whichever nodes start at the same time or run already: one after the
// other, each step whole or not at all, while no unit is being written. Errors: unsupported (made by a newer
// program that this one cannot work beside), invalid_input (privileges), transient.
[[nodiscard]] Status migrate(PgConnection& connection, const std::string& schema);

}  // namespace polysync::store
