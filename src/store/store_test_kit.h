// What store tests share: a store of each kind, and shorthands for its units.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"
#include "test/support/run_async.h"

namespace polysync::store {

inline const SystemTime now = parse_iso8601("2026-09-15T12:00:00Z").value();
inline const ObjectId etl{1}, ml{2}, orders{10}, customers{11};

struct Driver {
    std::string name;
    std::function<Result<std::unique_ptr<Store>>(const std::string& folder)> open;
    bool is_shared = false;  // by several processes
};

class StoreConformance : public testing::TestWithParam<Driver> {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("polysync-store-" + make_guid(system_random()));
        std::filesystem::create_directories(folder_);
        reopen();
    }
    void TearDown() override {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    void reopen() {
        store_.reset();
        auto opened = GetParam().open(folder_.string());
        ASSERT_TRUE(opened) << opened.error().describe();
        store_ = std::move(opened.value());
    }
    // Runs `function` as one unit; its result is the unit's.
    Status write(const Work& work) { return test::run_async(store_->write(work)); }
    template <class T>
    T wrote(const std::function<Result<T>(Transaction&)>& function) {
        std::optional<T> out;
        auto done = write([&](Transaction& transaction) -> Status {
            POLYSYNC_TRY(out, function(transaction));
            return success();
        });
        EXPECT_TRUE(done) << done.error().describe();
        return out ? std::move(*out) : T{};
    }
    template <class T>
    T read(const std::function<Result<T>(ReadTransaction&)>& function) {
        std::optional<T> out;
        auto done = test::run_async(store_->read([&](ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(out, function(transaction));
            return success();
        }));
        EXPECT_TRUE(done) << done.error().describe();
        return out ? std::move(*out) : T{};
    }

    static TaskRun queued(std::string key, ObjectId task = orders, ObjectId platform = etl) {
        TaskRun run;
        run.key = {task, "live", std::move(key), 0};
        run.platform = platform;
        run.task_version = 3;
        run.created_at = run.queued_at = run.not_before = now;
        return run;
    }
    RunId insert(const TaskRun& run) {
        auto ids = wrote<std::vector<RunId>>(
            [&](Transaction& t) { return t.insert_runs(std::span(&run, 1), "queued"); });
        return ids.empty() ? RunId{} : ids.front();
    }
    TaskRun run(RunId id) {
        auto found =
            read<std::vector<TaskRun>>([&](ReadTransaction& t) { return t.runs(std::span(&id, 1)); });
        return found.empty() ? TaskRun{} : found.front();
    }
    bool change(const TaskRun& from, const TaskRun& to, std::string message = {}) {
        Transaction::RunChange made{from.state, from.attempt, from.fence, to, std::move(message)};
        auto done =
            wrote<std::vector<bool>>([&](Transaction& t) { return t.change_runs(std::span(&made, 1), now); });
        return !done.empty() && done.front();
    }
    TaskRun moved(RunId id, RunState state) {
        auto from = run(id), to = from;
        to.state = state;
        if (state == RunState::submitting) ++to.fence;
        EXPECT_TRUE(change(from, to));
        return run(id);
    }

    std::filesystem::path folder_;
    std::unique_ptr<Store> store_;
};

}  // namespace polysync::store
