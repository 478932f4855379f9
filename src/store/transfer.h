// Whole stores from one kind to the other, runs in flight included.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/postgres/connection.h"
#include "store/sqlite/database.h"

namespace polysync::store {

// Both at their newest schema. The one that is written to is empty, and is left so where anything fails.

// From one state of it, while others go on writing. Makes the file. Errors: invalid_input (the file exists).
[[nodiscard]] Status copy_to_sqlite(PgConnection& from, const std::string& path);
// Within the caller's transaction.
[[nodiscard]] Status copy_to_postgres(Database& from, PgConnection& to);

}  // namespace polysync::store
