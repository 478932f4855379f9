#include "runtime/limits.h"

#include <algorithm>
#include <utility>

#include "engine/test_hooks.h"

namespace polysync::runtime {

Result<LimitRows> read_limits(store::ReadTransaction& transaction, const engine::Catalog& catalog) {
    LimitRows rows;
    POLYSYNC_TRY(rows.in_flight, transaction.in_flight_counts());
    if (engine::is_planted(engine::Fault::submitting_holds_none)) {
        POLYSYNC_TRY(auto runs, transaction.in_flight(RunId{}, 1000));
        rows.in_flight.clear();
        for (const auto& run : runs)
            if (run.state != RunState::submitting) rows.in_flight.push_back({run.key.task, run.platform, 1});
    }
    POLYSYNC_TRY(rows.pauses, transaction.pauses());
    POLYSYNC_TRY(rows.buckets, transaction.rate_buckets());
    for (const auto& [id, platform] : catalog.platforms) {
        if (platform.profiles.empty()) continue;
        POLYSYNC_TRY(rows.queued[id], transaction.queued_count(id));
    }
    return rows;
}

namespace {

// A profile of platform scope is one use per platform; a global one is a single use that all its platforms
// share.
class StateBuilder {
  public:
    StateBuilder(const engine::Catalog& catalog, const LimitRows& rows) : catalog_(catalog), rows_(rows) {}

    engine::DispatchState build(const std::set<ObjectId>& tasks) {
        std::set<ObjectId> paused;
        for (const auto& pause : rows_.pauses) paused.insert(pause.object);
        state_.everything_paused = paused.contains(ObjectId{});
        for (const auto& [id, platform] : catalog_.platforms) {
            auto& use = state_.platforms[id];
            use.paused = paused.contains(id);
            for (auto profile : platform.profiles) use.profiles.push_back(use_of(profile, id));
        }
        for (auto id : tasks) {
            const auto* task = catalog_.task(id);
            if (task) state_.tasks[id] = {.max_active = task->task.max_active, .paused = paused.contains(id)};
        }
        for (const auto& row : rows_.in_flight) {
            auto task = state_.tasks.find(row.task);
            if (task != state_.tasks.end()) task->second.in_flight += row.count;
            auto platform = state_.platforms.find(row.platform);
            if (platform == state_.platforms.end()) continue;
            for (auto index : platform->second.profiles) state_.profiles[index].in_flight += row.count;
        }
        return std::move(state_);
    }

  private:
    std::size_t use_of(ObjectId profile_id, ObjectId platform) {
        const auto& profile = catalog_.profiles.at(profile_id).profile;
        auto scope = profile.scope == ProfileScope::global ? ObjectId{} : platform;
        auto [place, is_new] = uses_.try_emplace({profile_id, scope}, state_.profiles.size());
        if (!is_new) return place->second;
        engine::ProfileUse use{.profile = profile_id, .platform = scope, .rule = &profile};
        for (const auto& bucket : rows_.buckets)
            if (bucket.profile == profile_id && bucket.platform == scope)
                use.bucket = engine::BucketFill{bucket.tokens, bucket.at};
        state_.profiles.push_back(use);
        return place->second;
    }

    const engine::Catalog& catalog_;
    const LimitRows& rows_;
    engine::DispatchState state_;
    std::map<std::pair<ObjectId, ObjectId>, std::size_t> uses_;
};

}  // namespace

engine::DispatchState build_dispatch_state(const engine::Catalog& catalog, const LimitRows& rows,
                                           const std::set<ObjectId>& tasks) {
    return StateBuilder(catalog, rows).build(tasks);
}

std::vector<ObjectId> closed_tasks(const engine::Catalog& catalog, const LimitRows& rows) {
    std::vector<ObjectId> out;
    for (const auto& pause : rows.pauses)
        if (catalog.task(pause.object)) out.push_back(pause.object);
    std::map<ObjectId, int> in_flight;
    for (const auto& row : rows.in_flight) in_flight[row.task] += row.count;
    for (const auto& [id, count] : in_flight) {
        const auto* task = catalog.task(id);
        if (task && count >= task->task.max_active) out.push_back(id);
    }
    return out;
}

int overlong_queue(const engine::Catalog& catalog, const LimitRows& rows) {
    std::int64_t deepest = 0;
    for (const auto& [id, profile] : catalog.profiles) {
        const auto& rule = profile.profile;
        if (rule.type != ProfileType::concurrency || !rule.queue_size_limit) continue;
        std::int64_t queued = 0;
        for (const auto& [platform_id, platform] : catalog.platforms) {
            auto count = rows.queued.find(platform_id);
            bool linked =
                std::find(platform.profiles.begin(), platform.profiles.end(), id) != platform.profiles.end();
            if (!linked || count == rows.queued.end()) continue;
            queued =
                rule.scope == ProfileScope::global ? queued + count->second : std::max(queued, count->second);
        }
        if (queued > *rule.queue_size_limit) deepest = std::max(deepest, queued);
    }
    return int(std::min<std::int64_t>(deepest, 10'000));
}

}  // namespace polysync::runtime
