// The rows of store.h in PostgreSQL.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "store/postgres/connection.h"
#include "store/row_codec.h"
#include "store/store.h"

namespace polysync::store {

// What bind_mutable() gives, and what is expected of the row: id, state, attempt, fence.
inline constexpr std::string_view changed_run_columns =
    "iiiii"
    "t"
    "iiiii"
    "tttttttt"
    "ii"
    "tt"
    "iiii";

// What a writing transaction knows and has not sent yet. Units of one commit share it, so that what they all
// write (histories, events, counts) is one statement each.
class PgJournal {
  public:
    PgJournal();

    // The last numbers given.
    std::int64_t last_run = 0, last_history = 0, last_event = 0, last_audit = 0;
    std::int64_t definitions_version = 0;
    SystemTime at{};  // by PostgreSQL's clock, when the lock was there
    Changes changes;  // for the other processes

    // Whether that keys of new runs are free may be taken for granted, so that no answer is waited for; where
    // one is not, the transaction fails. Whether it was.
    bool assumes = false, has_assumed = false;

    PgBatch history, events, audit;
    PgBatch new_runs;  // assumed; those with the last numbers
    PgBatch changed_runs;
    std::unordered_set<RunId> changed_ids;  // of changed_runs
    Occupancy occupancy;
    using AttemptKey = std::tuple<std::int64_t, int, std::string>;  // run, attempt, token
    std::map<AttemptKey, Attempt> attempts;
    std::map<AttemptKey, Transaction::AttemptChange> attempt_changes;
    // Of runs that this transaction has read or written: nobody else can have changed them since.
    struct Standing {
        RunState state;
        int attempt;
        std::int64_t fence;
    };
    std::unordered_map<RunId, Standing> runs;
    std::unordered_map<RunId, TaskRun> known;  // read ahead, as the transaction leaves them
    bool has_written = false;
};

// Reads on any connection; writes only on one that holds the write lock, with its journal.
class PostgresTransaction final : public Transaction {
  public:
    // `time`: for reads, in place of PostgreSQL's clock; may be empty.
    PostgresTransaction(PgConnection& connection, PgJournal* journal, std::function<SystemTime()> time = {})
        : connection_(connection), journal_(journal), time_(std::move(time)) {}

    // Sends what the journal holds; errors come with the connection's next fetch() or sync().
    void flush();
    // The same where much has been collected, so that PostgreSQL works while the next unit does.
    void flush_some();

    Result<std::vector<Object>> objects(std::optional<ObjectKind> kind) override;
    Result<std::optional<Object>> object(ObjectKind kind, const QualifiedName& name) override;
    Result<std::optional<Object>> object_version(ObjectId id, std::int64_t version) override;
    Result<std::int64_t> definitions_version() override;
    Result<std::vector<TaskRun>> runs(std::span<const RunId> ids) override;
    Result<RunPage> list_runs(const RunFilter& filter, const Page& page) override;
    Result<std::vector<TaskRun>> runs_of_key(ObjectId task, std::string_view lane,
                                             std::string_view key) override;
    Result<std::optional<TaskRun>> newest_success(ObjectId task, std::string_view lane) override;
    Result<std::vector<TaskRun>> queued_heads(SystemTime now, int per_task, int limit,
                                              std::span<const ObjectId> but) override;
    using ReadTransaction::queued_heads;
    Result<std::optional<SystemTime>> next_not_before(SystemTime now) override;
    Result<std::vector<InFlightCount>> in_flight_counts() override;
    Result<std::int64_t> queued_count(ObjectId platform) override;
    Result<std::vector<TaskRun>> active_runs(ObjectId task, std::string_view lane, int limit) override;
    Result<std::vector<TaskRun>> in_flight(RunId after, int limit) override;
    Result<std::vector<TaskRun>> recorded_cancels(std::string_view owner) override;
    Result<std::vector<NodeLease>> nodes() override;
    Result<std::vector<Attempt>> attempts(RunId run) override;
    Result<std::vector<HistoryEntry>> history(RunId run) override;
    Result<std::vector<Token>> tokens(ObjectId child, std::string_view lane,
                                      std::span<const std::string> keys) override;
    Result<std::vector<Token>> tokens_of(ObjectId child) override;
    Result<std::vector<Token>> tokens_older_than(SystemTime time, int limit) override;
    Result<std::vector<KeptLog>> kept_logs(RunId run) override;
    Result<std::vector<KeptLog>> wanted_logs(int limit) override;
    Result<std::vector<ScheduleCursor>> schedule_cursors() override;
    Result<std::vector<Backfill>> backfills(std::optional<BackfillState> state) override;
    Result<std::vector<Pause>> pauses() override;
    Result<std::vector<RateBucket>> rate_buckets() override;
    Result<std::vector<Event>> events_after(std::int64_t sequence, int limit) override;
    Result<std::int64_t> last_event_sequence() override;
    Result<std::vector<Alert>> alerts(bool undelivered_only, const Page& page) override;
    Result<std::vector<AuditEntry>> audit(const Page& page) override;
    Result<std::optional<IdempotencyRecord>> idempotency(std::string_view key) override;
    Result<std::optional<std::string>> setting(std::string_view name) override;
    Result<SystemTime> shared_time(SystemTime local) override;
    Result<std::vector<Millis>> recent_durations(ObjectId task, int limit) override;

