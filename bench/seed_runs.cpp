// Fills the store of a server, which must not run, with runs in flight of one of its tasks, as if they had
// been started before (PERF-8, PERF-12).
//
//     seed_runs DATABASE TASK RUNS
#include <cstdio>
#include <cstdlib>

#include "base/random.h"
#include "bench/engine_bench.h"
#include "bench/running_runs.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/run_async.h"

namespace polysync::bench {
namespace {

constexpr int runs_per_unit = 1000;

Status insert(store::Transaction& transaction, const std::string& task_name, int count) {
    POLYSYNC_TRY(auto task, transaction.object(store::ObjectKind::task, QualifiedName(task_name)));
    POLYSYNC_TRY(auto platforms, transaction.objects(store::ObjectKind::platform));
    if (!task || platforms.empty()) fail("there is no task " + task_name + " in the store");
    std::vector<std::string> job_ids;
    for (int i = 0; i < count; ++i) job_ids.push_back(make_guid(system_random()));
    RunningRuns what{task->id, platforms.front().id, task->version, system_clock().now()};
    return insert_running(transaction, what, job_ids);
}

int seed(const std::string& path, const std::string& task, int runs) {
    auto store = take(store::open_sqlite_store({.path = path, .run_inline = true}));
    for (int left = runs; left > 0; left -= runs_per_unit) {
        int count = std::min(left, runs_per_unit);
        check(test::run_async(
            store->write([&](store::Transaction& transaction) { return insert(transaction, task, count); })));
    }
    std::printf("%d\n", runs);
    return 0;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    return polysync::bench::seed(argv[1], argv[2], std::atoi(argv[3]));
}
