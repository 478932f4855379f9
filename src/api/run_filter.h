// The filter of runs, the same in queries and in the bodies of bulk actions.
#pragma once

#include "api/call.h"
#include "api/route.h"
#include "engine/catalog.h"
#include "store/store.h"

namespace polysync::api {

// task, state, platform, lane, key, trigger, from, to. Errors go to the fields' problems: unknown names,
// states and triggers, with the nearest known one.
[[nodiscard]] store::RunFilter read_run_filter(Fields& fields, const engine::Catalog& catalog);
[[nodiscard]] std::vector<QueryParameter> run_filter_query();
// As the store would decide for one run.
[[nodiscard]] bool passes(const store::RunFilter& filter, const TaskRun& run);

}  // namespace polysync::api
