// Fills the store of a server, which must not run, with runs in flight of one of its tasks, as if they had
// been started before (PERF-8, PERF-12).
//
//     seed_runs DATABASE TASK RUNS
#include <cstdio>
#include <cstdlib>

#include "base/random.h"
#include "bench/engine_bench.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/run_async.h"

namespace polysync::bench {
namespace {

constexpr int runs_per_unit = 1000;

TaskRun run_of(const store::Object& task, ObjectId platform, SystemTime now) {
    TaskRun run;
    run.token = make_guid(system_random());
    run.key = {task.id, "manual:" + run.token, run.token};
    run.task_version = task.version;
    run.platform = platform;
    run.trigger = Trigger::manual;
    run.state = RunState::running;
    run.created_at = run.queued_at = now;
    run.submitted_at = run.started_at = now;
    run.pipeline_run_id = make_guid(system_random());
    run.aws_status = "RUNNING";
    return run;
}

Status insert(store::Transaction& transaction, const std::string& task_name, int count) {
    POLYSYNC_TRY(auto task, transaction.object(store::ObjectKind::task, QualifiedName(task_name)));
    POLYSYNC_TRY(auto platforms, transaction.objects(store::ObjectKind::platform));
    if (!task || platforms.empty()) fail("there is no task " + task_name + " in the store");
    auto now = system_clock().now();
    std::vector<TaskRun> runs;
    for (int i = 0; i < count; ++i) runs.push_back(run_of(*task, platforms.front().id, now));
    POLYSYNC_TRY(auto ids, transaction.insert_runs(runs, "started before"));
    std::vector<Attempt> attempts;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        Attempt attempt;
        attempt.run = ids[i];
        attempt.token = runs[i].token;
        attempt.intent =
            R"({"operation":"SubmitJob","external_id":"transform","request":{"jobName":"Polysync-)" +
            runs[i].token + R"(","jobQueue":"queue","jobDefinition":"transform"}})";
        attempt.called_at = now;
        attempt.pipeline_run_id = runs[i].pipeline_run_id;
        attempts.push_back(std::move(attempt));
    }
    return transaction.put_attempts(attempts);
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
