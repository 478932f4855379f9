#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/render.h"
#include "cli/submission.h"

namespace polysync::cli {
namespace {

// AWS may still work on a request whose answer was lost, as long as the client would have waited for it.
constexpr auto call_deadline = std::chrono::seconds(60);
// Another machine may have used the token before; Glue's runs are looked through as far back as this.
constexpr auto unrecorded_age = std::chrono::hours(24 * 7);
constexpr auto lookup_interval = std::chrono::seconds(5);
constexpr auto lock_patience = std::chrono::minutes(3);
constexpr int max_safe_repeats = 3;

enum class Traces { run, none, repeat_is_safe, unknowable, unknown };

struct Lookup {
    Traces traces = Traces::unknown;
    std::optional<PipelineRun> run;
    std::string explanation;
    bool interrupted = false;
};

bool passing(const Error& error) {
    return error.kind == ErrorKind::transient || error.kind == ErrorKind::throttled ||
           error.kind == ErrorKind::unclear;
}

// One submission from its token to its outcome; lives as long as submit_once().
class Submission {
  public:
    Submission(Context& context, Provider& provider, SubmissionIntent intent, const RunCommand& command)
        : context_(context),
          provider_(provider),
          intent_(std::move(intent)),
          command_(command),
          token_(intent_.token.str()),
          token_given_(!command.token.empty()) {}

    Async<SubmitOutcome> run() {
        std::unique_ptr<Journal::Lock> lock;
        std::optional<JournalEntry> earlier;
        if (token_given_) {
            auto locked = co_await take_lock();
            if (!locked) co_return failed(locked.error());
            lock = std::move(locked.value());
            auto entry = journal().read(token_);
            if (entry) earlier = entry.value();
            if (earlier && is_of_another(*earlier)) co_return failed(taken(*earlier));
            if (earlier && !earlier->run_id.empty()) co_return co_await known_run(earlier->run_id);
        }
        auto completed =
            co_await result_before_interrupt(provider_.complete(intent_), context_.services.console);
        if (!completed) co_return failed(left_before_call());
        if (!*completed) co_return failed(completed->error());
        std::size_t shown = intent_.warnings.size();
        intent_ = std::move(completed->value());
        for (std::size_t i = shown; i < intent_.warnings.size(); ++i)
            context_.output.warn(intent_.warnings[i]);
        if (token_given_) {
            auto found = co_await earlier_submission(earlier);
            if (found) co_return std::move(*found);
        }
        co_return co_await call();
    }

  private:
    Journal& journal() { return context_.services.journal; }
    Clock& clock() { return context_.services.clock; }

    JournalEntry entry(SystemTime called_at, std::string run_id = {}) const {
        return {called_at, std::move(run_id), command_.platform, intent_.external_id};
    }
    bool is_of_another(const JournalEntry& earlier) const {
        return !earlier.platform.empty() &&
               (earlier.platform != command_.platform || earlier.job != intent_.external_id);
    }
    // A token names one submission: under another job it would answer with a run that nobody asked for.
    Error taken(const JournalEntry& earlier) const {
        return make_error(ErrorKind::invalid_input, "token_taken",
                          fmt::format("this token was used at {} for the job {} of platform '{}'",
                                      format_iso8601(earlier.called_at), earlier.job, earlier.platform),
                          "Give each submission a token of its own (uuidgen makes one).");
    }

    static SubmitOutcome failed(Error error) { return {std::nullopt, false, std::move(error)}; }
    static SubmitOutcome started(PipelineRun run, bool found) {
        return {std::move(run), found, std::nullopt};
    }

    Error left_before_call() const {
        return make_error(ErrorKind::cancelled, "interrupted",
                          "interrupted before anything was sent; no run was started");
    }

    Error unclear(std::string message) const {
        return make_error(ErrorKind::unclear, "outcome_unknown", std::move(message),
                          fmt::format("This looks for the run first and never starts a second one: {}",
                                      repeat_command(context_.global, command_, token_)));
    }

    Async<Result<std::unique_ptr<Journal::Lock>>> take_lock() {
        auto until = clock().steady_now() + lock_patience;
        bool told = false;
        while (true) {
            auto lock = journal().try_lock(token_);
            if (!lock) {
                context_.output.warn("no record of tokens can be kept on this machine: " +
                                     lock.error().message);
                co_return std::unique_ptr<Journal::Lock>();
            }
            if (lock.value()) co_return std::move(lock.value());
            if (!told)
                context_.output.note("another polysync submits this token at the moment; waiting for it");
            told = true;
            bool slept = co_await before_interrupt(clock().sleep_for(std::chrono::seconds(1)),
                                                   context_.services.console);
            if (!slept || clock().steady_now() >= until) {
                co_return make_error(ErrorKind::unclear, "token_in_use",
                                     "another polysync still submits this token",
                                     "Try again when it has ended.");
            }
        }
    }

