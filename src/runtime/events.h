// What changed, in the form of server-sent events.
#pragma once

#include "engine/catalog.h"
#include "store/store.h"

namespace polysync::runtime {

// "run.state": the run is in this state from now on.
[[nodiscard]] store::Event run_state_event(const TaskRun& run, const engine::Catalog& catalog,
                                           SystemTime now);

}  // namespace polysync::runtime
