// Runs, attempts and histories.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "store/postgres/transaction.h"

namespace polysync::store {
namespace {

const std::string& new_runs_sql() {
    static const std::string sql =
        "INSERT INTO run(" POLYSYNC_RUN_COLUMNS ") SELECT * FROM " + PgBatch::unnest(run_types);
    return sql;
}

// For the index by task and key.
constexpr const char* in_any_task =
    " AND task IN (WITH RECURSIVE t(task) AS ((SELECT min(task) FROM run) UNION ALL SELECT (SELECT "
    "min(r.task) FROM run r WHERE r.task > t.task) FROM t WHERE t.task IS NOT NULL) SELECT task FROM t)";

// What is given takes the place of what is there.
template <class Kept>
void apply(Kept& kept, const Transaction::AttemptChange& change) {
    if (change.pipeline_run_id) kept.pipeline_run_id = *change.pipeline_run_id;
    if (change.ended_at) kept.ended_at = change.ended_at;
    if (change.aws_status) kept.aws_status = *change.aws_status;
    if (change.code) kept.code = *change.code;
    if (change.message) kept.message = *change.message;
    if (change.exit_code) kept.exit_code = change.exit_code;
}

}  // namespace

void PostgresTransaction::note(const TaskRun& run) {
    if (!journal_) return;
    journal_->runs[run.id] = {run.state, run.attempt, run.fence};
    if (auto known = journal_->known.find(run.id); known != journal_->known.end()) known->second = run;
}

// Written, but not where a query would see it.
bool PostgresTransaction::is_unsent(RunId run) const {
    if (!journal_) return false;
    return journal_->changed_ids.contains(run) ||
           number(run) > journal_->last_run - std::int64_t(journal_->new_runs.rows());
}

std::vector<TaskRun> PostgresTransaction::read_runs(const PgRows& rows) {
    std::vector<TaskRun> out;
    out.reserve(std::size_t(rows.size()));
    for (int i = 0; i < rows.size(); ++i) {
        out.push_back(read_run(rows[i]));
        note(out.back());
    }
    return out;
}

Result<std::vector<TaskRun>> PostgresTransaction::fetch_runs(const char* sql, const PgParams& params) {
    flush_runs();
    POLYSYNC_TRY(auto rows, connection_.fetch(sql, params));
    return read_runs(rows);
}

Result<std::vector<TaskRun>> PostgresTransaction::runs(std::span<const RunId> ids) {
    if (ids.empty()) return std::vector<TaskRun>();
    if (journal_ &&
        std::all_of(ids.begin(), ids.end(), [&](RunId id) { return journal_->known.contains(id); })) {
        std::vector<TaskRun> known;
        known.reserve(ids.size());
        for (auto id : ids) known.push_back(journal_->known.at(id));
        return known;
    }
    PgBatch batch("i");
    for (auto id : ids) batch.bind(number(id));
    if (std::any_of(ids.begin(), ids.end(), [&](RunId id) { return is_unsent(id); })) flush_runs();
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT " POLYSYNC_RUN_COLUMNS " FROM run WHERE id = ANY($1::bigint[])",
                                   batch.take()));
    auto found = read_runs(rows);
    // In the order of the question.
    std::unordered_map<RunId, std::size_t> place;
    for (std::size_t i = 0; i < found.size(); ++i) place[found[i].id] = i;
    std::vector<TaskRun> out;
    out.reserve(found.size());
    for (auto id : ids)
        if (auto at = place.find(id); at != place.end()) out.push_back(found[at->second]);
    return out;
}

