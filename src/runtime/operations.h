// What people and scripts do to runs, tasks and definitions (TASK-9 to TASK-11, TASK-14): each one
// transaction, audited. REST and CLI call these.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "runtime/runtime.h"

namespace polysync::runtime {

struct RunOnceRequest {
    QualifiedName task;
    std::map<std::string, std::string> values;  // over the task's
    std::optional<std::string> key;             // its interval; required where templates need one
    bool downstream = false;
    std::optional<int> priority;
    Trigger trigger = Trigger::manual;  // or api
};

// only_this: nothing follows it. downstream: what is behind it runs again where it was skipped or did not
// succeed. failed_of_chain: what failed or was skipped of the chain, in order.
enum class RerunScope { only_this, downstream, failed_of_chain };

struct RerunRequest {
    RunId run{};
    RerunScope scope = RerunScope::only_this;
    bool include_succeeded = false;  // what succeeded for the key is left alone unless asked
};

struct BackfillRequest {
    QualifiedName task;
    std::string first_key, last_key;
    std::string selection = "missing";  // missing, failed, all
    int max_active = 1;
    std::optional<int> priority;  // default -10
    bool newest_first = false;
    bool downstream = false;
    bool dry_run = false;
};

struct BackfillPlan {
    std::int64_t id = 0;            // 0: dry run
    std::vector<std::string> keys;  // those that get a run, at most 10,000
    std::size_t skipped = 0;        // keys that the selection leaves out
};

// One line of `task why`.
struct WhyItem {
    std::string subject;  // "edge etl/orders", "contention profile slots", "pause", "schedule", "run 4711"
    bool in_the_way = false;
    std::string detail;
};

struct WhyAnswer {
    std::string summary;  // one sentence
    std::vector<WhyItem> items;
};

struct NextFire {
    QualifiedName task;
    SystemTime at{};
    std::string key;
    std::string time_zone;
};

enum class BulkAction { cancel, rerun, mark_succeeded, skip };

struct BulkResult {
    std::vector<RunId> runs;  // acted on (or to be, in a dry run)
    std::vector<std::pair<RunId, Error>> refused;
};

// What an operation did, or would do.
struct OperationEffect {
    std::vector<RunId> runs;                       // made, or acted on
    std::vector<std::pair<RunId, Error>> refused;  // by `bulk` and `cancel_chain`
    BackfillPlan backfill;
    int kept_keys = 0;  // resume: that came up during the pause, and run or are dropped
    bool fresh = true;  // put_source_token: the dedupe_id was not seen before
};

// Who asks, for the audit, and what is to become durable together with the operation: `before` runs first and
// `after` last in its one transaction. An Error of either undoes all of it and is what the operation returns.
// Like every unit of the store they may run again, and not on the caller's thread.
struct Caller {
    Caller(std::string name) : actor(std::move(name)) {}
    Caller(const char* name) : actor(name) {}

    std::string actor;
    std::function<Status(store::Transaction&)> before;
    std::function<Status(store::Transaction&, const OperationEffect&)> after;
};

// At most so many runs in one bulk action: one transaction holds them all.
inline constexpr std::size_t max_bulk_runs = 10'000;

// Thread: the runtime's executor. Everything but what only reads is one transaction.
class Operations {
  public:
    [[nodiscard]] static std::unique_ptr<Operations> make(RuntimeParts parts, Runtime& runtime);
    virtual ~Operations() = default;

    // Durable when it returns. Errors: not_found, invalid_input (values, key), conflict (idempotency).
    [[nodiscard]] virtual Async<Result<RunId>> run_once(RunOnceRequest request, Caller caller) = 0;
    [[nodiscard]] virtual Async<Status> cancel(RunId run, Caller caller) = 0;
    [[nodiscard]] virtual Async<Result<std::vector<RunId>>> rerun(RerunRequest request, Caller caller) = 0;
    [[nodiscard]] virtual Async<Status> mark_succeeded(RunId run, boost::json::object outputs,
                                                       Caller caller) = 0;
    [[nodiscard]] virtual Async<Status> skip(RunId run, std::string reason, Caller caller) = 0;
    // Reruns are of scope downstream. Errors: invalid_input where the filter matches more than max_bulk_runs.
    [[nodiscard]] virtual Async<Result<BulkResult>> bulk(BulkAction action, store::RunFilter filter,
                                                         bool dry_run, Caller caller) = 0;

    // Chain: every run of the lane and key in the task's component (TASK-4).
    [[nodiscard]] virtual Async<Result<std::vector<TaskRun>>> chain(RunId run) = 0;
    [[nodiscard]] virtual Async<Result<BulkResult>> cancel_chain(RunId run, Caller caller) = 0;

    // object: a task or platform; nothing: everything. On resume of a task or everything the kept keys run or
    // are dropped.
    [[nodiscard]] virtual Async<Status> pause(store::ObjectKind kind, std::optional<QualifiedName> object,
                                              std::string reason, Caller caller) = 0;
    [[nodiscard]] virtual Async<Status> resume(store::ObjectKind kind, std::optional<QualifiedName> object,
                                               bool run_kept_keys, Caller caller) = 0;

    [[nodiscard]] virtual Async<Result<BackfillPlan>> backfill(BackfillRequest request, Caller caller) = 0;
    [[nodiscard]] virtual Async<Status> set_backfill_state(std::int64_t id, store::BackfillState state,
                                                           Caller caller) = 0;

    [[nodiscard]] virtual Async<Result<WhyAnswer>> why(QualifiedName task,
                                                       std::optional<std::string> key) = 0;
    [[nodiscard]] virtual Async<Result<std::vector<NextFire>>> next_fires(std::optional<QualifiedName> task,
                                                                          int count) = 0;

    // TASK-14. False where dedupe_id was seen before.
    [[nodiscard]] virtual Async<Result<bool>> put_source_token(QualifiedName source, std::string key,
                                                               std::string dedupe_id,
                                                               boost::json::object data, Caller caller) = 0;
};

}  // namespace polysync::runtime
