#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr std::size_t least_submissions = 8;
constexpr std::size_t most_submissions = 64;
constexpr Millis recently = std::chrono::seconds(1);

}  // namespace

// Twice what AWS took in the last second: a claimed run that waits for AWS's rate limit can no longer give
// way to a more important one, and after a crash it must be looked up for minutes although it was never sent.
std::size_t Submitter::room(ObjectId platform) {
    auto& lane = lanes_[platform];
    auto since = context_.clock().steady_now() - recently;
    while (!lane.taken.empty() && lane.taken.front() < since) lane.taken.pop_front();
    auto most = std::min(least_submissions + 2 * lane.taken.size(), most_submissions);
    return lane.under_way < most ? most - lane.under_way : 0;
}

void Submitter::note_taken(ObjectId platform) {
    auto& taken = lanes_[platform].taken;
    taken.push_back(context_.clock().steady_now());
    if (taken.size() > most_submissions) taken.pop_front();
}

void Submitter::start(TaskRun run, StoredIntent intent) {
    ++lanes_[run.platform].under_way;
    spawn(context_, submit(std::move(run), std::move(intent)));
}

Async<void> Submitter::submit(TaskRun run, StoredIntent intent) {
    auto platform = run.platform;
    auto provider = provider_of(context_, platform);
    auto called_at = context_.clock().now();
    if (!provider) {
        co_await take_answer(std::move(run), std::move(intent), provider.error(), called_at);
    } else {
        Result<PipelineRun> answer = make_error(ErrorKind::internal, "not_sent", "not sent");
        auto completed = co_await complete_intent(context_, *provider.value(), run, intent);
        called_at = context_.clock().now();
        if (!completed) {
            answer = completed.error();
        } else {
            auto revealed = reveal(intent, context_.parts.secrets);
            if (revealed) {
                auto sent = co_await provider.value()->submit(revealed.value());
                answer = std::move(sent);
                if (answer) note_taken(platform);
            } else {
                answer = revealed.error();
            }
        }
        co_await take_answer(std::move(run), std::move(intent), std::move(answer), called_at);
    }
    --lanes_[platform].under_way;
    context_.dispatch.give();
}

Async<void> Submitter::take_answer(TaskRun run, StoredIntent intent, Result<PipelineRun> answer,
                                   SystemTime called_at) {
    if (!answer &&
        (answer.error().kind == ErrorKind::unclear || answer.error().kind == ErrorKind::cancelled)) {
        if (!context_.stopping) rescuer_.start(std::move(run), called_at, std::move(intent));
        co_return;
    }
    RunNews news{.run = run.id, .event = engine::Unknowable{}, .fence = run.fence};
    if (answer) {
        news.event = engine::Accepted{std::move(answer.value())};
    } else {
        Error error = answer.error();
        if (auto provider = provider_of(context_, run.platform))
            error = provider.value()->diagnose(std::move(error));
        news.event = engine::Refused{std::move(error)};
    }
    std::vector<RunNews> one;
    one.push_back(std::move(news));
    auto recorded = co_await record_surely(context_, std::move(one));
    if (!recorded) {
        log::error("run {}: its answer could not be written: {}", number(run.id),
                   recorded.error().describe());
        // Looked up until it can be: a run that nobody follows would stay Submitting for ever (SAFE-2).
        if (!context_.stopping) rescuer_.start(std::move(run), called_at, std::move(intent));
        co_return;
    }
    const auto& now = recorded.value().front();
    if (now.applied && is_in_flight(now.run.state)) watcher_.follow(now.run);
    if (now.send_cancel) canceller_.start(now.run);
}

}  // namespace polysync::runtime
