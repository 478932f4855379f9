// Days in the life of a data engineer, told on a runtime in virtual time: tasks by name, keys by date.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/sim/world.h"

namespace polysync::sim {

// A member that is a text.
[[nodiscard]] std::string text_at(const boost::json::object& object, std::string_view name);

// One platform, "etl", on which each run takes five minutes and succeeds, unless the story says otherwise.
// Begins on 2026-09-14 at 00:30 UTC.
class Story : public testing::Test {
  protected:
    explicit Story(std::size_t nodes = 1);

    // Definitions, to be changed until begin() or define().
    Task& task(const std::string& name, const std::string& grain,
               const std::vector<std::string>& parents = {});
    Task& task_named(const std::string& name);
    ContentionProfile& profile(const std::string& name, ProfileType type);
    void add_platform(const std::string& name, PlatformType type);
    void put_on(const std::string& task, const std::string& platform);
    static Schedule at(std::string cron, std::string zone = "UTC");

    void begin_at(const std::string& time);  // before begin()
    void begin();                            // with all nodes
    void define();                           // what was changed since
    void until(const std::string& time);
    void down_until(const std::string& time);  // the server is killed, and started again then

    // "Succeeded", or "-" where there is no run; of the newest rerun.
    std::string state(const std::string& name, const std::string& key, const std::string& lane = "live");
    // The same run whole. Fails the test where there is none.
    TaskRun run(const std::string& name, const std::string& key, const std::string& lane = "live");
    std::vector<TaskRun> runs(const std::string& name);  // of every lane, oldest first
    // "2026-09-13 Succeeded", of every run of the task, oldest first.
    std::vector<std::string> told(const std::string& name);
    std::vector<HistoryEntry> history(RunId id);
    std::vector<Attempt> attempts(RunId id);
    std::vector<std::string> waiting_keys(const std::string& name);  // of the task's tokens, oldest first
    std::vector<boost::json::object> alerts(const std::string& kind);
    std::string alert_text(const std::string& kind);  // of all of them
    // Summary and items of `task why`, a line each; what is in the way begins with "! ".
    std::string why(const std::string& name, const std::optional<std::string>& key = std::nullopt);

    // What people do; each fails the test where it is refused.
    RunId run_once(const std::string& name, runtime::RunOnceRequest request = {});
    std::vector<RunId> rerun(RunId id, runtime::RerunScope scope, bool include_succeeded = false);
    runtime::BackfillPlan backfill(const std::string& name, const std::string& first, const std::string& last,
                                   runtime::BackfillRequest request = {});
    void pause(const std::string& name, const std::string& reason = {});
    void resume(const std::string& name, bool run_kept_keys);
    void pause_everything();
    void resume_everything(bool run_kept_keys);

    FakePlatform& aws(const std::string& platform = "etl");
    // "load 2026-09-13", in the order in which AWS started them.
    std::vector<std::string> started(const std::string& platform = "etl");

    World world_;
    engine::CatalogInput input_;
    std::map<std::string, Millis> takes_;                 // by task, or "task key"
    std::set<std::string> fails_;                         // "task key"
    std::map<std::string, boost::json::object> outputs_;  // "task key"
    std::function<void(FakeRun&)> script_;                // after the above
    TaskRun last_;                                        // what state() looked at

  private:
    void watch_platforms();
    ObjectId id_of(const std::string& name) { return world_.catalog().task(QualifiedName(name))->id; }
    template <class T>
    T ask(Result<T> result) {
        if (!result) throw std::runtime_error(result.error().describe());
        return std::move(result.value());
    }
    void ask(Status status) {
        if (!status) throw std::runtime_error(status.error().describe());
    }
    std::int64_t next_id_ = 100;
};

}  // namespace polysync::sim
