// Runs, attempts and histories.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "store/row_codec.h"
#include "store/sqlite/transaction.h"

namespace polysync::store {
Result<std::vector<TaskRun>> SqliteTransaction::read_runs(Statement& statement) {
    std::vector<TaskRun> out;
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back(read_run(statement));
    }
}

Result<std::vector<TaskRun>> SqliteTransaction::runs(std::span<const RunId> ids) {
    std::vector<TaskRun> out;
    POLYSYNC_TRY(auto statement, database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS " FROM run WHERE id = ?"));
    for (auto id : ids) {
        statement.bind(number(id));
        POLYSYNC_TRY(bool row, statement.step());
        if (row) out.push_back(read_run(statement));
        statement.reset();
    }
    return out;
}

Result<RunPage> SqliteTransaction::list_runs(const RunFilter& filter, const Page& page) {
    POLYSYNC_TRY(auto condition, list_condition(filter, page));
    int limit = std::clamp(page.limit, 1, 1000);
    std::string sql = "SELECT " POLYSYNC_RUN_COLUMNS " FROM run WHERE " + condition;
    if (filter.lane) sql += " AND lane = ?";
    if (filter.key) sql += " AND key = ?";
    sql += fmt::format(" ORDER BY id {} LIMIT {}", filter.newest_first ? "DESC" : "ASC", limit + 1);
    POLYSYNC_TRY(auto statement, Statement::once(database_, sql));
    if (filter.lane) statement.bind(*filter.lane);
    if (filter.key) statement.bind(*filter.key);
    RunPage out;
    POLYSYNC_TRY(out.runs, read_runs(statement));
    if (int(out.runs.size()) > limit) {
        out.runs.pop_back();
        out.next = std::to_string(number(out.runs.back().id));
    }
    return out;
}

Result<std::vector<TaskRun>> SqliteTransaction::runs_of_key(ObjectId task, std::string_view lane,
                                                            std::string_view key) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                                   " FROM run WHERE task = ? AND lane = ? AND key = ? ORDER BY rerun"));
    statement.bind(number(task)).bind(lane).bind(key);
    return read_runs(statement);
}

Result<std::optional<TaskRun>> SqliteTransaction::newest_success(ObjectId task, std::string_view lane) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare(
                     "SELECT " POLYSYNC_RUN_COLUMNS
                     " FROM run WHERE state = 4 AND task = ? AND lane = ? ORDER BY ended_at DESC LIMIT 1"));
    statement.bind(number(task)).bind(lane);
    POLYSYNC_TRY(auto found, read_runs(statement));
    if (found.empty()) return std::optional<TaskRun>();
    return std::optional<TaskRun>(std::move(found.front()));
}

Result<std::vector<Millis>> SqliteTransaction::recent_durations(ObjectId task, int limit) {
#define POLYSYNC_DURATIONS                                           \
    "SELECT ended_at - coalesce(started_at, submitted_at) FROM run " \
    "INDEXED BY run_succeeded WHERE state = 4 AND task = ? AND lane "
    std::vector<Millis> out;
    // The second one passes by those of the first, which are too few then.
    for (const char* sql : {POLYSYNC_DURATIONS "= 'live' ORDER BY ended_at DESC LIMIT ?",
                            POLYSYNC_DURATIONS "<> 'live' LIMIT ?"}) {
        POLYSYNC_TRY(auto statement, database_.prepare(sql));
        statement.bind(number(task)).bind(limit - int(out.size()));
        while (true) {
            POLYSYNC_TRY(bool row, statement.step());
            if (!row) break;
            if (!statement.is_null(0)) out.emplace_back(std::max<std::int64_t>(0, statement.integer(0)));
        }
    }
    return out;
}

