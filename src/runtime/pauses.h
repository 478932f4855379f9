// Pauses of a task, a platform or everything, and what becomes of the keys that came up meanwhile (TASK-5).
#pragma once

#include <string>

#include "engine/catalog.h"
#include "store/store.h"

namespace polysync::runtime {

// Pausing what is paused changes who and why, not since when.
[[nodiscard]] Status pause_in(store::Transaction& transaction, ObjectId object, const std::string& actor,
                              const std::string& reason, SystemTime now);

// The keys that the pause held back run, or are dropped; how many they were. Keys that still lack something
// wait on, no older than when the pause began.
[[nodiscard]] Result<int> resume_in(store::Transaction& transaction, const engine::Catalog& catalog,
                                    ObjectId object, bool run_kept_keys, const std::string& actor,
                                    SystemTime now);

// The setting that says which keys were dropped last: JSON {at, by, resumed, first, last, count}.
[[nodiscard]] std::string dropped_setting(ObjectId task);

}  // namespace polysync::runtime
