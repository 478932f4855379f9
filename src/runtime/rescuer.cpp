#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/test_hooks.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

// As long as a client would have waited for the answer, AWS may still be at work on the request.
// Measured on the steady clock, and from the start of the look-ups: a calendar that jumps shortens nothing.
constexpr Millis call_deadline = std::chrono::seconds(60);
// A process that was paused with a signed request in its hands may send it when it wakes: AWS takes it for
// five minutes after it was signed, by clocks that may differ by as much.
constexpr Millis signature_life = std::chrono::minutes(10);
constexpr Millis first_pause = std::chrono::seconds(2);
constexpr Millis longest_pause = std::chrono::minutes(5);

// A refusal that may pass says nothing about the first sending; the others do, once they are confirmed.
bool is_definite(ErrorKind kind) {
    return kind == ErrorKind::invalid_input || kind == ErrorKind::not_found ||
           kind == ErrorKind::access_denied || kind == ErrorKind::rejected || kind == ErrorKind::unsupported;
}

// Two empty look-ups, at least look_up_gap apart and both after whatever was sent must have arrived.
class EmptyLookUps {
  public:
    EmptyLookUps(SteadyTime started, Millis patience) : earliest_(started + patience) {}
    // One more, now; whether that is enough.
    bool add(SteadyTime now) {
        if (engine::is_planted(engine::Fault::one_empty_look_up)) return true;
        if (now < earliest_) return false;
        if (!first_) first_ = now;
        return now - *first_ >= look_up_gap;
    }
    // How long to wait at most before the next one: one that counts shall not come late.
    [[nodiscard]] Millis pause(SteadyTime now, Millis wanted) const {
        if (first_) return std::min(wanted, look_up_gap);
        if (now >= earliest_) return wanted;
        return std::min(wanted, std::chrono::ceil<Millis>(earliest_ - now));
    }

  private:
    SteadyTime earliest_;
    std::optional<SteadyTime> first_;
};

}  // namespace

void Rescuer::give_up(TaskRun run, std::string explanation) {
    engine::RunEvent event = engine::Unknowable{std::move(explanation)};
    spawn(context_, tell(std::move(run), std::move(event)));
}

void Rescuer::start(TaskRun run, SystemTime called_at, StoredIntent intent, Sender sender) {
    spawn(context_, rescue(std::move(run), called_at, std::move(intent), sender));
}

Async<void> Rescuer::rescue(TaskRun run, SystemTime called_at, StoredIntent intent, Sender sender) {
    log::info("run {}: looking up what became of its submission {}", number(run.id), run.token);
    EmptyLookUps empty(context_.clock().steady_now(),
                       sender == Sender::may_wake ? signature_life : call_deadline);
    Millis pause = first_pause;
    const auto owner = context_.owner;  // another one: other nodes look it up
    while (!context_.stopping && context_.owner == owner) {
        auto provider = provider_of(context_, run.platform);
        Result<FindAnswer> found = make_error(ErrorKind::transient, "no_provider", "no provider");
        if (provider) {
            auto answer = co_await provider.value()->find_submission(intent.intent, called_at);
            found = std::move(answer);
        } else {
            found = provider.error();
        }
        auto now = context_.clock().steady_now();
        if (!found) {
            // Unreachable or refused: nothing is known, so nothing is decided.
            log::warn("run {}: its submission cannot be looked up: {}", number(run.id),
                      found.error().describe());
        } else if (found.value().result == FindResult::found && found.value().run) {
            Result<PipelineRun> answer = std::move(*found.value().run);
            co_return co_await submitter_->take_answer(std::move(run), std::move(intent), std::move(answer),
                                                       called_at);
        } else if (found.value().result == FindResult::repeat_is_safe) {
            auto completed = co_await complete_intent(context_, *provider.value(), run, intent);
            auto revealed = reveal(intent, context_.parts.secrets);
            if (!completed) revealed = completed.error();
            if (revealed) {
                auto leave = leave_to_send(context_, run);
                auto sent = co_await provider.value()->submit(revealed.value(), std::move(leave));
                // "Not now" on a repeat says nothing about the first sending: it is no answer.
                bool answered = sent.has_value() || (is_definite(sent.error().kind) && empty.add(now));
                if (answered)
                    co_return co_await submitter_->take_answer(std::move(run), std::move(intent),
                                                               std::move(sent), called_at);
            } else {
                log::warn("run {}: its submission cannot be repeated: {}", number(run.id),
                          revealed.error().describe());
            }
        } else if (found.value().result == FindResult::unknowable) {
            engine::RunEvent event = engine::Unknowable{found.value().explanation};
            co_return co_await tell(std::move(run), std::move(event));
        } else if (empty.add(now)) {
            engine::RunEvent event = engine::NotSubmitted{"AWS knows nothing of it"};
            co_return co_await tell(std::move(run), std::move(event));
        }
        bool goes_on = co_await sleep_unless_stopping(context_, empty.pause(now, pause));
        if (!goes_on) co_return;
        pause = std::min(pause * 2, longest_pause);
    }
}

Async<void> Rescuer::tell(TaskRun run, engine::RunEvent event) {
    std::vector<RunNews> news;
    news.push_back({.run = run.id, .event = std::move(event), .fence = run.fence});
    auto recorded = co_await record_surely(context_, std::move(news));
    if (!recorded) log::error("run {}: {}", number(run.id), recorded.error().describe());
}

}  // namespace polysync::runtime