Result<std::vector<TaskRun>> SqliteTransaction::queued_heads(SystemTime now, int per_task, int limit,
                                                             std::span<const ObjectId> but) {
    std::set<std::int64_t> left_out;
    for (auto id : but) left_out.insert(number(id));
    struct Group {
        std::int64_t platform, task;
    };
    std::vector<Group> groups;
    {
        POLYSYNC_TRY(
            auto statement,
            database_.prepare("SELECT platform, task FROM occupancy WHERE queued > 0 ORDER BY platform"));
        while (true) {
            POLYSYNC_TRY(bool row, statement.step());
            if (!row) break;
            if (left_out.contains(statement.integer(1))) continue;
            groups.push_back({statement.integer(0), statement.integer(1)});
        }
    }
    std::vector<TaskRun> out;
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                          " FROM run WHERE state = 0 AND platform = ? AND task = ? AND not_before <= ?"
                          " ORDER BY priority DESC, queued_at, id LIMIT ?"));
    for (std::size_t begin = 0; begin < groups.size();) {
        std::vector<TaskRun> of_platform;
        auto platform = groups[begin].platform;
        for (; begin < groups.size() && groups[begin].platform == platform; ++begin) {
            statement.bind(platform).bind(groups[begin].task).bind(now).bind(per_task);
            POLYSYNC_TRY(auto heads, read_runs(statement));
            statement.reset();
            std::move(heads.begin(), heads.end(), std::back_inserter(of_platform));
        }
        keep_heads(of_platform, limit);
        std::move(of_platform.begin(), of_platform.end(), std::back_inserter(out));
    }
    return out;
}

Result<std::optional<SystemTime>> SqliteTransaction::next_not_before(SystemTime now) {
    // "> 0" for the index run_waits; last, because SQLite looks for the first bound.
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT min(not_before) FROM run WHERE state = 0 AND not_before > ? AND "
                                   "not_before > 0"));
    statement.bind(now);
    POLYSYNC_TRY(bool row, statement.step());
    return row ? statement.optional_time(0) : std::nullopt;
}

Result<std::vector<InFlightCount>> SqliteTransaction::in_flight_counts() {
    std::vector<InFlightCount> out;
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT task, platform, in_flight FROM occupancy WHERE in_flight > 0"));
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back(
            {ObjectId{statement.integer(0)}, ObjectId{statement.integer(1)}, int(statement.integer(2))});
    }
}

Result<std::int64_t> SqliteTransaction::queued_count(ObjectId platform) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT coalesce(sum(queued), 0) FROM occupancy WHERE platform = ?"));
    statement.bind(number(platform));
    POLYSYNC_TRY(bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

Result<std::vector<TaskRun>> SqliteTransaction::active_runs(ObjectId task, std::string_view lane, int limit) {
    std::vector<std::int64_t> platforms;  // on which the task has any
    {
        POLYSYNC_TRY(auto statement, database_.prepare("SELECT platform FROM occupancy WHERE task = ? AND "
                                                       "(queued > 0 OR in_flight > 0)"));
        statement.bind(number(task));
        while (true) {
            POLYSYNC_TRY(bool row, statement.step());
            if (!row) break;
            platforms.push_back(statement.integer(0));
        }
    }
    std::vector<TaskRun> out;
    if (platforms.empty()) return out;
    {
        POLYSYNC_TRY(
            auto statement,
            database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                              " FROM run INDEXED BY run_in_flight WHERE state BETWEEN 1 AND 3 AND task = ?1 "
                              "AND (?2 = '' OR lane = ?2) ORDER BY id LIMIT ?3"));
        statement.bind(number(task)).bind(lane).bind(limit);
        POLYSYNC_TRY(out, read_runs(statement));
    }
    for (auto platform : platforms) {
        POLYSYNC_TRY(
            auto statement,
            database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                              " FROM run INDEXED BY run_queued WHERE state = 0 AND platform = ?1 AND "
                              "task = ?2 AND (?3 = '' OR lane = ?3) LIMIT ?4"));
        statement.bind(platform).bind(number(task)).bind(lane).bind(limit - int(out.size()));
        POLYSYNC_TRY(auto queued, read_runs(statement));
        std::move(queued.begin(), queued.end(), std::back_inserter(out));
    }
    return out;
}

Result<std::vector<TaskRun>> SqliteTransaction::in_flight(RunId after, int limit) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                                   " FROM run WHERE state BETWEEN 1 AND 3 AND id > ? ORDER BY id LIMIT ?"));
    statement.bind(number(after)).bind(limit);
    return read_runs(statement);
}

Result<std::vector<TaskRun>> SqliteTransaction::recorded_cancels(std::string_view owner) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("SELECT " POLYSYNC_RUN_COLUMNS
                                   " FROM run INDEXED BY run_cancels WHERE node = ? AND cancel > 0 AND "
                                   "state BETWEEN 1 AND 3 ORDER BY id"));
    statement.bind(owner);
    return read_runs(statement);
}

