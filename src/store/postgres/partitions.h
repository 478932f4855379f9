// Histories, events and audit are partitioned by time.
#pragma once

#include "store/postgres/connection.h"
#include "store/store.h"

namespace polysync::store {

// For the time around now, by the database's clock. Under the write lock.
[[nodiscard]] Status make_partitions(PgConnection& connection);
// Those that hold nothing younger than is to be kept go; histories of runs that are still there stay. Under
// the write lock. One that somebody reads right now stays until the next time.
[[nodiscard]] Status drop_partitions(PgConnection& connection, const Transaction::Retention& retention);

}  // namespace polysync::store
