// The parts of operations that work inside a transaction: looking up, checking, planning. Operations join
// them into units (operations.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "engine/catalog.h"
#include "runtime/operations.h"
#include "runtime/propagation.h"
#include "store/store.h"

namespace polysync::runtime {

// Errors: not_found, with the nearest name.
[[nodiscard]] Result<const engine::CatalogTask*> find_task(const engine::Catalog& catalog,
                                                           const QualifiedName& name);
[[nodiscard]] Error no_run(RunId run);
[[nodiscard]] Result<TaskRun> load_run(store::ReadTransaction& transaction, RunId id);

[[nodiscard]] Status append_audit(store::Transaction& transaction, SystemTime now, const std::string& actor,
                                  std::string action, std::string subject,
                                  const boost::json::object& document = {});
[[nodiscard]] std::string subject_of(RunId run);  // "run/4711"

// The values of a Run Once: of their parameters' types; a name that the job does not know declares a
// parameter (spec 1).
[[nodiscard]] Status check_values(const engine::Catalog& catalog, const engine::CatalogTask& task,
                                  const std::map<std::string, std::string>& values);

// All runs of the lane and key in the component of the run's task, by task, oldest first (TASK-4).
[[nodiscard]] Result<std::vector<TaskRun>> chain_of(store::ReadTransaction& transaction,
                                                    const engine::Catalog& catalog, const TaskRun& start);

// The runs to make anew: the run itself, if it has ended; of a chain the failed, cancelled and skipped ones
// that nothing before them holds back. What is behind them follows by their tokens.
[[nodiscard]] Result<std::vector<TaskRun>> rerun_targets(store::ReadTransaction& transaction,
                                                         const engine::Catalog& catalog, const TaskRun& run,
                                                         const RerunRequest& request);
// With the newest outputs of its parents. `downstream`: its end reaches its children, and `reach` says which
// of those that had a run for the key run again.
[[nodiscard]] Result<RunId> rerun_one(store::Transaction& transaction, const engine::Catalog& catalog,
                                      Propagation& propagation, const TaskRun& old, Reach reach,
                                      bool downstream);
// `values` of a run outside the ordinary flow, with the outputs that it reads.
[[nodiscard]] Result<std::string> with_newest_parents(Propagation& propagation,
                                                      const engine::CatalogTask& task, const RunKey& key,
                                                      const std::string& values);

// The id of a task or platform to pause; 0: everything.
[[nodiscard]] Result<ObjectId> pausable(store::ReadTransaction& transaction, store::ObjectKind kind,
                                        const std::optional<QualifiedName>& object);
[[nodiscard]] std::string pause_subject(store::ObjectKind kind, const std::optional<QualifiedName>& object);

[[nodiscard]] Status check_backfill(const engine::CatalogTask& task, const BackfillRequest& request);
[[nodiscard]] Status plan_keys(store::ReadTransaction& transaction, const engine::CatalogTask& task,
                               const BackfillRequest& request, BackfillPlan& plan);
// A new, active backfill. Errors: conflict while one of the task is active.
[[nodiscard]] Result<std::int64_t> insert_backfill(store::Transaction& transaction, ObjectId task,
                                                   const BackfillRequest& request, const std::string& actor,
                                                   SystemTime now);
// Errors: not_found, conflict (it has ended; another of its task is active).
[[nodiscard]] Status change_backfill_state(store::Transaction& transaction, std::int64_t id,
                                           store::BackfillState state);

// The ids of all runs that match. Errors: invalid_input above `most`.
[[nodiscard]] Result<std::vector<RunId>> matching_runs(store::ReadTransaction& transaction,
                                                       const store::RunFilter& filter, std::size_t most);

}  // namespace polysync::runtime