Result<RunPage> PostgresTransaction::list_runs(const RunFilter& filter, const Page& page) {
    POLYSYNC_TRY(auto condition, list_condition(filter, page));
    int limit = std::clamp(page.limit, 1, 1000);
    std::string sql = "SELECT " POLYSYNC_RUN_COLUMNS " FROM run WHERE " + condition;
    PgParams params;
    int given = 0;
    if (filter.lane) {
        sql += fmt::format(" AND lane = ${}", ++given);
        params.bind(*filter.lane);
    }
    if (filter.key) {
        sql += fmt::format(" AND key = ${}", ++given);
        params.bind(*filter.key);
        if (filter.tasks.empty()) sql += in_any_task;
    }
    sql += fmt::format(" ORDER BY id {} LIMIT {}", filter.newest_first ? "DESC" : "ASC", limit + 1);
    flush_runs();
    POLYSYNC_TRY(auto rows, connection_.fetch_once(sql, params));
    RunPage out;
    out.runs = read_runs(rows);
    if (int(out.runs.size()) > limit) {
        out.runs.pop_back();
        out.next = std::to_string(number(out.runs.back().id));
    }
    return out;
}

Result<std::vector<TaskRun>> PostgresTransaction::runs_of_key(ObjectId task, std::string_view lane,
                                                              std::string_view key) {
    PgParams params;
    params.bind(number(task)).bind(lane).bind(key);
    return fetch_runs("SELECT " POLYSYNC_RUN_COLUMNS
                      " FROM run WHERE task = $1 AND lane = $2 AND key = $3 ORDER BY rerun",
                      params);
}

Result<std::optional<TaskRun>> PostgresTransaction::newest_success(ObjectId task, std::string_view lane) {
    PgParams params;
    params.bind(number(task)).bind(lane);
    POLYSYNC_TRY(auto found,
                 fetch_runs("SELECT " POLYSYNC_RUN_COLUMNS " FROM run WHERE state = 4 AND task = $1 AND "
                            "lane = $2 ORDER BY ended_at DESC, id DESC LIMIT 1",
                            params));
    if (found.empty()) return std::optional<TaskRun>();
    return std::optional<TaskRun>(std::move(found.front()));
}

Result<std::vector<Millis>> PostgresTransaction::recent_durations(ObjectId task, int limit) {
#define POLYSYNC_DURATIONS \
    "SELECT ended_at - coalesce(started_at, submitted_at) FROM run WHERE state = 4 AND task = $1 AND lane "
    flush_runs();
    PgParams params;
    params.bind(number(task)).bind(limit);
    POLYSYNC_TRY(auto rows, connection_.fetch("(" POLYSYNC_DURATIONS
                                              "= 'live' ORDER BY ended_at DESC, id DESC LIMIT $2) UNION ALL "
                                              "(" POLYSYNC_DURATIONS
                                              "<> 'live' ORDER BY lane, ended_at, id LIMIT $2) LIMIT $2",
                                              params));
    std::vector<Millis> out;
    for (int i = 0; i < rows.size(); ++i)
        if (!rows[i].is_null(0)) out.emplace_back(std::max<std::int64_t>(0, rows[i].integer(0)));
    return out;
}

Result<std::vector<TaskRun>> PostgresTransaction::queued_heads(SystemTime now, int per_task, int limit,
                                                               std::span<const ObjectId> but) {
    flush_occupancy();
    PgBatch left_out("i");
    for (auto id : but) left_out.bind(number(id));
    auto params = left_out.take();
    params.bind(now).bind(per_task);
    POLYSYNC_TRY(auto found,
                 fetch_runs("SELECT r.* FROM occupancy o CROSS JOIN LATERAL (SELECT " POLYSYNC_RUN_COLUMNS
                            " FROM run WHERE state = 0 AND platform = o.platform AND task = o.task AND "
                            "not_before <= $2 ORDER BY priority DESC, queued_at, id LIMIT $3) r WHERE "
                            "o.queued > 0 AND NOT o.task = ANY($1::bigint[]) ORDER BY o.platform",
                            params));
    std::vector<TaskRun> out;
    for (std::size_t begin = 0; begin < found.size();) {
        std::vector<TaskRun> of_platform;
        auto platform = found[begin].platform;
        for (; begin < found.size() && found[begin].platform == platform; ++begin)
            of_platform.push_back(std::move(found[begin]));
        keep_heads(of_platform, limit);
        std::move(of_platform.begin(), of_platform.end(), std::back_inserter(out));
    }
    return out;
}

