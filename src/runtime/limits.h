// From the store's rows and the catalog to what engine/contention decides with.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "engine/catalog.h"
#include "engine/contention.h"
#include "store/store.h"

namespace polysync::runtime {

// The rows that limits are counted from.
struct LimitRows {
    std::vector<store::InFlightCount> in_flight;
    std::vector<store::Pause> pauses;
    std::vector<store::RateBucket> buckets;
    std::map<ObjectId, std::int64_t> queued;
};

[[nodiscard]] Result<LimitRows> read_limits(store::ReadTransaction& transaction,
                                            const engine::Catalog& catalog);

// Rules point into `catalog`, which must outlive the state. `tasks`: those whose runs will be asked about.
[[nodiscard]] engine::DispatchState build_dispatch_state(const engine::Catalog& catalog,
                                                         const LimitRows& rows,
                                                         const std::set<ObjectId>& tasks);

// Tasks whose runs cannot go whatever else holds: paused, or at their cap.
[[nodiscard]] std::vector<ObjectId> closed_tasks(const engine::Catalog& catalog, const LimitRows& rows);

// How many heads of the queue must be seen so that one that is longer than its profile's queue_size_limit
// loses its end; 0 where none is.
[[nodiscard]] int overlong_queue(const engine::Catalog& catalog, const LimitRows& rows);

}  // namespace polysync::runtime
