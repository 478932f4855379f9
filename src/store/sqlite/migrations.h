// The schema's numbered steps, forward only.
#pragma once

#include "store/sqlite/database.h"

namespace polysync::store {

// Brings the schema to the newest version, each step in one transaction. Fails with unsupported where the
// database was made by a newer program.
[[nodiscard]] Status migrate(Database& database);

[[nodiscard]] int newest_schema_version();
[[nodiscard]] Result<int> schema_version(Database& database);
// For tests: stops at `version`.
[[nodiscard]] Status migrate_to(Database& database, int version);

}  // namespace polysync::store