Result<std::vector<TaskRun>> SqliteTransaction::adopt_runs(std::string_view owner, int limit, Part part) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("UPDATE run SET node = ?1, fence = fence + 1 WHERE id IN (SELECT id FROM run "
                          "INDEXED BY run_in_flight WHERE state BETWEEN 1 AND 3 AND node NOT IN "
                          "(SELECT name || '#' || term FROM node) AND id % ?3 = ?4 ORDER BY id LIMIT ?2) "
                          "RETURNING " POLYSYNC_RUN_COLUMNS));
    statement.bind(owner).bind(limit).bind(std::int64_t(part.of)).bind(std::int64_t(part.index));
    POLYSYNC_TRY(auto runs, read_runs(statement));
    std::sort(runs.begin(), runs.end(), [](const TaskRun& a, const TaskRun& b) { return a.id < b.id; });
    return runs;
}

Result<std::vector<Attempt>> SqliteTransaction::attempts(RunId run) {
    std::vector<Attempt> out;
    POLYSYNC_TRY(auto statement,
                 database_.prepare(
                     "SELECT attempt, token, intent, called_at, ended_at, pipeline_run_id, aws_status, code, "
                     "message, exit_code FROM attempt WHERE run = ? ORDER BY attempt, called_at"));
    statement.bind(number(run));
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back(read_attempt(run, statement));
    }
}

Result<std::vector<HistoryEntry>> SqliteTransaction::history(RunId run) {
    std::vector<HistoryEntry> out;
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("SELECT at, state, attempt, message FROM history WHERE run = ? ORDER BY sequence"));
    statement.bind(number(run));
    while (true) {
        POLYSYNC_TRY(bool row, statement.step());
        if (!row) return out;
        out.push_back({run, int(out.size()) + 1, statement.time(0), RunState(statement.integer(1)),
                       int(statement.integer(2)), statement.text(3)});
    }
}

Status SqliteTransaction::append_history(RunId run, SystemTime at, RunState state, int attempt,
                                         std::string_view message) {
    POLYSYNC_TRY(auto statement, database_.prepare("INSERT INTO history VALUES(?, ?, ?, ?, ?, ?)"));
    statement.bind(number(run))
        .bind(++counters_->last_history)
        .bind(at)
        .bind(int(state))
        .bind(attempt)
        .bind(message);
    return statement.run();
}

Status SqliteTransaction::count_occupancy(ObjectId platform, ObjectId task, int queued, int in_flight) {
    if (queued == 0 && in_flight == 0) return success();
    POLYSYNC_TRY(auto statement,
                 database_.prepare(
                     "INSERT INTO occupancy VALUES(?1, ?2, ?3, ?4) ON CONFLICT(platform, task) DO UPDATE SET "
                     "queued = queued + ?3, in_flight = in_flight + ?4"));
    statement.bind(number(platform)).bind(number(task)).bind(queued).bind(in_flight);
    return statement.run();
}

Result<std::vector<RunId>> SqliteTransaction::insert_runs(std::span<const TaskRun> runs,
                                                          std::string_view message) {
    std::vector<RunId> ids;
    ids.reserve(runs.size());
    Occupancy deltas;
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("INSERT INTO run(" POLYSYNC_RUN_COLUMNS
                          ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
                          "ON CONFLICT(task, lane, key, rerun) DO NOTHING"));
    for (const auto& run : runs) {
        bind_run(statement, RunId{counters_->last_run + 1}, run);
        POLYSYNC_TRY(statement.run());
        bool inserted = database_.changes() > 0;
        statement.reset();
        if (!inserted) {
            ids.push_back(RunId{});
            continue;
        }
        RunId id{++counters_->last_run};
        ids.push_back(id);
        POLYSYNC_TRY(append_history(id, run.created_at, run.state, run.attempt, message));
        count_insert(deltas, run);
    }
    for (const auto& [place, delta] : deltas) {
        POLYSYNC_TRY(count_occupancy(place.first, place.second, delta.queued, delta.in_flight));
    }
    return ids;
}