    // The journal holds the run that this token started.
    Async<SubmitOutcome> known_run(const std::string& run_id) {
        auto runs = one_run(
            RunReference{.run_id = run_id, .external_id = intent_.external_id, .outputs = intent_.outputs});
        auto asked = provider_.statuses(std::move(runs));
        auto answers = co_await result_before_interrupt(std::move(asked), context_.services.console);
        if (!answers) co_return failed(left_before_call());
        if (answers->empty())
            co_return failed(make_error(ErrorKind::internal, "no_answer", "no status of " + run_id));
        auto& answer = answers->front();
        if (!answer.run) {
            Error error = answer.run.error();
            error.message = fmt::format("this token started the run {}, whose status cannot be read: {}",
                                        run_id, error.message);
            co_return failed(std::move(error));
        }
        co_return started(std::move(answer.run.value()), true);
    }

    // What to return without a call of our own; nothing where the call is next.
    Async<std::optional<SubmitOutcome>> earlier_submission(const std::optional<JournalEntry>& earlier) {
        SystemTime called_at = earlier ? earlier->called_at : clock().now() - unrecorded_age;
        auto answer = co_await result_before_interrupt(provider_.find_submission(intent_, called_at),
                                                       context_.services.console);
        if (!answer) co_return failed(left_before_call());
        if (!*answer) {
            Error error = answer->error();
            error.message =
                "nothing was sent, because an earlier run of this token could not be looked up: " +
                error.message;
            co_return failed(std::move(error));
        }
        FindAnswer& found = answer->value();
        if (found.result == FindResult::found && found.run) co_return started(std::move(*found.run), true);
        if (found.result == FindResult::repeat_is_safe) co_return std::nullopt;
        if (found.result == FindResult::unknowable && !earlier) {
            context_.output.warn("AWS cannot tell whether this token was used before: " + found.explanation);
            co_return std::nullopt;
        }
        if (!earlier) co_return std::nullopt;
        if (found.result == FindResult::unknowable) {
            co_return failed(unclear(
                fmt::format("an earlier call with this token may have started a run, and AWS cannot tell: {}",
                            found.explanation)));
        }
        context_.output.note(
            fmt::format("an earlier call with this token was made at {}; making sure that it started nothing",
                        format_iso8601(earlier->called_at)));
        Lookup lookup = co_await look_up(called_at);
        if (lookup.run) co_return started(std::move(*lookup.run), true);
        if (lookup.traces == Traces::none || lookup.traces == Traces::repeat_is_safe) co_return std::nullopt;
        co_return failed(unclear(
            lookup.interrupted ? "interrupted; whether the earlier call started a run is not known"
                               : "whether an earlier call with this token started a run is not known: " +
                                     lookup.explanation));
    }

    Async<SubmitOutcome> call() {
        for (int repeat = 0;; ++repeat) {
            SystemTime called_at = clock().now();
            if (auto written = journal().write(token_, entry(called_at)); !written && token_given_) {
                context_.output.warn("no record of this token can be kept on this machine: " +
                                     written.error().message);
            }
            auto console = [this] {
                context_.output.note("waiting for AWS's answer; Ctrl-C again leaves without it");
            };
            std::optional<Result<PipelineRun>> answer;
            std::function<void()> on_interrupt = console;
            bool done = co_await before_second_interrupt(detail::keep(provider_.submit(intent_), answer),
                                                         context_.services.console, on_interrupt);
            if (!done || !answer) {
                Error error = unclear("interrupted before AWS answered; a run may have been started");
                error.kind = ErrorKind::cancelled;
                co_return failed(std::move(error));
            }
            if (*answer) {
                (void)journal().write(token_, entry(called_at, answer->value().run_id));
                co_return started(std::move(answer->value()), false);
            }
            // What refuses a repeat ("too many requests") says nothing of the call whose answer was lost.
            ErrorKind kind = answer->error().kind;
            bool says_of_all = kind == ErrorKind::rejected || kind == ErrorKind::invalid_input;
            if (kind != ErrorKind::unclear && (repeat == 0 || says_of_all)) {
                journal().forget(token_);
                co_return failed(answer->error());
            }
            context_.output.note(
                fmt::format("AWS's answer was lost ({}); looking for the run …", answer->error().message));
            Lookup lookup = co_await look_up(called_at);
            if (lookup.traces == Traces::repeat_is_safe && repeat < max_safe_repeats) {
                co_await clock().sleep_for(std::chrono::seconds(1 << repeat));
                continue;
            }
            co_return after_lost_answer(std::move(lookup), called_at, answer->error());
        }
    }

