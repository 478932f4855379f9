// One process per SQLite store.
#pragma once

#include <string>

#include "base/file.h"

namespace polysync::store {

// Holds the lock file of a database for as long as the process uses it. Errors: invalid_input (the folder),
// transient (another process has it).
[[nodiscard]] Result<FileLock> take_store(const std::string& path);

}  // namespace polysync::store
