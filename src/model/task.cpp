#include "model/task.h"

#include <array>
#include <utility>

namespace polysync {
namespace {

// One table per enum serves both directions.
template <class Enum, std::size_t Size>
using Words = std::array<std::pair<Enum, std::string_view>, Size>;

template <class Enum, std::size_t Size>
std::string_view word_of(const Words<Enum, Size>& words, Enum value) {
    for (const auto& [candidate, word] : words)
        if (candidate == value) return word;
    return {};
}

template <class Enum, std::size_t Size>
std::optional<Enum> value_of(const Words<Enum, Size>& words, std::string_view word) {
    for (const auto& [value, candidate] : words)
        if (candidate == word) return value;
    return std::nullopt;
}

constexpr Words<RunState, 8> run_states{{{RunState::queued, "Queued"},
                                         {RunState::submitting, "Submitting"},
                                         {RunState::starting, "Starting"},
                                         {RunState::running, "Running"},
                                         {RunState::succeeded, "Succeeded"},
                                         {RunState::failed, "Failed"},
                                         {RunState::cancelled, "Cancelled"},
                                         {RunState::skipped, "Skipped"}}};
constexpr Words<Trigger, 7> triggers{{{Trigger::schedule, "Schedule"},
                                      {Trigger::dependency, "Dependency"},
                                      {Trigger::manual, "Manual"},
                                      {Trigger::rerun, "Rerun"},
                                      {Trigger::backfill, "Backfill"},
                                      {Trigger::api, "Api"},
                                      {Trigger::event, "Event"}}};
constexpr Words<Outcome, 4> outcomes{{{Outcome::success, "success"},
                                      {Outcome::failure, "failure"},
                                      {Outcome::cancelled, "cancelled"},
                                      {Outcome::skipped, "skipped"}}};
constexpr Words<Backoff, 3> backoffs{
    {{Backoff::fixed, "Fixed"}, {Backoff::linear, "Linear"}, {Backoff::exponential, "Exponential"}}};

constexpr Words<Overlap, 2> overlaps{{{Overlap::queue, "queue"}, {Overlap::skip, "skip"}}};
constexpr Words<Misfire, 3> misfires{
    {{Misfire::skip, "skip"}, {Misfire::fire_once, "fire_once"}, {Misfire::catch_up, "catch_up"}}};
constexpr Words<Match, 3> matches{
    {{Match::same, "same"}, {Match::latest, "latest"}, {Match::all_in_interval, "all_in_interval"}}};
constexpr Words<Comparison, 6> comparisons{{{Comparison::equal, "=="},
                                            {Comparison::not_equal, "!="},
                                            {Comparison::less, "<"},
                                            {Comparison::less_or_equal, "<="},
                                            {Comparison::greater, ">"},
                                            {Comparison::greater_or_equal, ">="}}};
constexpr Words<ProfileType, 2> profile_types{
    {{ProfileType::concurrency, "concurrency"}, {ProfileType::rate_limit, "rate_limit"}}};
constexpr Words<ExceedAction, 3> exceed_actions{{{ExceedAction::queue, "Queue"},
                                                 {ExceedAction::reject, "Reject"},
                                                 {ExceedAction::defer_to_next_window, "DeferToNextWindow"}}};
constexpr Words<RateAlgorithm, 2> rate_algorithms{
    {{RateAlgorithm::token_bucket, "Token Bucket"}, {RateAlgorithm::leaky_bucket, "Leaky Bucket"}}};
constexpr Words<ProfileScope, 2> profile_scopes{
    {{ProfileScope::platform, "platform"}, {ProfileScope::global, "global"}}};

}  // namespace

std::string_view to_string(Overlap overlap) { return word_of(overlaps, overlap); }
std::string_view to_string(Misfire misfire) { return word_of(misfires, misfire); }
std::string_view to_string(Match match) { return word_of(matches, match); }
std::string_view to_string(Comparison comparison) { return word_of(comparisons, comparison); }
std::string_view to_string(ProfileType type) { return word_of(profile_types, type); }
std::string_view to_string(ExceedAction action) { return word_of(exceed_actions, action); }
std::string_view to_string(RateAlgorithm algorithm) { return word_of(rate_algorithms, algorithm); }
std::string_view to_string(ProfileScope scope) { return word_of(profile_scopes, scope); }
std::optional<Overlap> parse_overlap(std::string_view word) { return value_of(overlaps, word); }
std::optional<Misfire> parse_misfire(std::string_view word) { return value_of(misfires, word); }
std::optional<Match> parse_match(std::string_view word) { return value_of(matches, word); }
std::optional<Comparison> parse_comparison(std::string_view word) { return value_of(comparisons, word); }
std::optional<ProfileType> parse_profile_type(std::string_view word) { return value_of(profile_types, word); }
std::optional<ExceedAction> parse_exceed_action(std::string_view word) {
    return value_of(exceed_actions, word);
}
std::optional<RateAlgorithm> parse_rate_algorithm(std::string_view word) {
    return value_of(rate_algorithms, word);
}
std::optional<ProfileScope> parse_profile_scope(std::string_view word) {
    return value_of(profile_scopes, word);
}
std::string_view to_string(RunState state) { return word_of(run_states, state); }
std::string_view to_string(Trigger trigger) { return word_of(triggers, trigger); }
std::string_view to_string(Outcome outcome) { return word_of(outcomes, outcome); }
std::string_view to_string(Backoff backoff) { return word_of(backoffs, backoff); }
std::optional<RunState> parse_run_state(std::string_view word) { return value_of(run_states, word); }
std::optional<Trigger> parse_trigger(std::string_view word) { return value_of(triggers, word); }
std::optional<Outcome> parse_outcome(std::string_view word) { return value_of(outcomes, word); }
std::optional<Backoff> parse_backoff(std::string_view word) { return value_of(backoffs, word); }

Outcome outcome_of(RunState state) {
    switch (state) {
        case RunState::succeeded:
            return Outcome::success;
        case RunState::cancelled:
            return Outcome::cancelled;
        case RunState::skipped:
            return Outcome::skipped;
        default:
            return Outcome::failure;
    }
}

}  // namespace polysync
