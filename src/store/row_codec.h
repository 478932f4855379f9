// Rows of store.h as both stores keep them: the columns, in the order in which they are read and bound.
//
// Row: integer(i), real(i), text(i), time(i), optional_time(i), is_null(i). Binder: bind(value), which
// returns itself.
#pragma once

#include <charconv>
#include <map>
#include <string>
#include <utility>

#include "store/store.h"

namespace polysync::store {

#define POLYSYNC_RUN_COLUMNS                                                                            \
    "id, task, lane, key, rerun, task_version, platform, run_trigger, state, priority, attempt, "       \
    "infrastructure_losses, fence, node, created_at, queued_at, not_before, submitted_at, started_at, " \
    "ended_at, token, pipeline_run_id, monitor_url, aws_status, message, code, remedy, waiting_for, "   \
    "exit_code, cancel, cancel_by, outputs, run_values, downstream"

// Of each of them: t text, i integer.
inline constexpr const char* run_types =
    "iitt"
    "iiiiiiiii"
    "t"
    "iiiiii"
    "tttttttt"
    "ii"
    "ttt"
    "i";

template <class Row>
TaskRun read_run(const Row& row) {
    TaskRun run;
    run.id = RunId{row.integer(0)};
    run.key = {ObjectId{row.integer(1)}, row.text(2), row.text(3), int(row.integer(4))};
    run.task_version = row.integer(5);
    run.platform = ObjectId{row.integer(6)};
    run.trigger = Trigger(row.integer(7));
    run.state = RunState(row.integer(8));
    run.priority = int(row.integer(9));
    run.attempt = int(row.integer(10));
    run.infrastructure_losses = int(row.integer(11));
    run.fence = row.integer(12);
    run.node = row.text(13);
    run.created_at = row.time(14);
    run.queued_at = row.time(15);
    run.not_before = row.time(16);
    run.submitted_at = row.optional_time(17);
    run.started_at = row.optional_time(18);
    run.ended_at = row.optional_time(19);
    run.token = row.text(20);
    run.pipeline_run_id = row.text(21);
    run.monitor_url = row.text(22);
    run.aws_status = row.text(23);
    run.message = row.text(24);
    run.code = row.text(25);
    run.remedy = row.text(26);
    run.waiting_for = row.text(27);
    if (!row.is_null(28)) run.exit_code = int(row.integer(28));
    run.cancel = CancelCause(row.integer(29));
    run.cancel_by = row.text(30);
    run.outputs = row.text(31);
    run.values = row.text(32);
    run.downstream = row.integer(33) != 0;
    return run;
}

// What change_runs() replaces.
template <class Binder>
void bind_mutable(Binder& binder, const TaskRun& run) {
    binder.bind(int(run.state))
        .bind(run.priority)
        .bind(run.attempt)
        .bind(run.infrastructure_losses)
        .bind(run.fence)
        .bind(run.node)
        .bind(run.queued_at)
        .bind(run.not_before)
        .bind(run.submitted_at)
        .bind(run.started_at)
        .bind(run.ended_at)
        .bind(run.token)
        .bind(run.pipeline_run_id)
        .bind(run.monitor_url)
        .bind(run.aws_status)
        .bind(run.message)
        .bind(run.code)
        .bind(run.remedy)
        .bind(run.waiting_for)
        .bind(run.exit_code)
        .bind(int(run.cancel))
        .bind(run.cancel_by)
        .bind(run.outputs);
}

// POLYSYNC_RUN_COLUMNS.
template <class Binder>
void bind_run(Binder& binder, RunId id, const TaskRun& run) {
    binder.bind(number(id))
        .bind(number(run.key.task))
        .bind(run.key.lane)
        .bind(run.key.key)
        .bind(run.key.rerun)
        .bind(run.task_version)
        .bind(number(run.platform))
        .bind(int(run.trigger))
        .bind(int(run.state))
        .bind(run.priority)
        .bind(run.attempt)
        .bind(run.infrastructure_losses)
        .bind(run.fence)
        .bind(run.node)
        .bind(run.created_at)
        .bind(run.queued_at)
        .bind(run.not_before)
        .bind(run.submitted_at)
        .bind(run.started_at)
        .bind(run.ended_at)
        .bind(run.token)
        .bind(run.pipeline_run_id)
        .bind(run.monitor_url)
        .bind(run.aws_status)
        .bind(run.message)
        .bind(run.code)
        .bind(run.remedy)
        .bind(run.waiting_for)
        .bind(run.exit_code)
        .bind(int(run.cancel))
        .bind(run.cancel_by)
        .bind(run.outputs)
        .bind(run.values)
        .bind(int(run.downstream));
}

template <class Row>
Attempt read_attempt(RunId run, const Row& row) {
    Attempt attempt{.run = run, .attempt = int(row.integer(0)), .token = row.text(1), .intent = row.text(2)};
    attempt.called_at = row.optional_time(3);
    attempt.ended_at = row.optional_time(4);
    attempt.pipeline_run_id = row.text(5);
    attempt.aws_status = row.text(6);
    attempt.code = row.text(7);
    attempt.message = row.text(8);
    if (!row.is_null(9)) attempt.exit_code = int(row.integer(9));
    return attempt;
}

template <class Binder>
void bind_attempt(Binder& binder, const Attempt& attempt) {
    binder.bind(number(attempt.run))
        .bind(attempt.attempt)
        .bind(attempt.token)
        .bind(attempt.intent)
        .bind(attempt.called_at)
        .bind(attempt.ended_at)
        .bind(attempt.pipeline_run_id)
        .bind(attempt.aws_status)
        .bind(attempt.code)
        .bind(attempt.message)
        .bind(attempt.exit_code);
}

template <class Binder>
void bind_attempt_change(Binder& binder, const Transaction::AttemptChange& change) {
    binder.bind(change.pipeline_run_id)
        .bind(change.ended_at)
        .bind(change.aws_status)
        .bind(change.code)
        .bind(change.message)
        .bind(change.exit_code)
        .bind(number(change.run))
        .bind(change.attempt)
        .bind(change.token);
}

template <class Row>
Object read_object(const Row& row) {
    return {ObjectId{row.integer(0)},
            ObjectKind(row.integer(1)),
            QualifiedName(row.text(2)),
            row.integer(3),
            row.text(4),
            row.text(5),
            row.text(6),
            row.time(7),
            row.time(8)};
}

template <class Row>
Token read_token(const Row& row) {
    return {ObjectId{row.integer(0)}, ObjectId{row.integer(3)}, row.text(1), row.text(2),
            Outcome(row.integer(4)),  RunId{row.integer(5)},    row.text(6), row.time(7)};
}

template <class Binder>
void bind_token(Binder& binder, const Token& token) {
    binder.bind(number(token.child))
        .bind(token.lane)
        .bind(token.key)
        .bind(number(token.parent))
        .bind(int(token.outcome))
        .bind(number(token.parent_run))
        .bind(token.outputs)
        .bind(token.at);
}

template <class Row>
Backfill read_backfill(const Row& row) {
    Backfill made;
    made.id = row.integer(0);
    made.task = ObjectId{row.integer(1)};
    made.first_key = row.text(2);
    made.last_key = row.text(3);
    made.selection = row.text(4);
    made.max_active = int(row.integer(5));
    made.priority = int(row.integer(6));
    made.newest_first = row.integer(7) != 0;
    made.downstream = row.integer(8) != 0;
    made.state = BackfillState(row.integer(9));
    made.next_key = row.text(10);
    made.planned = int(row.integer(11));
    made.created_by = row.text(12);
    made.created_at = row.time(13);
    return made;
}

// All but its id.
template <class Binder>
void bind_backfill(Binder& binder, const Backfill& backfill) {
    binder.bind(number(backfill.task))
        .bind(backfill.first_key)
        .bind(backfill.last_key)
        .bind(backfill.selection)
        .bind(backfill.max_active)
        .bind(backfill.priority)
        .bind(int(backfill.newest_first))
        .bind(int(backfill.downstream))
        .bind(int(backfill.state))
        .bind(backfill.next_key)
        .bind(backfill.planned)
        .bind(backfill.created_by)
        .bind(backfill.created_at);
}

template <class Row>
KeptLog read_kept_log(const Row& row) {
    return {RunId{row.integer(0)}, int(row.integer(1)), ObjectId{row.integer(2)},
            row.text(3),           row.time(4),         row.integer(5) != 0,
            row.text(6),           row.text(7)};
}

template <class Binder>
void bind_kept_log(Binder& binder, const KeptLog& log) {
    binder.bind(number(log.run))
        .bind(log.attempt)
        .bind(number(log.platform))
        .bind(log.pipeline_run_id)
        .bind(log.wanted_at)
        .bind(int(log.done))
        .bind(log.lines)
        .bind(log.note);
}

template <class Row>
Alert read_alert(const Row& row) {
    return {row.integer(0), row.time(1), row.text(2),        row.text(3),
            row.text(4),    row.text(5), row.integer(6) != 0};
}

// How many runs of a task wait and how many are in flight on a platform: by what a change of state moves
// them.
struct Occupied {
    int queued = 0, in_flight = 0;
};
using Occupancy = std::map<std::pair<ObjectId, ObjectId>, Occupied>;  // by platform and task

[[nodiscard]] inline Occupied occupied(RunState state) {
    return {state == RunState::queued ? 1 : 0, is_in_flight(state) ? 1 : 0};
}

inline void count_insert(Occupancy& deltas, const TaskRun& run) {
    auto now = occupied(run.state);
    auto& delta = deltas[{run.platform, run.key.task}];
    delta.queued += now.queued;
    delta.in_flight += now.in_flight;
}

inline void count_change(Occupancy& deltas, RunState from, const TaskRun& run) {
    auto before = occupied(from), after = occupied(run.state);
    auto& delta = deltas[{run.platform, run.key.task}];
    delta.queued += after.queued - before.queued;
    delta.in_flight += after.in_flight - before.in_flight;
}

// Whether the change makes an entry of the run's history.
[[nodiscard]] inline bool makes_history(const Transaction::RunChange& change) {
    return change.run.state != change.expected_state || change.run.attempt != change.expected_attempt ||
           !change.message.empty();
}

[[nodiscard]] inline Result<std::int64_t> cursor_number(const Page& page, std::int64_t first) {
    if (page.cursor.empty()) return first;
    std::int64_t value = 0;
    auto [end, status] = std::from_chars(page.cursor.data(), page.cursor.data() + page.cursor.size(), value);
    if (status != std::errc() || end != page.cursor.data() + page.cursor.size())
        return make_error(ErrorKind::invalid_input, "invalid_cursor", "the cursor is not one of this list");
    return value;
}

// The WHERE clause of list_runs() without lane and key, and where its pages begin.
[[nodiscard]] Result<std::string> list_condition(const RunFilter& filter, const Page& page);
// Of a platform's queue, in order, no more than `limit`.
void keep_heads(std::vector<TaskRun>& of_platform, int limit);

}  // namespace polysync::store
