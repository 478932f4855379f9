// The durable state: everything that must survive a crash, behind transactions of plain rows.
//
// A unit of work is a function of a transaction. The store runs it against the newest committed state, alone
// (writes are serializable), and makes all of it durable or none; many units share one commit (group commit).
// Rules live in engine/, and the functions that runtime/ passes here join the two; the store knows rows only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/run.h"

namespace polysync::store {

// ---------------------------------------------------------------------------------------------- definitions

// "platform", "profile", "job", "task", "source".
enum class ObjectKind { platform, profile, job, task, source };
[[nodiscard]] std::string_view to_string(ObjectKind kind);
[[nodiscard]] std::optional<ObjectKind> parse_object_kind(std::string_view word);

struct Object {
    ObjectId id{};
    ObjectKind kind = ObjectKind::task;
    QualifiedName name;
    std::int64_t version = 1;  // rises with every change; also the ETag
    std::string document;      // JSON, by definition/; secrets as references only
    std::string owner;
    std::string managed_by;  // the directory that `apply` manages it from; empty: by hand
    SystemTime created_at{};
    SystemTime updated_at{};
};

// ------------------------------------------------------------------------------------------------- filters

struct Page {
    std::string cursor;  // opaque, of the page before; empty: the first
    int limit = 100;     // at most 1,000
};

struct RunFilter {
    std::vector<ObjectId> tasks;  // empty: all
    std::vector<RunState> states;
    std::vector<ObjectId> platforms;
    std::optional<std::string> lane;
    std::optional<std::string> key;
    std::optional<Trigger> trigger;
    std::optional<SystemTime> created_from, created_before;
    bool newest_first = true;
};

struct RunPage {
    std::vector<TaskRun> runs;
    std::string next;  // empty at the end
};

// ------------------------------------------------------------------------------------------ schedules,
// backfills

struct ScheduleCursor {
    ObjectId task{};
    int index = 0;           // of the task's schedules
    std::string expression;  // cron and zone that the cursor was made for; another one starts anew
    SystemTime next_fire{};
};

enum class BackfillState { active, paused, cancelled, done };
[[nodiscard]] std::string_view to_string(BackfillState state);

// TASK-10.
struct Backfill {
    std::int64_t id = 0;
    ObjectId task{};
    std::string first_key, last_key;  // inclusive
    std::string selection;            // "missing", "failed", "all"
    int max_active = 1;
    int priority = -10;
    bool newest_first = false;
    bool downstream = false;
    BackfillState state = BackfillState::active;
    std::string next_key;  // where planning goes on; empty: all planned
    int planned = 0;       // runs made so far
    std::string created_by;
    SystemTime created_at{};
};

// A pause of a task, a platform, or everything (object 0); never in files.
struct Pause {
    ObjectId object{};
    std::string by, reason;
    SystemTime at{};
};

// State of a rate limit's bucket (CON-2), per profile and scope.
struct RateBucket {
    ObjectId profile{};
    ObjectId platform{};  // 0: global
    double tokens = 0;
    SystemTime at{};
};

// -------------------------------------------------------------------------------------------- events,
// alerts, audit

// What changed, for server-sent events and webhooks; kept for a bounded time.
struct Event {
    std::int64_t sequence = 0;
    SystemTime at{};
    std::string type;      // "run.state", "task.changed", "alert", …
    std::string subject;   // "run/4711", "task/etl/orders"
    std::string document;  // JSON
};

struct Alert {
    std::int64_t id = 0;
    SystemTime at{};
    std::string kind;  // "deadline", "stuck_queued", "token_expired", "outcome_unknown" …
    std::string subject;
    std::string dedupe;  // one alert per value
    std::string document;
    bool delivered = false;
};

struct AuditEntry {
    std::int64_t sequence = 0;
    SystemTime at{};
    std::string actor, action, subject, document;
};

// The end of a failed attempt's log (spec 10: the last 200 lines). The row is made with the failure, so that
// a crash forgets none, and filled when AWS has given the lines.
struct KeptLog {
    RunId run{};
    int attempt = 1;
    ObjectId platform{};
    std::string pipeline_run_id;
    SystemTime wanted_at{};
    bool done = false;
    std::string lines;  // JSON array of {time, stream, text}
    std::string note;   // why there are none
};

struct IdempotencyRecord {
    std::string key;
    std::string request_hash;
    int status = 0;
    std::string response;
    SystemTime at{};
};

// ---------------------------------------------------------------------------------------------- nodes

// That a process runs tasks from this store. Whoever sees `beat` stand still for as long as a lease lasts, by
// their own steady clock, knows that the process is gone, or may act no more: no two clocks are compared
// (docs/adr/0008).
struct NodeLease {
    std::string node;       // its name, one process at a time
    std::int64_t term = 1;  // rises with each process that takes the name
    std::int64_t beat = 0;  // rises with each renewal
    SystemTime at{};        // of the renewal, by the node's clock; for people
    // What TaskRun::node says of the runs that this process follows.
    [[nodiscard]] std::string owner() const;
};

// ---------------------------------------------------------------------------------------------- transactions

// How many runs are in flight (Submitting, Starting, Running).
struct InFlightCount {
    ObjectId task{};
    ObjectId platform{};
    int count = 0;
};

// Reads see one consistent state. Not thread-safe; valid only inside the function that got it.
class ReadTransaction {
  public:
    virtual ~ReadTransaction() = default;

