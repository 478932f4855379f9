#include <algorithm>

#include "base/log.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

// The token of a run's cancel: made from its submission's, so that it is the same after a crash.
SubmissionToken cancel_token(const std::string& token) {
    std::string out = token;
    for (char& c : out) {
        if (c >= '0' && c <= '9') {
            c = char('a' + (c - '0') % 6);
        } else if (c >= 'a' && c <= 'f') {
            c = char('0' + (c - 'a'));
        }
    }
    return SubmissionToken(std::move(out));
}

}  // namespace

void Canceller::start(const TaskRun& run) {
    auto [place, is_new] = active_.try_emplace(run.id, run.fence);
    if (!is_new && place->second == run.fence) return;
    place->second = run.fence;  // of a later attempt: the one before ends by itself
    spawn(context_, cancel(run));
}

Async<void> Canceller::cancel(TaskRun run) {
    Millis pause = std::chrono::seconds(2);
    while (!context_.stopping && is_active(run)) {
        auto provider = provider_of(context_, run.platform);
        Result<CancelResult> answer = make_error(ErrorKind::transient, "no_provider", "no provider");
        if (provider) {
            auto job = context_.catalog->task(run.key.task);
            RunReference reference{.run_id = run.pipeline_run_id};
            if (job) reference.external_id = context_.catalog->jobs.at(job->job).job.external_id;
            reference.submitted_at = run.submitted_at;
            auto asked = co_await provider.value()->cancel(std::move(reference), cancel_token(run.token));
            answer = std::move(asked);
        } else {
            answer = provider.error();
        }
        if (!answer && answer.error().kind == ErrorKind::unsupported) {
            std::vector<RunNews> news;
            news.push_back(
                {.run = run.id, .event = engine::CancelRefused{answer.error().message}, .fence = run.fence});
            auto recorded = co_await record_surely(context_, std::move(news));
            if (!recorded) log::error("run {}: {}", number(run.id), recorded.error().describe());
            break;
        }
        if (!answer)
            log::warn("run {}: cancelling at AWS failed, trying again: {}", number(run.id),
                      answer.error().describe());
        watcher_->hurry(run.id);
        // AWS takes its time to stop a run; a run that is still there after a minute is asked again.
        Millis next = answer ? Millis(std::chrono::minutes(1)) : pause;
        pause = std::min<Millis>(pause * 2, std::chrono::minutes(2));
        bool goes_on = co_await sleep_unless_stopping(context_, next);
        if (!goes_on) break;
    }
    if (is_active(run)) active_.erase(run.id);
}

bool Canceller::is_active(const TaskRun& run) const {
    auto found = active_.find(run.id);
    return found != active_.end() && found->second == run.fence;
}

}  // namespace polysync::runtime
