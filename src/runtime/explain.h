// Why a task did or did not run (TASK-11).
#pragma once

#include <optional>
#include <string>

#include "engine/catalog.h"
#include "runtime/operations.h"
#include "store/store.h"

namespace polysync::runtime {

// For one key, or (without one) for the key that the next fire or the newest token is about. Reads one
// consistent state.
[[nodiscard]] Result<WhyAnswer> explain(store::ReadTransaction& transaction, const engine::Catalog& catalog,
                                        const engine::CatalogTask& task,
                                        const std::optional<std::string>& key, SystemTime now);

}  // namespace polysync::runtime