    [[nodiscard]] virtual Result<std::vector<Object>> objects(std::optional<ObjectKind> kind) = 0;
    [[nodiscard]] virtual Result<std::optional<Object>> object(ObjectKind kind,
                                                               const QualifiedName& name) = 0;
    [[nodiscard]] virtual Result<std::optional<Object>> object_version(ObjectId id, std::int64_t version) = 0;
    // Rises with every change of any object: a cheap "is my catalog current?".
    [[nodiscard]] virtual Result<std::int64_t> definitions_version() = 0;

    [[nodiscard]] virtual Result<std::vector<TaskRun>> runs(std::span<const RunId> ids) = 0;  // unknown ids
                                                                                              // are left out
    [[nodiscard]] virtual Result<RunPage> list_runs(const RunFilter& filter, const Page& page) = 0;
    // All reruns of one task, lane and key, oldest first.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> runs_of_key(ObjectId task, std::string_view lane,
                                                                   std::string_view key) = 0;
    // The newest run of the task in lane and any key that succeeded, by key's end (match: latest).
    [[nodiscard]] virtual Result<std::optional<TaskRun>> newest_success(ObjectId task,
                                                                        std::string_view lane) = 0;
    // Queued runs that may go now (not_before <= now), by platform then priority then age; at most `per_task`
    // heads per task and `limit` per platform, so that a full task or platform hides no other (SAFE-4).
    // `but`: tasks whose runs cannot go anyway (paused, or at their cap), left out.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> queued_heads(SystemTime now, int per_task, int limit,
                                                                    std::span<const ObjectId> but) = 0;
    [[nodiscard]] Result<std::vector<TaskRun>> queued_heads(SystemTime now, int per_task, int limit) {
        return queued_heads(now, per_task, limit, {});
    }
    // The earliest not_before of a queued run that is still to come.
    [[nodiscard]] virtual Result<std::optional<SystemTime>> next_not_before(SystemTime now) = 0;
    [[nodiscard]] virtual Result<std::vector<InFlightCount>> in_flight_counts() = 0;
    [[nodiscard]] virtual Result<std::int64_t> queued_count(ObjectId platform) = 0;
    // Queued and in-flight runs of the task in the lane (empty: any), at most `limit`.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> active_runs(ObjectId task, std::string_view lane,
                                                                   int limit) = 0;
    // In-flight runs with an id above `after`, in order of id.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> in_flight(RunId after, int limit) = 0;
    // In-flight runs of this owner that are to be cancelled, in order of id.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> recorded_cancels(std::string_view owner) = 0;
    // By name.
    [[nodiscard]] virtual Result<std::vector<NodeLease>> nodes() = 0;
    [[nodiscard]] virtual Result<std::vector<Attempt>> attempts(RunId run) = 0;
    [[nodiscard]] virtual Result<std::vector<HistoryEntry>> history(RunId run) = 0;

    [[nodiscard]] virtual Result<std::vector<Token>> tokens(ObjectId child, std::string_view lane,
                                                            std::span<const std::string> keys) = 0;
    // All tokens that wait for one task, in every lane, oldest first.
    [[nodiscard]] virtual Result<std::vector<Token>> tokens_of(ObjectId child) = 0;
    // Oldest first; tokens of paused tasks do not age (TASK-5: a paused task keeps its keys).
    [[nodiscard]] virtual Result<std::vector<Token>> tokens_older_than(SystemTime time, int limit) = 0;

    // The log ends kept of one run, by attempt; those still to be fetched, oldest first.
    [[nodiscard]] virtual Result<std::vector<KeptLog>> kept_logs(RunId run) = 0;
    [[nodiscard]] virtual Result<std::vector<KeptLog>> wanted_logs(int limit) = 0;

    [[nodiscard]] virtual Result<std::vector<ScheduleCursor>> schedule_cursors() = 0;
    [[nodiscard]] virtual Result<std::vector<Backfill>> backfills(std::optional<BackfillState> state) = 0;
    [[nodiscard]] virtual Result<std::vector<Pause>> pauses() = 0;
    [[nodiscard]] virtual Result<std::vector<RateBucket>> rate_buckets() = 0;

    [[nodiscard]] virtual Result<std::vector<Event>> events_after(std::int64_t sequence, int limit) = 0;
    // Of the newest event ever, 0: there was none.
    [[nodiscard]] virtual Result<std::int64_t> last_event_sequence() = 0;
    [[nodiscard]] virtual Result<std::vector<Alert>> alerts(bool undelivered_only, const Page& page) = 0;
    [[nodiscard]] virtual Result<std::vector<AuditEntry>> audit(const Page& page) = 0;
    [[nodiscard]] virtual Result<std::optional<IdempotencyRecord>> idempotency(std::string_view key) = 0;
    [[nodiscard]] virtual Result<std::optional<std::string>> setting(std::string_view name) = 0;
    // Now, by the one clock that the processes of a store share, which never goes back between units that
    // write; `local` where there is only one process.
    [[nodiscard]] virtual Result<SystemTime> shared_time(SystemTime local) { return local; }
    // How long runs of the task that succeeded ran at AWS (where it gave no start: since their submission),
    // at most `limit`: the newest of the lane `live` first, then those of other lanes in any order.
    [[nodiscard]] virtual Result<std::vector<Millis>> recent_durations(ObjectId task, int limit) = 0;
};

