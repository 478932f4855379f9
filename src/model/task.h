// Tasks, runs and their parts (spec 7): plain values, as definitions say them and as the store keeps them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/strong_id.h"
#include "model/parameter.h"

namespace polysync {

// "team/area/name": namespace and name (TASK-13); unique per kind of object.
using QualifiedName = StrongId<struct QualifiedNameTag>;

enum class RunState { queued, submitting, starting, running, succeeded, failed, cancelled, skipped };
[[nodiscard]] std::string_view to_string(RunState state);  // "Queued", …
[[nodiscard]] std::optional<RunState> parse_run_state(std::string_view word);
[[nodiscard]] constexpr bool is_terminal(RunState state) { return state >= RunState::succeeded; }
// Submitting to the end: holds a slot of every contention profile (CON-1).
[[nodiscard]] constexpr bool is_in_flight(RunState state) {
    return state == RunState::submitting || state == RunState::starting || state == RunState::running;
}

enum class Trigger { schedule, dependency, manual, rerun, backfill, api, event };
[[nodiscard]] std::string_view to_string(Trigger trigger);
[[nodiscard]] std::optional<Trigger> parse_trigger(std::string_view word);

// How a run ended, as edges see it (TASK-5).
enum class Outcome { success, failure, cancelled, skipped };
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view word);
// Precondition: the state is terminal.
[[nodiscard]] Outcome outcome_of(RunState state);

enum class Backoff { fixed, linear, exponential };
[[nodiscard]] std::string_view to_string(Backoff backoff);
[[nodiscard]] std::optional<Backoff> parse_backoff(std::string_view word);

// TASK-6. Defaults: spec 10.
struct RetryPolicy {
    bool enabled = false;
    int max_attempts = 1;            // in all, the first one included
    int infrastructure_retries = 2;  // further attempts after a loss to infrastructure
    Backoff backoff = Backoff::exponential;
    std::chrono::seconds initial_delay{60};
    std::chrono::seconds max_delay{900};
    bool jitter = true;
};

enum class Overlap { queue, skip };  // TASK-7: what happens to a fire while max_active runs are active
enum class Misfire { skip, fire_once, catch_up };  // TASK-3
enum class Match { same, latest, all_in_interval };
enum class Comparison { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
[[nodiscard]] std::string_view to_string(Overlap overlap);
[[nodiscard]] std::string_view to_string(Misfire misfire);
[[nodiscard]] std::string_view to_string(Match match);
[[nodiscard]] std::string_view to_string(Comparison comparison);  // "==", "!=", "<", "<=", ">", ">="
[[nodiscard]] std::optional<Overlap> parse_overlap(std::string_view word);
[[nodiscard]] std::optional<Misfire> parse_misfire(std::string_view word);
[[nodiscard]] std::optional<Match> parse_match(std::string_view word);
[[nodiscard]] std::optional<Comparison> parse_comparison(std::string_view word);

// What every object of a definition carries (TASK-13).
struct Metadata {
    QualifiedName name;
    std::string owner;
    std::string description;
    std::map<std::string, std::string> tags;
};

struct Schedule {
    std::string cron;  // checked by engine/cron.h when saved
    std::string time_zone = "UTC";
    Misfire misfire = Misfire::fire_once;
    int catch_up_limit = 100;
};

// How the task cuts time (engine/interval.h). Grain as its word: "none", "hour", "day", "week", "month".
struct PartitionSpec {
    std::string grain = "none";
    std::string time_zone = "UTC";
    std::chrono::minutes offset{0};
};

// A comparison on one output of the parent; an output that is missing or of another type makes it false.
struct Condition {
    std::string output;
    Comparison comparison = Comparison::equal;
    boost::json::value value;
};

// TASK-5: this task depends on `parent`, a task or an event source.
struct Dependency {
    QualifiedName parent;
    bool parent_is_source = false;  // TASK-14
    std::vector<Outcome> on{Outcome::success};
    std::optional<Condition> when;
    Match match = Match::same;
    std::optional<std::chrono::seconds> max_age;  // latest
};

struct Deadline {
    std::chrono::minutes local_time{0};  // since midnight; the first such time after a key's interval
    std::string time_zone = "UTC";
};

struct Task {
    Metadata meta;
    QualifiedName job;
    // Values by parameter name: literals, templates or references, as the user wrote them (TASK-1).
    std::map<std::string, std::string> values;
    boost::json::object attributes;  // job attributes that this task overrides; texts may hold templates
    bool allow_secret_parameters = false;
    std::vector<Schedule> schedules;
    PartitionSpec partition;
    std::vector<Dependency> dependencies;
    RetryPolicy retry;
    int priority = 0;
    std::chrono::seconds execution_timeout{std::chrono::hours(24)};
    std::optional<std::chrono::seconds> queue_timeout;  // how long "not now" may last (PLAT-8)
    int max_active = 1;
    Overlap overlap = Overlap::queue;
    std::optional<Deadline> deadline;
    std::chrono::seconds freshness{30};  // how old a status may get
    // While the run's end is far off; none: ten times the freshness, at most five minutes.
    std::optional<std::chrono::seconds> early_freshness;
};

// A Job as a user keeps it: the template of model/job.h on a platform, with what the user set apart from what
// AWS says.
struct JobDefinition {
    Metadata meta;
    QualifiedName platform;
    std::string external_id;
    std::vector<Parameter> parameters;          // declared by the user or imported
    std::map<std::string, std::string> values;  // set by the user on the job
    boost::json::object attributes;
    boost::json::object imported;  // what the last import said: parameters and details, for drift
};

// TASK-14: external events put tokens.
struct EventSource {
    Metadata meta;
};

enum class ProfileType { concurrency, rate_limit };
enum class ExceedAction { queue, reject, defer_to_next_window };
enum class RateAlgorithm { token_bucket, leaky_bucket };
enum class ProfileScope { platform, global };
[[nodiscard]] std::string_view to_string(ProfileType type);
[[nodiscard]] std::string_view to_string(ExceedAction action);
[[nodiscard]] std::string_view to_string(RateAlgorithm algorithm);
[[nodiscard]] std::string_view to_string(ProfileScope scope);
[[nodiscard]] std::optional<ProfileType> parse_profile_type(std::string_view word);
[[nodiscard]] std::optional<ExceedAction> parse_exceed_action(std::string_view word);
[[nodiscard]] std::optional<RateAlgorithm> parse_rate_algorithm(std::string_view word);
[[nodiscard]] std::optional<ProfileScope> parse_profile_scope(std::string_view word);

// CON-1 to CON-3.
struct ContentionProfile {
    Metadata meta;
    ProfileType type = ProfileType::concurrency;
    ProfileScope scope = ProfileScope::platform;
    std::vector<QualifiedName> platforms;  // linked ones
    ExceedAction exceed_action = ExceedAction::queue;
    // concurrency
    int max_concurrent_tasks = 1;
    std::optional<int> queue_size_limit;
    std::optional<std::chrono::seconds> queue_timeout;
    // rate limit: `limit` dispatches per window
    RateAlgorithm algorithm = RateAlgorithm::token_bucket;
    double limit = 1;
    std::chrono::seconds window{60};
    std::optional<double> bucket_size;   // default: limit
    std::optional<double> refill_per_s;  // default: limit / window
};

}  // namespace polysync
