#include <algorithm>
#include <map>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "engine/test_hooks.h"
#include "runtime/loops.h"
#include "runtime/propagation.h"

namespace polysync::runtime {
namespace {

// A fire that is at most this late is on time: misfire policies are about downtime.
constexpr Millis on_time = std::chrono::minutes(1);
constexpr Millis longest_pause = std::chrono::minutes(1);
// As many of the newest fires as any policy looks at (catch_up takes at most 100).
constexpr std::size_t most_fires = 100;
constexpr std::int64_t most_counted = 1000;  // of those that were left out

std::string expression_of(const engine::CatalogSchedule& schedule) {
    return schedule.schedule.cron + " " + schedule.schedule.time_zone;
}

// The newest fires from `first` to `now`, oldest first, at most most_fires. After a long downtime of a
// frequent schedule they are looked for from the end.
std::vector<SystemTime> fires_between(const engine::CatalogSchedule& schedule, SystemTime first,
                                      SystemTime now) {
    std::vector<SystemTime> out;
    if (first > now) return out;
    Millis span = std::chrono::hours(1);
    while (true) {
        bool is_whole = now - first <= span;
        auto fire = is_whole ? first : schedule.cron.next_after(now - span, schedule.zone);
        out.clear();
        for (; fire <= now; fire = schedule.cron.next_after(fire, schedule.zone)) out.push_back(fire);
        if (is_whole || out.size() >= most_fires) break;
        span *= 4;
    }
    if (out.size() > most_fires) out.erase(out.begin(), out.end() - std::ptrdiff_t(most_fires));
    return out;
}

// The fires that the misfire policy lets through, oldest first.
std::vector<SystemTime> after_misfires(const Schedule& schedule, std::vector<SystemTime> fires,
                                       SystemTime now) {
    if (fires.empty()) return fires;
    std::size_t keep = 0;
    switch (schedule.misfire) {
        case Misfire::skip:
            keep = std::size_t(std::count_if(fires.begin(), fires.end(),
                                             [&](SystemTime fire) { return now - fire <= on_time; }));
            break;
        case Misfire::fire_once:
            keep = 1;
            break;
        case Misfire::catch_up:
            keep = std::size_t(schedule.catch_up_limit);
            break;
    }
    if (fires.size() > keep) fires.erase(fires.begin(), fires.end() - std::ptrdiff_t(keep));
    return fires;
}

// One look at all schedules.
class Fires {
  public:
    Fires(store::Transaction& transaction, const engine::Catalog& catalog, SystemTime now)
        : transaction_(transaction), catalog_(catalog), now_(now), propagation_(transaction, catalog, now) {}

    Status take() {
        POLYSYNC_TRY(auto rows, transaction_.schedule_cursors());
        for (auto& row : rows) cursors_[{row.task, row.index}] = row;
        for (const auto& [id, task] : catalog_.tasks)
            for (std::size_t i = 0; i < task.schedules.size(); ++i) {
                POLYSYNC_TRY(look_at(task, int(i)));
            }
        POLYSYNC_TRY(drop_stale_cursors());
        return transaction_.put_schedule_cursors(changed_);
    }

    SystemTime next = SystemTime::max();
    // Fires that a planted fault leaves to a unit of their own.
    std::vector<std::pair<ObjectId, std::string>> late;
    [[nodiscard]] int queued() const { return propagation_.queued(); }

  private:
    Status look_at(const engine::CatalogTask& task, int index) {
        const auto& schedule = task.schedules[std::size_t(index)];
        auto found = cursors_.find({task.id, index});
        store::ScheduleCursor cursor{task.id, index, expression_of(schedule), {}};
        bool is_new = found == cursors_.end() || found->second.expression != cursor.expression;
        if (is_new) {  // first apply, or another expression: only future fires
            cursor.next_fire = schedule.cron.next_after(now_, schedule.zone);
        } else {
            cursor.next_fire = found->second.next_fire;
            if (cursor.next_fire <= now_) {
                auto fires = fires_between(schedule, cursor.next_fire, now_);
                auto let_through = after_misfires(schedule.schedule, fires, now_);
                POLYSYNC_TRY(note_misfires(task, index, cursor.next_fire, let_through));
                cursor.next_fire = schedule.cron.next_after(now_, schedule.zone);
                for (auto time : let_through) {
                    POLYSYNC_TRY(fire(task, time));
                }
            }
        }
        if (is_new || cursor.next_fire != found->second.next_fire) changed_.push_back(cursor);
        next = std::min(next, cursor.next_fire);
        return success();
    }

