// What the end of a run, a schedule's fire or an external event sets off downstream: tokens put, runs
// inserted, skips passed on (TASK-5). Works inside the caller's transaction, so that consuming tokens and
// inserting runs are one.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "engine/catalog.h"
#include "engine/dependency.h"
#include "store/store.h"

namespace polysync::runtime {

// Which of the runs that it meets downstream a rerun makes anew (TASK-9), beside those that were skipped for
// lack of it. Kept in the rerun's `values`, and inherited by what it makes.
enum class Reach { none, unsuccessful, all };
[[nodiscard]] Reach reach_of(const TaskRun& run);

class Propagation {
  public:
    // `catalog` and `transaction` outlive it. One per transaction.
    Propagation(store::Transaction& transaction, const engine::Catalog& catalog, SystemTime now);

    // Runs that ended for good, as stored. Runs without `downstream` put nothing, but may be what the tokens
    // of a key that is being repaired wait for.
    [[nodiscard]] Status ended(std::vector<TaskRun> runs);

    // A schedule's fire for one interval of the task: a run, or the clock's token where the task also has
    // edges or is paused (or everything is, and nothing else triggers it).
    [[nodiscard]] Status fired(const engine::CatalogTask& task, std::string key, Trigger trigger);

    // TASK-14. Puts the source's token on every edge that leaves it. Errors: invalid_input where the key is
    // none of a task that waits for it.
    [[nodiscard]] Status source_event(const engine::CatalogSource& source, std::string key, std::string data);

    // The keys that the task kept while it was paused run, as what a person asked for: none skips another.
    [[nodiscard]] Status run_kept(const engine::CatalogTask& task);

    // The keys that the task kept while it was paused, and that nothing else holds back, are dropped: those
    // that would have run. Which ones.
    [[nodiscard]] Result<std::vector<std::string>> drop_kept(const engine::CatalogTask& task);

    // Looks again at every key that waits for the task (resume, a changed definition).
    [[nodiscard]] Status reconsider(const engine::CatalogTask& task);

    // A skipped run of one key runs after all where its dependencies hold by now; false where they do not.
    [[nodiscard]] Result<bool> reopen(const engine::CatalogTask& task, const TaskRun& skipped);

    // The definitions were `before`, and are this catalog from now on: tokens of edges that are gone or ask
    // for something else are dropped, and keys that have nothing else to wait for go (TASK-5). Call it in the
    // transaction that changes them.
    [[nodiscard]] Status redefined(const engine::Catalog& before);

    // Tokens from before `before` have waited too long: their keys end as skips, each with an alert. Where a
    // key needs a whole interval, its wait begins at the interval's end. How many were taken.
    [[nodiscard]] Result<int> expire(const std::vector<Token>& tokens, SystemTime before);

    // Inserts one run of the task (Queued, or Skipped where its overlap policy says so); 0 where the key has
    // one already. `base` holds what the key and the trigger do not say: priority, values, downstream.
    [[nodiscard]] Result<RunId> insert(const engine::CatalogTask& task, RunKey key, Trigger trigger,
                                       TaskRun base, std::string message);

    // The newest successes that a run outside the ordinary flow reads outputs from (Run Once, backfill,
    // rerun), by the parents' names: of the same key, in its own lane or else live.
    [[nodiscard]] Result<boost::json::object> parents_of(const engine::CatalogTask& task,
                                                         const std::string& lane, const std::string& key);

    // How many runs were queued: the dispatcher has something to look at.
    [[nodiscard]] int queued() const { return queued_; }

  private:
    using Place = std::tuple<ObjectId, std::string, std::string>;  // task, lane, key