    SubmitOutcome after_lost_answer(Lookup lookup, SystemTime called_at, const Error& lost) {
        if (lookup.run) {
            (void)journal().write(token_, entry(called_at, lookup.run->run_id));
            return started(std::move(*lookup.run), false);
        }
        Error error = unclear({});
        error.service = lost.service;
        error.operation = lost.operation;
        error.request_id = lost.request_id;
        if (lookup.interrupted) {
            error.message =
                "AWS's answer was lost; interrupted before it was known whether a run was started";
            error.kind = ErrorKind::cancelled;
        } else if (lookup.traces == Traces::none) {
            journal().forget(token_);
            error.code = "not_started";
            error.message =
                "AWS's answer was lost, and two look-ups a minute apart show no run: nothing was started";
        } else if (lookup.traces == Traces::unknowable) {
            error.message =
                "AWS's answer was lost; whether a run was started cannot be told: " + lookup.explanation;
            error.remedy = "Look into the state machine's log group before you start it again.";
        } else if (lookup.traces == Traces::repeat_is_safe) {
            error.message =
                fmt::format("AWS's answer was lost {} times ({}); whether a run was started is not known",
                            max_safe_repeats + 1, lost.message);
        } else {
            error.message = fmt::format(
                "AWS's answer was lost ({}), and no run can be seen yet; one may have been started. {}",
                lost.message, lookup.explanation);
        }
        return failed(std::move(error));
    }

    // Looks until the run is found, two look-ups prove that there is none, or patience ends.
    Async<Lookup> look_up(SystemTime called_at) {
        auto give_up = clock().steady_now() + std::chrono::seconds(command_.patience_seconds);
        // A call by another process may be long past its deadline already.
        auto age = clock().now() - called_at;
        auto counts_from = clock().steady_now() + std::max<Millis>(Millis(0), call_deadline - age);
        std::optional<SteadyTime> first_empty;
        Lookup lookup;
        while (true) {
            auto asked_at = clock().steady_now();
            auto answer = co_await result_before_interrupt(provider_.find_submission(intent_, called_at),
                                                           context_.services.console);
            if (!answer) {
                lookup.interrupted = true;
                co_return lookup;
            }
            if (!*answer) {
                lookup.explanation = "the look-up failed: " + answer->error().describe();
                if (!passing(answer->error())) co_return lookup;
            } else if (FindAnswer& found = answer->value(); found.result == FindResult::not_yet) {
                lookup.explanation = found.explanation;
                if (first_empty && asked_at - *first_empty >= look_up_gap) {
                    lookup.traces = Traces::none;
                    co_return lookup;
                }
                if (!first_empty && asked_at >= counts_from) first_empty = asked_at;
            } else {
                lookup.explanation = found.explanation;
                lookup.run = std::move(found.run);
                lookup.traces = lookup.run                                   ? Traces::run
                                : found.result == FindResult::repeat_is_safe ? Traces::repeat_is_safe
                                                                             : Traces::unknowable;
                co_return lookup;
            }
            if (clock().steady_now() + lookup_interval > give_up) co_return lookup;
            context_.output.live(fmt::format(
                "no run seen yet; looking for {} more",
                describe_duration(std::chrono::duration_cast<Millis>(give_up - clock().steady_now()))));
            bool slept =
                co_await before_interrupt(clock().sleep_for(lookup_interval), context_.services.console);
            if (!slept) {
                lookup.interrupted = true;
                co_return lookup;
            }
        }
    }

    Context& context_;
    Provider& provider_;
    SubmissionIntent intent_;
    const RunCommand& command_;
    std::string token_;
    bool token_given_;
};

}  // namespace

Async<SubmitOutcome> submit_once(Context& context, Provider& provider, SubmissionIntent intent,
                                 const RunCommand& command) {
    Submission submission(context, provider, std::move(intent), command);
    co_return co_await submission.run();
}

std::string repeat_command(const GlobalOptions& global, const RunCommand& command, const std::string& token) {
    std::string out = "polysync";
    auto add = [&out](std::string_view word) { out += " " + shell_word(word); };
    if (global.file != "polysync.yaml") {
        add("-f");
        add(global.file);
    }
    for (const auto& word : {std::string("pipeline"), std::string("run"), command.platform, command.job})
        add(word);
    auto add_pairs = [&](std::string_view option, const std::vector<NameValue>& pairs) {
        for (const auto& pair : pairs) {
            add(option);
            add(pair.name + "=" + pair.value);
        }
    };
    add_pairs("-p", command.parameters);
    add_pairs("--type", command.types);
    add_pairs("--attr", command.attributes);
    for (const auto& name : command.outputs) {
        add("--output");
        add(name);
    }
    if (command.wait) add("--wait");
    add("--token");
    add(token);
    return out;
}

}  // namespace polysync::cli