    Status fire(const engine::CatalogTask& task, SystemTime time) {
        if (engine::is_planted(engine::Fault::cursor_before_fire)) {
            late.emplace_back(task.id, task.key_of(time));
            return success();
        }
        return propagation_.fired(task, task.key_of(time), Trigger::schedule);
    }

    // What a misfire policy left out, for `task why` (TASK-11).
    Status note_misfires(const engine::CatalogTask& task, int index, SystemTime first,
                         const std::vector<SystemTime>& let_through) {
        const auto& schedule = task.schedules[std::size_t(index)];
        auto end = let_through.empty() ? now_ + Millis(1) : let_through.front();
        if (first >= end) return success();
        auto last = fires_between(schedule, first, end - Millis(1)).back();
        std::int64_t count = 1;
        for (auto at = first; at < last && count < most_counted; ++count)
            at = schedule.cron.next_after(at, schedule.zone);
        boost::json::object note{{"at", format_iso8601(now_)},
                                 {"policy", to_string(schedule.schedule.misfire)},
                                 {"first", format_iso8601(first)},
                                 {"last", format_iso8601(last)},
                                 {"count", count}};
        auto text = boost::json::serialize(note);
        POLYSYNC_TRY(transaction_.put_setting(misfire_setting(task.id), text));
        store::Event event{.at = now_,
                           .type = "schedule.misfire",
                           .subject = "task/" + task.task.meta.name.str(),
                           .document = text};
        return transaction_.append_events(std::span(&event, 1));
    }

    Status drop_stale_cursors() {
        std::map<ObjectId, int> stale;
        for (const auto& [place, cursor] : cursors_) {
            const auto* task = catalog_.task(place.first);
            int count = task ? int(task->schedules.size()) : 0;
            if (place.second >= count) stale[place.first] = count;
        }
        for (const auto& [task, count] : stale) {
            POLYSYNC_TRY(transaction_.delete_schedule_cursors(task, count));
        }
        return success();
    }

    store::Transaction& transaction_;
    const engine::Catalog& catalog_;
    SystemTime now_;
    Propagation propagation_;
    std::map<std::pair<ObjectId, int>, store::ScheduleCursor> cursors_;
    std::vector<store::ScheduleCursor> changed_;
};

}  // namespace

Async<void> Scheduler::run() {
    while (!context_.stopping) {
        auto next = co_await tick();
        auto until = context_.clock().steady_now() + std::chrono::seconds(1);
        if (next) {
            until = next.value();
        } else {
            log_failure("schedules cannot fire", next.error());
        }
        co_await context_.schedule.wait_until(until);
    }
}

Async<Result<SteadyTime>> Scheduler::tick() {
    auto now = context_.clock().now();
    auto catalog = context_.catalog;
    struct Outcome {
        SystemTime next = SystemTime::max();
        int queued = 0;
        std::vector<std::pair<ObjectId, std::string>> late;
    };
    auto outcome = std::make_shared<Outcome>();
    store::Work work = [catalog, now, outcome](store::Transaction& transaction) -> Status {
        Fires fires(transaction, *catalog, now);
        POLYSYNC_TRY(fires.take());
        *outcome = {fires.next, fires.queued(), std::move(fires.late)};
        return success();
    };
    auto done = co_await write_current(context_, std::move(work));
    if (!done) co_return done.error();
    if (!outcome->late.empty()) {
        store::Work late = [catalog, now, outcome](store::Transaction& transaction) -> Status {
            Propagation propagation(transaction, *catalog, now);
            for (const auto& [task, key] : outcome->late) {
                POLYSYNC_TRY(propagation.fired(*catalog->task(task), key, Trigger::schedule));
            }
            return success();
        };
        auto fired = co_await write_current(context_, std::move(late));
        if (!fired) co_return fired.error();
        outcome->queued = 1;
    }
    if (outcome->queued > 0) context_.dispatch.give();
    // At least once a minute: the calendar may jump while the steady clock does not.
    Millis pause = outcome->next == SystemTime::max()
                       ? longest_pause
                       : std::clamp<Millis>(outcome->next - now, Millis(1), longest_pause);
    co_return context_.clock().steady_now() + pause;
}

}  // namespace polysync::runtime