    [[nodiscard]] Status drain();
    [[nodiscard]] Status serve(const TaskRun& run);
    [[nodiscard]] Status wake_waiting(const TaskRun& run);
    [[nodiscard]] Result<Reach> reach_of(const std::vector<Token>& tokens);
    [[nodiscard]] Status put(const engine::CatalogTask& child, Token token, Reach reach);
    [[nodiscard]] Status settle(const engine::CatalogTask& task, const std::string& lane,
                                const std::string& key, Reach reach);
    [[nodiscard]] Status settle_again(const engine::CatalogTask& task, const std::string& lane,
                                      const std::string& key, const TaskRun& newest, Reach reach);
    [[nodiscard]] Status settle_other_lanes(const engine::CatalogTask& task, const std::string& key);
    [[nodiscard]] Result<bool> is_ancestor_active(const engine::CatalogTask& task, const std::string& lane,
                                                  const std::string& key);
    [[nodiscard]] Result<std::vector<engine::Edge>> edges_for(const engine::CatalogTask& task,
                                                              const std::string& lane,
                                                              const std::string& key) const;
    [[nodiscard]] Result<std::vector<Token>> facts(const engine::CatalogTask& task, const std::string& lane,
                                                   const std::vector<engine::Edge>& edges,
                                                   const std::string& key, bool from_runs);
    [[nodiscard]] Result<std::vector<engine::LatestSuccess>> latest(const engine::CatalogTask& task,
                                                                    const std::string& lane);
    // A manual or backfill lane: the task at its root, and those that it runs.
    struct Lane {
        std::optional<ObjectId> root;  // none: live
        std::set<ObjectId> tasks;
        std::optional<store::Backfill> backfill;
    };
    [[nodiscard]] Result<Lane> lane_of(const std::string& lane);
    [[nodiscard]] Result<bool> is_coming(const Lane& lane, const std::string& name, ObjectId parent,
                                         const std::string& key);
    void add_kept_events(const engine::CatalogTask& task, const TaskRun& newest,
                         std::vector<Token>& held) const;
    [[nodiscard]] Result<int> lane_priority(const engine::CatalogTask& task, const std::string& lane);
    [[nodiscard]] Status insert_from(const engine::CatalogTask& task, RunKey key, Trigger trigger,
                                     const engine::Verdict& verdict, Reach reach);
    [[nodiscard]] Result<bool> overlaps(const engine::CatalogTask& task, const TaskRun& run);
    [[nodiscard]] Result<bool> is_paused(const engine::CatalogTask& task);
    // The task's key that the token belongs to; nothing where it triggers none, or its edge is gone.
    [[nodiscard]] Result<std::optional<std::string>> key_of(const engine::CatalogTask& task,
                                                            const Token& token) const;
    // Lanes and keys of the task that hold a token.
    [[nodiscard]] Result<std::set<std::pair<std::string, std::string>>> places_of(
        const engine::CatalogTask& task);
    [[nodiscard]] Result<std::vector<Token>> tokens_at(const engine::CatalogTask& task,
                                                       const std::string& lane, const std::string& key);

    store::Transaction& transaction_;
    const engine::Catalog& catalog_;
    SystemTime now_;
    std::vector<TaskRun> open_;  // ended runs whose edges are still to be served
    std::set<Place> passed_;     // runs that a rerun left alone and passed through
    std::optional<std::set<ObjectId>> paused_;
    int queued_ = 0;
    bool draining_ = false;
    bool is_asked_for_ = false;
};

// The lane of a Run Once whose downstream runs too, and of a backfill.
[[nodiscard]] std::string manual_lane(ObjectId root, std::string_view unique);
[[nodiscard]] std::string backfill_lane(std::int64_t backfill);

// The code of runs that were skipped for lack of a dependency: they reopen when it is repaired.
inline constexpr std::string_view skipped_by_dependency = "dependency_unsatisfied";

// The setting that says what a misfire policy left out last: JSON {at, policy, first, last, count}.
[[nodiscard]] std::string misfire_setting(ObjectId task);

// `values` of a run, with the reach of a rerun in it.
[[nodiscard]] std::string with_reach(const std::string& values, Reach reach);

}  // namespace polysync::runtime
