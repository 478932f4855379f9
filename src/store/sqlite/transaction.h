// The rows of store.h in SQLite.
#pragma once

#include <functional>

#include "store/sqlite/database.h"
#include "store/store.h"

namespace polysync::store {

// Numbers that rise for the life of the database; the writer's own.
struct Counters {
    std::int64_t last_run = 0;
    std::int64_t last_history = 0;
};

// Reads on any connection; writes only on the writer's, between BEGIN and COMMIT, with its counters.
class SqliteTransaction final : public Transaction {
  public:
    // `time` stands for the clock that processes share, where there is one.
    SqliteTransaction(Database& database, Counters* counters, const std::function<SystemTime()>& time = {})
        : database_(database), counters_(counters), time_(time) {}

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
    Result<SystemTime> shared_time(SystemTime local) override { return time_ ? time_() : local; }
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
    Status append_history(RunId run, SystemTime at, RunState state, int attempt, std::string_view message);
    Status count_occupancy(ObjectId platform, ObjectId task, int queued, int in_flight);
    Result<std::vector<TaskRun>> read_runs(Statement& statement);
    Result<std::int64_t> first_run_created_after(SystemTime time);
    Result<std::vector<std::int64_t>> old_runs(const Retention& retention);

    Database& database_;
    Counters* counters_;
    std::function<SystemTime()> time_;
};

// Makes `occupancy` anew from `run`: after migrations. From then on each transaction keeps it right.
[[nodiscard]] Status recount(Database& database);
// Once at start.
[[nodiscard]] Result<Counters> read_counters(Database& database);

}  // namespace polysync::store