    Result<ObjectId> put_object(const Object& object) override;
    Status delete_object(ObjectId id, SystemTime at) override;
    Result<std::vector<RunId>> insert_runs(std::span<const TaskRun> runs, std::string_view message) override;
    Result<std::vector<bool>> change_runs(std::span<const RunChange> changes, SystemTime at) override;
    Result<std::vector<TaskRun>> adopt_runs(std::string_view owner, int limit, Part part) override;
    using Transaction::adopt_runs;
    Status put_node(const NodeLease& lease) override;
    Status delete_node(std::string_view node) override;
    Status put_attempts(std::span<const Attempt> attempts) override;
    Status change_attempts(std::span<const AttemptChange> changes) override;
    Status put_kept_log(const KeptLog& log) override;
    Status put_tokens(std::span<const Token> tokens) override;
    Status take_tokens(std::span<const Token> tokens) override;
    Status drop_tokens(ObjectId child, std::optional<ObjectId> parent) override;
    Status put_schedule_cursors(std::span<const ScheduleCursor> cursors) override;
    Status delete_schedule_cursors(ObjectId task, int from_index) override;
    Result<std::int64_t> put_backfill(const Backfill& backfill) override;
    Status put_pause(const Pause& pause) override;
    Status delete_pause(ObjectId object) override;
    Status put_rate_buckets(std::span<const RateBucket> buckets) override;
    Status append_events(std::span<const Event> events) override;
    Result<bool> put_alert(const Alert& alert) override;
    Status mark_delivered(std::int64_t alert) override;
    Status append_audit(const AuditEntry& entry) override;
    Status put_idempotency(const IdempotencyRecord& record) override;
    Status put_setting(std::string_view name, std::string_view value) override;
    Result<int> prune(const Retention& retention) override;

  private:
    void post(const char* sql, const PgParams& params);
    [[nodiscard]] Status raise_definitions_version();
    [[nodiscard]] bool is_unsent(RunId run) const;
    void flush_runs();
    void flush_occupancy();
    void flush_attempts();
    void note(const TaskRun& run);
    [[nodiscard]] Result<std::vector<RunId>> give_ids(std::span<const TaskRun> runs);
    void append_history(RunId run, SystemTime at, RunState state, int attempt, std::string_view message);
    [[nodiscard]] std::vector<TaskRun> read_runs(const PgRows& rows);
    [[nodiscard]] Result<std::vector<TaskRun>> fetch_runs(const char* sql, const PgParams& params = {});
    [[nodiscard]] Result<std::int64_t> first_run_created_after(SystemTime time);

    PgConnection& connection_;
    PgJournal* journal_;
    std::function<SystemTime()> time_;
};

}  // namespace polysync::store