// Writes. An Error from any method, or from the unit itself, undoes the whole unit.
class Transaction : public ReadTransaction {
  public:
    // New (id 0) or changed objects; the old version stays readable. Fails with conflict where `version` is
    // not the newest + 1.
    [[nodiscard]] virtual Result<ObjectId> put_object(const Object& object) = 0;
    [[nodiscard]] virtual Status delete_object(ObjectId id, SystemTime at) = 0;

    // Inserts what is not there yet by RunKey, with its first history entry. In order: the new id, or 0 where
    // the key exists.
    [[nodiscard]] virtual Result<std::vector<RunId>> insert_runs(std::span<const TaskRun> runs,
                                                                 std::string_view message) = 0;
    // Replaces the mutable columns of runs that still have `state`, `attempt` and `fence` of `expected`;
    // false for the others.
    struct RunChange {
        RunState expected_state;
        int expected_attempt;
        std::int64_t expected_fence;
        TaskRun run;
        std::string message;  // of the history entry; none is written where state and attempt stay and this
                              // is empty
    };
    [[nodiscard]] virtual Result<std::vector<bool>> change_runs(std::span<const RunChange> changes,
                                                                SystemTime at) = 0;
    // One of `of` equal parts, by id.
    struct Part {
        std::size_t index = 0, of = 1;
    };
    // In-flight runs whose owner holds no lease get this one, with a fence of their own, at most `limit`: as
    // they are now, in order of id.
    [[nodiscard]] virtual Result<std::vector<TaskRun>> adopt_runs(std::string_view owner, int limit,
                                                                  Part part) = 0;
    [[nodiscard]] Result<std::vector<TaskRun>> adopt_runs(std::string_view owner, int limit) {
        return adopt_runs(owner, limit, {});
    }
    [[nodiscard]] virtual Status put_node(const NodeLease& lease) = 0;  // inserts or replaces
    [[nodiscard]] virtual Status delete_node(std::string_view node) = 0;
    [[nodiscard]] virtual Status put_attempts(std::span<const Attempt> attempts) = 0;  // inserts or replaces
    // What is given of the row changes, if there is one.
    struct AttemptChange {
        RunId run{};
        int attempt = 1;
        std::string token;
        std::optional<std::string> pipeline_run_id;
        std::optional<SystemTime> ended_at;
        std::optional<std::string> aws_status, code, message;
        std::optional<int> exit_code;
    };
    [[nodiscard]] virtual Status change_attempts(std::span<const AttemptChange> changes) = 0;
    [[nodiscard]] virtual Status put_kept_log(const KeptLog& log) = 0;  // inserts or replaces