Result<std::optional<SystemTime>> PostgresTransaction::next_not_before(SystemTime now) {
    flush_runs();
    PgParams params;
    params.bind(now);
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT min(not_before) FROM run WHERE state = 0 AND not_before > 0 "
                                   "AND not_before > $1",
                                   params));
    return rows.empty() ? std::nullopt : rows.front().optional_time(0);
}

Result<std::vector<InFlightCount>> PostgresTransaction::in_flight_counts() {
    flush_occupancy();
    POLYSYNC_TRY(
        auto rows,
        connection_.fetch(
            "SELECT task, platform, in_flight FROM occupancy WHERE in_flight > 0 ORDER BY platform, task"));
    std::vector<InFlightCount> out;
    for (int i = 0; i < rows.size(); ++i)
        out.push_back({ObjectId{rows[i].integer(0)}, ObjectId{rows[i].integer(1)}, int(rows[i].integer(2))});
    return out;
}

Result<std::int64_t> PostgresTransaction::queued_count(ObjectId platform) {
    flush_occupancy();
    PgParams params;
    params.bind(number(platform));
    POLYSYNC_TRY(auto rows,
                 connection_.fetch(
                     "SELECT coalesce(sum(queued), 0)::bigint FROM occupancy WHERE platform = $1", params));
    return rows.front().integer(0);
}

Result<std::vector<TaskRun>> PostgresTransaction::active_runs(ObjectId task, std::string_view lane,
                                                              int limit) {
    flush_occupancy();
    PgParams params;
    params.bind(number(task)).bind(lane).bind(limit);
    // By the indexes of what is queued and in flight, not through all that ever ran.
    return fetch_runs(
        "(SELECT " POLYSYNC_RUN_COLUMNS
        " FROM run WHERE state BETWEEN 1 AND 3 AND task = $1 AND ($2 = '' OR lane = $2) ORDER BY id LIMIT "
        "$3) "
        "UNION ALL (SELECT r.* FROM occupancy o CROSS JOIN LATERAL (SELECT " POLYSYNC_RUN_COLUMNS
        " FROM run WHERE state = 0 AND platform = o.platform AND task = $1 AND ($2 = '' OR lane = $2) ORDER "
        "BY "
        "priority DESC, queued_at, id LIMIT $3) r WHERE o.task = $1 AND o.queued > 0 ORDER BY o.platform) "
        "LIMIT "
        "$3",
        params);
}

Result<std::vector<TaskRun>> PostgresTransaction::in_flight(RunId after, int limit) {
    PgParams params;
    params.bind(number(after)).bind(limit);
    return fetch_runs("SELECT " POLYSYNC_RUN_COLUMNS
                      " FROM run WHERE state BETWEEN 1 AND 3 AND id > $1 ORDER BY id LIMIT $2",
                      params);
}

Result<std::vector<TaskRun>> PostgresTransaction::recorded_cancels(std::string_view owner) {
    PgParams params;
    params.bind(owner);
    return fetch_runs("SELECT " POLYSYNC_RUN_COLUMNS
                      " FROM run WHERE node = $1 AND cancel > 0 AND state BETWEEN 1 AND 3 ORDER BY id",
                      params);
}

