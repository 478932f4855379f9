// The steps of a restore.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::store {

// Before anything is touched. Errors: invalid_input (it is no backup, or damaged).
[[nodiscard]] Status check_backup(const std::string& path);
// A copy of the backup at `fresh`, replaced where it is there: with the newest schema, and everything paused.
// The time of its newest event.
[[nodiscard]] Result<SystemTime> prepare_restored(const std::string& backup, const std::string& fresh,
                                                  const std::string& actor, SystemTime now);
// The file takes the other one's name, durably.
[[nodiscard]] Status replace_durably(const std::string& from, const std::string& to);

}  // namespace polysync::store
