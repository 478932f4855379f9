#include "bench/running_runs.h"

#include "base/random.h"

namespace polysync::bench {
namespace {

TaskRun run_of(const RunningRuns& what, const std::string& job_id) {
    TaskRun run;
    run.token = make_guid(system_random());
    run.key = {what.task, "manual:" + run.token, run.token};
    run.task_version = what.task_version;
    run.platform = what.platform;
    run.trigger = Trigger::manual;
    run.state = RunState::running;
    run.created_at = run.queued_at = what.submitted_at;
    run.submitted_at = run.started_at = what.submitted_at;
    run.pipeline_run_id = job_id;
    run.aws_status = "RUNNING";
    return run;
}

Attempt attempt_of(RunId id, const TaskRun& run) {
    Attempt attempt;
    attempt.run = id;
    attempt.token = run.token;
    attempt.intent = R"({"operation":"SubmitJob","external_id":"transform","request":{"jobName":"Polysync-)" +
                     run.token + R"(","jobQueue":"queue","jobDefinition":"transform"}})";
    attempt.called_at = run.submitted_at;
    attempt.pipeline_run_id = run.pipeline_run_id;
    return attempt;
}

}  // namespace

Status insert_running(store::Transaction& transaction, const RunningRuns& what,
                      std::span<const std::string> job_ids) {
    std::vector<TaskRun> runs;
    for (const auto& job_id : job_ids) runs.push_back(run_of(what, job_id));
    POLYSYNC_TRY(auto ids, transaction.insert_runs(runs, "started before"));
    std::vector<Attempt> attempts;
    for (std::size_t i = 0; i < runs.size(); ++i) attempts.push_back(attempt_of(ids[i], runs[i]));
    return transaction.put_attempts(attempts);
}

}  // namespace polysync::bench