Result<std::vector<TaskRun>> PostgresTransaction::adopt_runs(std::string_view owner, int limit, Part part) {
    PgParams params;
    params.bind(owner).bind(limit).bind(std::int64_t(part.of)).bind(std::int64_t(part.index));
    journal_->has_written = true;
    POLYSYNC_TRY(
        auto runs,
        fetch_runs(
            "UPDATE run SET node = $1, fence = fence + 1 WHERE id IN (SELECT id FROM run WHERE "
            "state BETWEEN 1 AND 3 AND node NOT IN (SELECT name || '#' || term FROM node) AND id % $3 = $4 "
            "ORDER BY id LIMIT $2) RETURNING " POLYSYNC_RUN_COLUMNS,
            params));
    std::sort(runs.begin(), runs.end(), [](const TaskRun& a, const TaskRun& b) { return a.id < b.id; });
    return runs;
}

Result<std::vector<Attempt>> PostgresTransaction::attempts(RunId run) {
    if (journal_) flush_attempts();
    PgParams params;
    params.bind(number(run));
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT attempt, token, intent, called_at, ended_at, pipeline_run_id, "
                                   "aws_status, code, message, exit_code FROM attempt WHERE run = $1 "
                                   "ORDER BY attempt, called_at NULLS FIRST, token",
                                   params));
    std::vector<Attempt> out;
    for (int i = 0; i < rows.size(); ++i) out.push_back(read_attempt(run, rows[i]));
    return out;
}

Result<std::vector<HistoryEntry>> PostgresTransaction::history(RunId run) {
    flush();
    PgParams params;
    params.bind(number(run));
    POLYSYNC_TRY(auto rows,
                 connection_.fetch("SELECT at, state, attempt, message FROM history WHERE run = $1 "
                                   "ORDER BY sequence",
                                   params));
    std::vector<HistoryEntry> out;
    for (int i = 0; i < rows.size(); ++i)
        out.push_back({run, i + 1, rows[i].time(0), RunState(rows[i].integer(1)), int(rows[i].integer(2)),
                       rows[i].text(3)});
    return out;
}

void PostgresTransaction::append_history(RunId run, SystemTime at, RunState state, int attempt,
                                         std::string_view message) {
    journal_->history.bind(number(run))
        .bind(++journal_->last_history)
        .bind(at)
        .bind(int(state))
        .bind(attempt)
        .bind(message);
}

// Ids of new runs, 0 where the key exists.
Result<std::vector<RunId>> PostgresTransaction::give_ids(std::span<const TaskRun> runs) {
    static const std::string sql =
        new_runs_sql() + " ON CONFLICT(task, lane, key, rerun) DO NOTHING RETURNING id";
    journal_->has_written = true;
    std::vector<RunId> ids;
    ids.reserve(runs.size());
    auto first = journal_->last_run + 1;
    for (std::size_t i = 0; i < runs.size(); ++i) ids.push_back(RunId{first + std::int64_t(i)});
    if (journal_->assumes) {
        journal_->has_assumed = true;
        for (std::size_t i = 0; i < runs.size(); ++i) bind_run(journal_->new_runs, ids[i], runs[i]);
        journal_->last_run = number(ids.back());
        return ids;
    }
    PgBatch batch(run_types);
    for (std::size_t i = 0; i < runs.size(); ++i) bind_run(batch, ids[i], runs[i]);
    POLYSYNC_TRY(auto rows, connection_.fetch(sql.c_str(), batch.take()));
    std::set<RunId> inserted;
    for (int i = 0; i < rows.size(); ++i) inserted.insert(RunId{rows[i].integer(0)});
    if (!inserted.empty()) journal_->last_run = number(*inserted.rbegin());
    for (auto& id : ids)
        if (!inserted.contains(id)) id = RunId{};
    return ids;
}

Result<std::vector<RunId>> PostgresTransaction::insert_runs(std::span<const TaskRun> runs,
                                                            std::string_view message) {
    if (runs.empty()) return std::vector<RunId>();
    POLYSYNC_TRY(auto ids, give_ids(runs));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto& run = runs[i];
        auto id = ids[i];
        if (number(id) == 0) continue;
        append_history(id, run.created_at, run.state, run.attempt, message);
        count_insert(journal_->occupancy, run);
        journal_->runs[id] = {run.state, run.attempt, run.fence};
        journal_->changes.queued |= run.state == RunState::queued;
    }
    return ids;
}

