#include "runtime/backfills.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "runtime/alerts.h"

namespace polysync::runtime {
namespace {

constexpr int looked_at_once = 1000;

// The newest run of the key, live or of a backfill.
Result<std::optional<TaskRun>> newest_run(store::ReadTransaction& transaction, ObjectId task,
                                          const std::string& key) {
    std::optional<TaskRun> newest;
    auto offer = [&](std::vector<TaskRun> runs) {
        for (auto& run : runs)
            if (!newest || newest->id < run.id) newest = std::move(run);
    };
    POLYSYNC_TRY(auto live, transaction.runs_of_key(task, "live", key));
    offer(std::move(live));
    POLYSYNC_TRY(auto backfills, transaction.backfills(std::nullopt));
    for (const auto& backfill : backfills) {
        if (backfill.task != task) continue;
        POLYSYNC_TRY(auto runs, transaction.runs_of_key(task, backfill_lane(backfill.id), key));
        offer(std::move(runs));
    }
    return newest;
}

Status end_backfill(store::Transaction& transaction, const engine::Catalog& catalog, store::Backfill backfill,
                    SystemTime now, const std::string& why) {
    backfill.state = store::BackfillState::cancelled;
    POLYSYNC_TRY(auto id, transaction.put_backfill(backfill));
    const auto* task = catalog.task(backfill.task);
    boost::json::object document{{"backfill", id}, {"reason", why}};
    if (task) document["task"] = task->task.meta.name.str();
    return raise_alert(transaction, now, "backfill_cancelled", fmt::format("backfill/{}", id),
                       fmt::format("backfill_cancelled/{}", id), document);
}

}  // namespace

Result<bool> selects(store::ReadTransaction& transaction, const engine::CatalogTask& task,
                     const std::string& selection, const std::string& key) {
    if (selection == "all") return true;
    POLYSYNC_TRY(auto newest, newest_run(transaction, task.id, key));
    if (selection == "missing") return !newest || newest->state == RunState::skipped;
    return newest && (newest->state == RunState::failed || newest->state == RunState::cancelled);
}

Status advance_backfill(store::Transaction& transaction, const engine::Catalog& catalog,
                        Propagation& propagation, store::Backfill backfill, SystemTime now) {
    const auto* task = catalog.task(backfill.task);
    if (!task) return end_backfill(transaction, catalog, backfill, now, "its task is no longer defined");
    auto first = engine::parse_key(task->partition, backfill.first_key);
    auto last = engine::parse_key(task->partition, backfill.last_key);
    bool readable = task->partition.grain != engine::Grain::none && first && last;
    if (!readable)  // one that cannot go on holds up no other
        return end_backfill(transaction, catalog, backfill, now, "its task's grain has changed");
    auto lane = backfill_lane(backfill.id);
    POLYSYNC_TRY(auto active, transaction.active_runs(task->id, lane, backfill.max_active));
    int room = backfill.max_active - int(active.size());
    bool changed = false;
    for (int looked = 0; room > 0 && !backfill.next_key.empty() && looked < looked_at_once; ++looked) {
        POLYSYNC_TRY(auto current, engine::parse_key(task->partition, backfill.next_key));
        POLYSYNC_TRY(bool selected, selects(transaction, *task, backfill.selection, current.key));
        auto next = backfill.newest_first ? engine::interval_before(task->partition, current.start)
                                          : engine::next_interval(task->partition, current);
        bool inside =
            backfill.newest_first ? next.start >= first.value().start : next.start <= last.value().start;
        backfill.next_key = inside ? next.key : std::string();
        changed = true;
        if (!selected) continue;
        TaskRun base;
        base.priority = backfill.priority;
        base.downstream = backfill.downstream;
        POLYSYNC_TRY(auto parents, propagation.parents_of(*task, lane, current.key));
        if (!parents.empty()) base.values = boost::json::serialize(boost::json::object{{"parents", parents}});
        POLYSYNC_TRY(auto id,
                     propagation.insert(*task, {task->id, lane, current.key, 0}, Trigger::backfill,
                                        std::move(base), fmt::format("queued by backfill {}", backfill.id)));
        if (number(id) == 0) continue;
        ++backfill.planned;
        --room;
    }
    if (backfill.next_key.empty() && active.empty() && room == backfill.max_active) {
        backfill.state = store::BackfillState::done;
        changed = true;
    }
    if (!changed) return success();
    bool ends = backfill.next_key.empty();
    POLYSYNC_TRY(auto id, transaction.put_backfill(backfill));
    (void)id;
    if (ends && backfill.downstream)  // keys outside the range and the selection are read live from now on
        for (auto child : task->children) {
            POLYSYNC_TRY(propagation.reconsider(*catalog.task(child)));
        }
    return success();
}

}  // namespace polysync::runtime
