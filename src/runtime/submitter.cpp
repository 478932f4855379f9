#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr std::size_t least_submissions = 8;
constexpr std::size_t most_submissions = 64;
constexpr Millis recently = std::chrono::seconds(1);
constexpr Millis refill_interval = std::chrono::milliseconds(250);
constexpr Millis gather_time = std::chrono::milliseconds(100);

}  // namespace

// Twice what AWS took in the last second: a claimed run that waits for AWS's rate limit can no longer give
// way to a more important one, and after a crash it must be looked up for minutes although it was never sent.
std::size_t Submitter::most_of(Lane& lane) {
    auto since = context_.clock().steady_now() - recently;
    while (!lane.taken.empty() && lane.taken.front() < since) lane.taken.pop_front();
    return std::min(least_submissions + 2 * lane.taken.size(), most_submissions);
}

std::size_t Submitter::room(ObjectId platform) {
    auto& lane = lanes_[platform];
    auto most = most_of(lane);
    return lane.under_way < most ? most - lane.under_way : 0;
}

// Where most places are still taken, AWS has enough to do: those that become free are filled together, with
// one look at the queue and one commit.
void Submitter::leave(ObjectId platform, std::size_t count) {
    auto& lane = lanes_[platform];
    lane.under_way -= count;
    if (2 * lane.under_way <= most_of(lane)) return context_.dispatch.give();
    if (lane.refills) return;
    lane.refills = true;
    spawn(context_, refill(platform));
}

Async<void> Submitter::refill(ObjectId platform) {
    bool goes_on = co_await sleep_unless_stopping(context_, refill_interval);
    lanes_[platform].refills = false;
    if (goes_on) context_.dispatch.give();
}

void Submitter::note_taken(ObjectId platform) {
    auto& taken = lanes_[platform].taken;
    taken.push_back(context_.clock().steady_now());
    if (taken.size() > most_submissions) taken.pop_front();
}

void Submitter::start(TaskRun run, StoredIntent intent) {
    auto& lane = lanes_[run.platform];
    ++lane.under_way;
    ++lane.calls;
    spawn(context_, submit(std::move(run), std::move(intent)));
}

Async<void> Submitter::submit(TaskRun run, StoredIntent intent) {
    auto platform = run.platform;
    auto called_at = context_.clock().now();
    auto answer = co_await send(run, intent, called_at);
    if (answer) note_taken(platform);
    auto& lane = lanes_[platform];
    --lane.calls;
    if (auto news = news_of(run, answer)) {
        lane.answers.push_back({{std::move(run), std::move(intent), called_at}, std::move(*news)});
    } else {
        leave(platform, 1);
        look_up({std::move(run), std::move(intent), called_at});
    }
    // Answers that come one by one, at AWS's rate limit, share a commit; one that nobody is behind waits for
    // none.
    if (lane.answers.size() >= lane.calls) {
        co_await record_answers(platform);
    } else if (!lane.gathers) {
        lane.gathers = true;
        spawn(context_, gather(platform));
    }
}

Async<Result<PipelineRun>> Submitter::send(const TaskRun& run, StoredIntent& intent, SystemTime& called_at) {
    auto provider = provider_of(context_, run.platform);
    if (!provider) co_return provider.error();
    auto completed = co_await complete_intent(context_, *provider.value(), run, intent);
    called_at = context_.clock().now();
    if (!completed) co_return completed.error();
    auto revealed = reveal(intent, context_.parts.secrets);
    if (!revealed) co_return revealed.error();
    auto leave = leave_to_send(context_, run);
    co_return co_await provider.value()->submit(revealed.value(), std::move(leave));
}

Async<void> Submitter::gather(ObjectId platform) {
    (void)co_await sleep_unless_stopping(context_, gather_time);
    lanes_[platform].gathers = false;
    co_await record_answers(platform);
}

Async<void> Submitter::record_answers(ObjectId platform) {
    auto answers = std::exchange(lanes_[platform].answers, {});
    if (answers.empty()) co_return;
    std::vector<RunNews> news;
    news.reserve(answers.size());
    for (auto& answer : answers) news.push_back(std::move(answer.news));
    auto recorded = co_await record_surely(context_, std::move(news));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (recorded) {
            follow(recorded.value()[i]);
        } else {
            give_up(std::move(answers[i].sent), recorded.error());
        }
    }
    leave(platform, answers.size());
}

// What an answer means for its run; nothing where it was lost.
std::optional<RunNews> Submitter::news_of(const TaskRun& run, const Result<PipelineRun>& answer) {
    RunNews news{.run = run.id, .event = engine::Unknowable{}, .fence = run.fence};
    if (answer) {
        news.event = engine::Accepted{answer.value()};
        return news;
    }
    Error error = answer.error();
    if (error.kind == ErrorKind::unclear || error.kind == ErrorKind::cancelled) return std::nullopt;
    if (error.code == aws::lease_lost) {
        news.event = engine::NotSubmitted{std::move(error.message)};
        return news;
    }
    if (auto provider = provider_of(context_, run.platform))
        error = provider.value()->diagnose(std::move(error));
    news.event = engine::Refused{std::move(error)};
    return news;
}

void Submitter::look_up(Sent sent) {
    if (!context_.stopping)
        rescuer_.start(std::move(sent.run), sent.called_at, std::move(sent.intent), Rescuer::Sender::done);
}

void Submitter::follow(const Recorded& now) {
    if (now.applied && is_in_flight(now.run.state)) watcher_.follow(now.run);
    if (now.send_cancel) canceller_.start(now.run);
}

// Looked up until it can be written: a run that nobody follows would stay Submitting for ever (SAFE-2).
void Submitter::give_up(Sent sent, const Error& error) {
    log::error("run {}: its answer could not be written: {}", number(sent.run.id), error.describe());
    look_up(std::move(sent));
}

Async<void> Submitter::take_answer(TaskRun run, StoredIntent intent, Result<PipelineRun> answer,
                                   SystemTime called_at) {
    Sent sent{std::move(run), std::move(intent), called_at};
    auto news = news_of(sent.run, answer);
    if (!news) {
        look_up(std::move(sent));
        co_return;
    }
    std::vector<RunNews> one;
    one.push_back(std::move(*news));
    auto recorded = co_await record_surely(context_, std::move(one));
    if (recorded) {
        follow(recorded.value().front());
    } else {
        give_up(std::move(sent), recorded.error());
    }
}

}  // namespace polysync::runtime