    // A token that is there already (child, parent, lane, key) is replaced.
    [[nodiscard]] virtual Status put_tokens(std::span<const Token> tokens) = 0;
    [[nodiscard]] virtual Status take_tokens(std::span<const Token> tokens) = 0;
    [[nodiscard]] virtual Status drop_tokens(ObjectId child, std::optional<ObjectId> parent) = 0;

    [[nodiscard]] virtual Status put_schedule_cursors(std::span<const ScheduleCursor> cursors) = 0;
    [[nodiscard]] virtual Status delete_schedule_cursors(ObjectId task, int from_index) = 0;
    [[nodiscard]] virtual Result<std::int64_t> put_backfill(const Backfill& backfill) = 0;  // id 0: new
    [[nodiscard]] virtual Status put_pause(const Pause& pause) = 0;
    [[nodiscard]] virtual Status delete_pause(ObjectId object) = 0;
    [[nodiscard]] virtual Status put_rate_buckets(std::span<const RateBucket> buckets) = 0;

    [[nodiscard]] virtual Status append_events(std::span<const Event> events) = 0;  // sequence is given by
                                                                                    // the store
    // False where the dedupe value exists: nothing happens then.
    [[nodiscard]] virtual Result<bool> put_alert(const Alert& alert) = 0;
    [[nodiscard]] virtual Status mark_delivered(std::int64_t alert) = 0;
    [[nodiscard]] virtual Status append_audit(const AuditEntry& entry) = 0;
    [[nodiscard]] virtual Status put_idempotency(const IdempotencyRecord& record) = 0;
    [[nodiscard]] virtual Status put_setting(std::string_view name, std::string_view value) = 0;

    struct Retention {
        SystemTime runs_before, failed_before, audit_before, events_before, idempotency_before;
        int limit = 1000;  // rows a call
    };
    // Deletes old ended runs with all that hangs on them; how many rows went.
    [[nodiscard]] virtual Result<int> prune(const Retention& retention) = 0;
};

// What another process has changed, to be looked at soon.
struct Changes {
    bool definitions = false;  // or the environment
    bool queued = false;       // there are more runs in the queue, or fewer in flight
    bool cancels = false;      // a run in flight is to be cancelled
};

using Work = std::function<Status(Transaction&)>;
using ReadWork = std::function<Status(ReadTransaction&)>;

// Thread-safe. The functions run on a thread of the store's (or at once, for the simulator): they take and
// give values only, must not block, and may run again after a lost connection, so they have no effect of
// their own but on what they captured for their result.
class Store {
  public:
    virtual ~Store() = default;
    // Returns when the unit is durable, or its error; `unclear` where the commit's own fate is not known
    // (PostgreSQL), in which case the caller reads before it goes on. `transient`: nothing happened, try
    // again (disk full, read-only, connection lost).
    // `reads`: runs that the work will surely ask for, so that those of many units are fetched at once.
    [[nodiscard]] virtual Async<Status> write(Work work, std::vector<RunId> reads) = 0;
    [[nodiscard]] Async<Status> write(Work work) { return write(std::move(work), {}); }
    [[nodiscard]] virtual Async<Status> read(ReadWork work) = 0;
    // A consistent copy into a new file or directory, while everything goes on.
    [[nodiscard]] virtual Async<Status> backup(std::string path) = 0;
    // Calls `listener` on a thread of the store's after other processes have changed something, until another
    // one takes its place (empty: none). It may be told too much, but where a connection was lost it is told
    // all. A store that one process has to itself never calls.
    virtual void listen(std::function<void(const Changes&)> listener) { (void)listener; }
    // The time that the processes of the store share, to some milliseconds and without asking it; none where
    // there is only one process. Any thread.
    [[nodiscard]] virtual std::optional<SystemTime> shared_now() const { return std::nullopt; }
    // Why the store took the last write not (disk full, read-only); empty while it does. Any thread.
    [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace polysync::store
