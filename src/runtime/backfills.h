// Backfills (TASK-10): which keys of a range get a run, and when.
#pragma once

#include <string>

#include "engine/catalog.h"
#include "runtime/propagation.h"
#include "store/store.h"

namespace polysync::runtime {

// Whether `selection` ("missing", "failed", "all") takes the key, by what became of it so far, live or in a
// backfill: missing where nothing has run for it, failed where its newest run failed or was cancelled.
[[nodiscard]] Result<bool> selects(store::ReadTransaction& transaction, const engine::CatalogTask& task,
                                   const std::string& selection, const std::string& key);

// The next keys of one backfill, as many as it may have active; done after the last.
[[nodiscard]] Status advance_backfill(store::Transaction& transaction, const engine::Catalog& catalog,
                                      Propagation& propagation, store::Backfill backfill, SystemTime now);

}  // namespace polysync::runtime
