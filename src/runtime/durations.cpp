#include "runtime/durations.h"

#include <algorithm>

#include "base/log.h"
#include "engine/polling.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr std::size_t tasks_per_read = 100;

}  // namespace

std::optional<Millis> Durations::usual(ObjectId task) const {
    auto found = tasks_.find(task);
    return found == tasks_.end() ? std::nullopt : found->second.usual;
}

void Durations::summarize(History& history) {
    auto most = std::size_t(engine::remembered_durations);
    if (history.newest.size() > most)
        history.newest.erase(history.newest.begin(), history.newest.end() - std::ptrdiff_t(most));
    history.usual = engine::usual_duration(history.newest);
}

void Durations::want(ObjectId task) {
    auto& history = tasks_[task];
    if (history.is_read) return;
    history.is_read = true;
    wanted_.push_back(task);
    if (is_reading_) return;
    is_reading_ = true;
    spawn(context_, read_wanted());
}

Async<void> Durations::read_wanted() {
    while (!wanted_.empty() && !context_.stopping) {
        auto count = std::min(wanted_.size(), tasks_per_read);
        std::vector<ObjectId> tasks(wanted_.end() - std::ptrdiff_t(count), wanted_.end());
        wanted_.resize(wanted_.size() - count);
        auto found = std::make_shared<std::vector<std::vector<Millis>>>();
        store::ReadWork work = [tasks, found](store::ReadTransaction& transaction) -> Status {
            found->clear();
            for (auto task : tasks) {
                POLYSYNC_TRY(auto durations,
                             transaction.recent_durations(task, engine::remembered_durations));
                found->push_back(std::move(durations));
            }
            return success();
        };
        auto done = co_await context_.store().read(std::move(work));
        if (!done) log::warn("how long runs usually take cannot be read: {}", done.error().describe());
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            auto& history = tasks_[tasks[i]];
            if (!done) {
                history.is_read = false;  // the task's next run wants it again
                continue;
            }
            auto& durations = (*found)[i];
            std::reverse(durations.begin(), durations.end());
            history.newest.insert(history.newest.begin(), durations.begin(), durations.end());
            summarize(history);
        }
    }
    is_reading_ = false;
}

void Durations::learn(const TaskRun& run) {
    auto began = run.started_at ? run.started_at : run.submitted_at;
    if (!began || !run.ended_at) return;
    auto& history = tasks_[run.key.task];
    history.newest.push_back(std::max(Millis(0), *run.ended_at - *began));
    summarize(history);
}

}  // namespace polysync::runtime
