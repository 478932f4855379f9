// Stores that change their place: from one kind to the other, and backups into PostgreSQL.
#pragma once

#include <string>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "store/postgres/target.h"
#include "store/sqlite/sqlite_store.h"

namespace polysync::store {

// An SQLite file's path, or a PostgreSQL.
using Place = std::variant<std::string, PostgresTarget>;

struct MoveOptions {
    Place from, to;
    std::string to_text;  // of `to`, for people and for the mark; holds no secret
    SystemTime now{};
};

// Moves everything, runs in flight included, from a store that no server uses to a place that is empty. From
// before the first row is copied no server starts on the old store (moved_error()); it is kept. The same call
// again ends a move that was interrupted; where it fails, the old store can be used as before. Errors:
// conflict (a server runs on `from`, `to` is not empty, it has been moved elsewhere), and those of opening
// both.
[[nodiscard]] Status move_store(const MoveOptions& options);

// As restore_sqlite_store(), into an empty schema; nothing is replaced.
[[nodiscard]] Result<Restored> restore_postgres_store(const std::string& backup, const PostgresTarget& target,
                                                      const std::string& actor, SystemTime now);

}  // namespace polysync::store
