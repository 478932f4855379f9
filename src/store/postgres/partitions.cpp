#include "store/postgres/partitions.h"

namespace polysync::store {
namespace {

constexpr std::int64_t day = 86'400'000;

struct Partitioned {
    const char* parent;
    std::int64_t period;  // ms
    const char* kept;     // of a row r that outlives its time
    SystemTime Transaction::Retention::*before;
};

constexpr Partitioned tables[] = {{"history", 7 * day, "EXISTS (SELECT FROM run WHERE run.id = r.run)",
                                   &Transaction::Retention::runs_before},
                                  {"event", day, "false", &Transaction::Retention::events_before},
                                  {"audit", 28 * day, "false", &Transaction::Retention::audit_before}};

}  // namespace

Status make_partitions(PgConnection& connection) {
    for (const auto& table : tables) {
        PgParams params;
        params.bind(table.parent).bind(table.period);
        POLYSYNC_TRY(
            connection.fetch("SELECT make_partitions($1, $2, n - $2, n + 2 * $2) FROM (SELECT "
                             "(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS n) c",
                             params));
    }
    return success();
}

Status drop_partitions(PgConnection& connection, const Transaction::Retention& retention) {
    POLYSYNC_TRY(connection.fetch("SELECT set_config('lock_timeout', '1s', true)"));
    for (const auto& table : tables) {
        PgParams params;
        params.bind(table.parent).bind(retention.*table.before).bind(table.kept);
        POLYSYNC_TRY(connection.fetch("SELECT drop_partitions($1, $2, $3)", params));
    }
    for (const auto& table : tables) {  // of clocks that were far off
        PgParams params;
        params.bind(table.parent).bind(retention.*table.before).bind(table.kept);
        POLYSYNC_TRY(connection.fetch("SELECT prune_default($1, $2, $3)", params));
    }
    POLYSYNC_TRY(connection.fetch("SELECT set_config('lock_timeout', '20s', true)"));
    return success();
}

}  // namespace polysync::store