Result<std::vector<bool>> SqliteTransaction::change_runs(std::span<const RunChange> changes, SystemTime at) {
    std::vector<bool> done;
    done.reserve(changes.size());
    Occupancy deltas;
    POLYSYNC_TRY(auto statement,
                 database_.prepare("UPDATE run SET state=?, priority=?, attempt=?, infrastructure_losses=?, "
                                   "fence=?, node=?, queued_at=?, "
                                   "not_before=?, submitted_at=?, started_at=?, ended_at=?, token=?, "
                                   "pipeline_run_id=?, monitor_url=?, "
                                   "aws_status=?, message=?, code=?, remedy=?, waiting_for=?, exit_code=?, "
                                   "cancel=?, cancel_by=?, outputs=? "
                                   "WHERE id=? AND state=? AND attempt=? AND fence=?"));
    for (const auto& change : changes) {
        const auto& run = change.run;
        bind_mutable(statement, run);
        statement.bind(number(run.id))
            .bind(int(change.expected_state))
            .bind(change.expected_attempt)
            .bind(change.expected_fence);
        POLYSYNC_TRY(statement.run());
        bool changed = database_.changes() > 0;
        statement.reset();
        done.push_back(changed);
        if (!changed) continue;
        if (makes_history(change)) {
            POLYSYNC_TRY(append_history(run.id, at, run.state, run.attempt, change.message));
        }
        count_change(deltas, change.expected_state, run);
    }
    for (const auto& [place, delta] : deltas) {
        POLYSYNC_TRY(count_occupancy(place.first, place.second, delta.queued, delta.in_flight));
    }
    return done;
}

Status SqliteTransaction::put_attempts(std::span<const Attempt> attempts) {
    POLYSYNC_TRY(auto statement,
                 database_.prepare("INSERT OR REPLACE INTO attempt(run, attempt, token, intent, called_at, "
                                   "ended_at, pipeline_run_id, "
                                   "aws_status, code, message, exit_code) VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
    for (const auto& attempt : attempts) {
        bind_attempt(statement, attempt);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Status SqliteTransaction::change_attempts(std::span<const AttemptChange> changes) {
    POLYSYNC_TRY(
        auto statement,
        database_.prepare("UPDATE attempt SET pipeline_run_id = coalesce(?, pipeline_run_id), "
                          "ended_at = coalesce(?, ended_at), aws_status = coalesce(?, aws_status), "
                          "code = coalesce(?, code), message = coalesce(?, message), "
                          "exit_code = coalesce(?, exit_code) WHERE run = ? AND attempt = ? AND token = ?"));
    for (const auto& change : changes) {
        bind_attempt_change(statement, change);
        POLYSYNC_TRY(statement.run());
        statement.reset();
    }
    return success();
}

Status recount(Database& database) {
    return database.execute(
        "BEGIN IMMEDIATE; DELETE FROM occupancy; INSERT INTO occupancy SELECT platform, task, sum(queued), "
        "sum(1 - queued) FROM (SELECT platform, task, 1 AS queued FROM run WHERE state = 0 UNION ALL "
        "SELECT platform, task, 0 FROM run WHERE state BETWEEN 1 AND 3) GROUP BY platform, task; COMMIT");
}

Result<Counters> read_counters(Database& database) {
    // Each start takes a block of history numbers of its own: no scan for the newest one.
    constexpr std::int64_t block = std::int64_t(1) << 32;
    POLYSYNC_TRY(
        database.execute("INSERT OR IGNORE INTO setting VALUES('last_run', '0'), ('last_history', '0')"));
    Counters counters;
    {
        POLYSYNC_TRY(auto statement, database.prepare("SELECT max((SELECT coalesce(max(id), 0) FROM run), "
                                                      "(SELECT CAST(value AS INTEGER) FROM setting WHERE "
                                                      "name = 'last_run')), (SELECT CAST(value AS INTEGER) "
                                                      "FROM setting WHERE name = 'last_history')"));
        POLYSYNC_TRY(bool row, statement.step());
        if (row) counters = {statement.integer(0), (statement.integer(1) / block + 1) * block};
    }
    POLYSYNC_TRY(auto statement,
                 database.prepare("UPDATE setting SET value = ? WHERE name = 'last_history'"));
    auto base = std::to_string(counters.last_history);
    statement.bind(base);
    POLYSYNC_TRY(statement.run());
    return counters;
}

}  // namespace polysync::store
