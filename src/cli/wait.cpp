#include "cli/wait.h"

#include <fmt/format.h>

#include "cli/interrupt.h"
#include "cli/render.h"

namespace polysync::cli {
namespace {

constexpr auto first_poll = Millis(1000);
constexpr auto slowest_poll = Millis(10000);
constexpr auto live_tick = Millis(1000);
constexpr auto outage_patience = std::chrono::minutes(10);
// AWS's describe calls may not know a run yet that was just started.
constexpr auto appears_within = std::chrono::minutes(1);

enum class Next { go_on, leave };

// One per wait_for_end().
class Waiting {
  public:
    Waiting(Context& context, Provider& provider, PipelineRun run, RunReference reference)
        : context_(context),
          provider_(provider),
          run_(std::move(run)),
          reference_(std::move(reference)),
          began_(context.services.clock.steady_now()),
          last_answer_(began_) {
        reference_.with_progress = true;
        reference_.submitted_at = context.services.clock.now();
    }

    Async<WaitEnd> wait() {
        Millis delay = first_poll;
        show();
        while (!is_terminal(run_.status)) {
            bool undisturbed = co_await pause(delay);
            if (!undisturbed) {
                Next next = co_await on_interrupt();
                if (next == Next::leave) co_return end(true);
            }
            auto asked = provider_.statuses(one_run(reference_));
            auto answers = co_await result_before_interrupt(std::move(asked), console());
            if (!answers) {
                Next next = co_await on_interrupt();
                if (next == Next::leave) co_return end(true);
                continue;
            }
            if (!answers->empty() && !take(std::move(answers->front()))) co_return end(false);
            show();
            // A short run is seen to its end at once, a long one costs few calls.
            auto elapsed = std::chrono::duration_cast<Millis>(clock().steady_now() - began_);
            delay = std::clamp(elapsed / 10, first_poll, slowest_poll);
        }
        co_return end(false);
    }

  private:
    Clock& clock() { return context_.services.clock; }
    Console& console() { return context_.services.console; }

    WaitEnd end(bool left) {
        context_.output.live("");
        return {std::move(run_), left, std::move(error_)};
    }

    // False where the answer says that asking on is pointless.
    bool take(StatusAnswer answer) {
        auto now = clock().steady_now();
        if (answer.run) {
            if (troubled_) context_.output.note("AWS answers again");
            troubled_ = false;
            last_answer_ = now;
            run_ = std::move(answer.run.value());
            return true;
        }
        Error& error = answer.run.error();
        bool not_there_yet = error.kind == ErrorKind::not_found && now - began_ < appears_within;
        bool passing = error.kind == ErrorKind::transient || error.kind == ErrorKind::throttled ||
                       error.kind == ErrorKind::unclear || not_there_yet;
        if (!passing || now - last_answer_ > outage_patience) {
            error_ = std::move(error);
            return false;
        }
        if (!troubled_ && !not_there_yet)
            context_.output.warn("the run goes on, but its status could not be read: " + error.describe());
        troubled_ = troubled_ || !not_there_yet;
        return true;
    }

    // False: interrupted. On a terminal the live line ticks meanwhile.
    Async<bool> pause(Millis delay) {
        auto until = clock().steady_now() + delay;
        while (clock().steady_now() < until) {
            auto step = until;
            if (console().err_is_terminal()) step = std::min(until, clock().steady_now() + live_tick);
            bool slept = co_await before_interrupt(clock().sleep_until(step), console());
            if (!slept) co_return false;
            show_live();
        }
        co_return true;
    }

    std::string line(bool on_stderr) {
        auto elapsed = std::chrono::duration_cast<Millis>(clock().steady_now() - began_);
        std::string text = fmt::format("{:>5}  {}", describe_duration(elapsed),
                                       describe_status(run_, context_.output, on_stderr));
        if (auto progress = describe_progress(run_); !progress.empty()) text += "  " + progress;
        return text;
    }

    void show_live() {
        if (console().err_is_terminal() && !is_terminal(run_.status)) context_.output.live(line(true));
    }

    // Without a terminal one line per change; diagnoses of a run that waits too long are shown once on both
    // (PLAT-6).
    void show() {
        std::string state = describe_status(run_, context_.output, false) + describe_progress(run_);
        if (!console().err_is_terminal() && state != shown_state_) context_.output.note(line(true));
        shown_state_ = std::move(state);
        std::string diagnosis = is_terminal(run_.status) ? "" : run_.remedy;
        if (!diagnosis.empty() && diagnosis != shown_diagnosis_) {
            context_.output.warn(run_.message.empty() ? diagnosis
                                                      : run_.message + "\nwhat to do: " + diagnosis);
        }
        shown_diagnosis_ = std::move(diagnosis);
        show_live();
    }

    Async<Next> on_interrupt() {
        bool can_ask = console().in_is_terminal() && console().err_is_terminal();
        if (!can_ask || cancel_asked_) co_return Next::leave;
        context_.output.live("");
        console().err("\nCancel the run? [y/N] (Ctrl-C again leaves it running) ");
        auto answer = co_await result_before_interrupt(console().read_line(), console());
        if (!answer || !*answer) {
            console().err("\n");
            co_return Next::leave;
        }
        const std::string& word = **answer;
        if (word != "y" && word != "Y" && word != "yes") co_return Next::go_on;
        cancel_asked_ = true;
        SubmissionToken token(make_guid(context_.services.random));
        auto cancelled = co_await result_before_interrupt(provider_.cancel(reference_, token), console());
        if (!cancelled) co_return Next::leave;
        if (!*cancelled) {
            context_.output.error(provider_.diagnose(cancelled->error()));
        } else {
            context_.output.note(cancelled->value() == CancelResult::requested
                                     ? "AWS is asked to stop the run"
                                     : "the run has already ended");
        }
        co_return Next::go_on;
    }

    Context& context_;
    Provider& provider_;
    PipelineRun run_;
    RunReference reference_;
    SteadyTime began_;
    SteadyTime last_answer_;
    std::optional<Error> error_;
    std::string shown_state_;
    std::string shown_diagnosis_;
    bool troubled_ = false;
    bool cancel_asked_ = false;
};

}  // namespace

Async<WaitEnd> wait_for_end(Context& context, Provider& provider, PipelineRun run, RunReference reference) {
    Waiting waiting(context, provider, std::move(run), std::move(reference));
    co_return co_await waiting.wait();
}

}  // namespace polysync::cli