// Most runs were read in the same transaction, so it is known whether they are as expected, and nothing is
// waited for.
Result<std::vector<bool>> PostgresTransaction::change_runs(std::span<const RunChange> changes,
                                                           SystemTime at) {
    std::vector<RunId> unknown;
    for (const auto& change : changes)
        if (!journal_->runs.contains(change.run.id)) unknown.push_back(change.run.id);
    if (!unknown.empty()) {
        POLYSYNC_TRY(runs(unknown));
    }
    std::vector<bool> done;
    done.reserve(changes.size());
    auto& batch = journal_->changed_runs;
    for (const auto& change : changes) {
        const auto& run = change.run;
        auto standing = journal_->runs.find(run.id);
        bool fits = standing != journal_->runs.end() && standing->second.state == change.expected_state &&
                    standing->second.attempt == change.expected_attempt &&
                    standing->second.fence == change.expected_fence;
        done.push_back(fits);
        if (!fits) continue;
        if (!journal_->changed_ids.insert(run.id).second) {  // one statement changes a row once
            flush_runs();
            journal_->changed_ids.insert(run.id);
        }
        bind_mutable(batch, run);
        batch.bind(number(run.id))
            .bind(int(change.expected_state))
            .bind(change.expected_attempt)
            .bind(change.expected_fence);
        note(run);
        if (makes_history(change)) append_history(run.id, at, run.state, run.attempt, change.message);
        count_change(journal_->occupancy, change.expected_state, run);
        journal_->changes.queued |= run.state == RunState::queued ||
                                    (is_in_flight(change.expected_state) && !is_in_flight(run.state));
        journal_->changes.cancels |= run.cancel != CancelCause::none && is_in_flight(run.state);
    }
    return done;
}

void PostgresTransaction::flush_runs() {
    if (!journal_) return;
    if (!journal_->new_runs.empty()) post(new_runs_sql().c_str(), journal_->new_runs.take());
    if (journal_->changed_runs.empty()) return;
    static const std::string sql =
        "UPDATE run r SET state=u.a, priority=u.b, attempt=u.c, infrastructure_losses=u.d, fence=u.e, "
        "node=u.f, "
        "queued_at=u.g, not_before=u.h, submitted_at=u.i, started_at=u.j, ended_at=u.k, token=u.l, "
        "pipeline_run_id=u.m, monitor_url=u.n, aws_status=u.o, message=u.p, code=u.q, remedy=u.r, "
        "waiting_for=u.s, exit_code=u.t, cancel=u.u, cancel_by=u.v, outputs=u.w FROM " +
        PgBatch::unnest(changed_run_columns) +
        " AS u(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, z2) WHERE "
        "r.id=u.x "
        "AND r.state=u.y AND r.attempt=u.z AND r.fence=u.z2";
    journal_->changed_ids.clear();
    post(sql.c_str(), journal_->changed_runs.take());
}

Status PostgresTransaction::put_attempts(std::span<const Attempt> attempts) {
    for (const auto& attempt : attempts) {
        PgJournal::AttemptKey key{number(attempt.run), attempt.attempt, attempt.token};
        journal_->attempt_changes.erase(key);
        journal_->attempts[std::move(key)] = attempt;
    }
    return success();
}

Status PostgresTransaction::change_attempts(std::span<const AttemptChange> changes) {
    for (const auto& change : changes) {
        PgJournal::AttemptKey key{number(change.run), change.attempt, change.token};
        if (auto put = journal_->attempts.find(key); put != journal_->attempts.end()) {
            apply(put->second, change);
            continue;
        }
        auto [entry, is_new] = journal_->attempt_changes.try_emplace(std::move(key), change);
        if (!is_new) apply(entry->second, change);
    }
    return success();
}

}  // namespace polysync::store
