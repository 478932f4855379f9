// Runs as the store keeps them (spec 7): one row each, plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/strong_id.h"
#include "model/task.h"

namespace polysync {

// Numbers that the store gives: small in memory, short to type. 0 means none.
enum class RunId : std::int64_t {};
enum class ObjectId : std::int64_t {};

[[nodiscard]] constexpr std::int64_t number(RunId id) { return static_cast<std::int64_t>(id); }
[[nodiscard]] constexpr std::int64_t number(ObjectId id) { return static_cast<std::int64_t>(id); }

// What makes a run happen once: the same task, lane, key and rerun number never gives a second run (TASK-3,
// TASK-4).
struct RunKey {
    ObjectId task{};
    std::string lane = "live";  // "live", "manual:<id>", "backfill:<id>"
    std::string key;            // interval, event id, or the run's own
    int rerun = 0;              // 0: the first run of that key
    bool operator==(const RunKey&) const = default;
};

enum class CancelCause { none, user, chain, backfill, timeout };
[[nodiscard]] std::string_view to_string(CancelCause cause);

struct TaskRun {
    RunId id{};
    RunKey key;
    std::int64_t task_version = 0;  // the definition that it runs
    ObjectId platform{};
    Trigger trigger = Trigger::schedule;
    bool downstream = true;  // puts tokens on its outgoing edges at its end
    RunState state = RunState::queued;
    int priority = 0;
    int attempt = 1;                // the current one
    int infrastructure_losses = 0;  // attempts lost to infrastructure so far
    std::int64_t fence = 0;         // rises with every claim: an answer to an older one changes nothing
    std::string node;               // whose lease it is while in flight
    SystemTime created_at{};
    SystemTime queued_at{};
    SystemTime not_before{};  // a retry's or a "not now"'s backoff
    std::optional<SystemTime> submitted_at;
    std::optional<SystemTime> started_at;
    std::optional<SystemTime> ended_at;
    std::string token;  // the current attempt's submission token
    std::string pipeline_run_id;
    std::string monitor_url;
    std::string aws_status;
    std::string message;
    std::string code;
    std::string remedy;
    std::string waiting_for;  // why it is not dispatched yet, for people (PLAT-8, TASK-11)
    std::optional<int> exit_code;
    CancelCause cancel = CancelCause::none;  // a durable intent (TASK-7)
    std::string cancel_by;
    std::string outputs;  // JSON object, empty: none
    std::string values;   // JSON object of what this run was given beyond the task's values (Run Once, event
                          // data, parents)
};

// One submission of a run (spec 1). The intent is durable before the call (SAFE-1).
struct Attempt {
    RunId run{};
    int attempt = 1;
    std::string token;
    std::string intent;  // JSON of provider/SubmissionIntent; secrets as references
    std::optional<SystemTime> called_at;
    std::optional<SystemTime> ended_at;
    std::string pipeline_run_id;
    std::string aws_status;
    std::string code;
    std::string message;
    std::optional<int> exit_code;
};

// TASK-8. In the order of `sequence`, which the store gives per run.
struct HistoryEntry {
    RunId run{};
    int sequence = 0;
    SystemTime at{};
    RunState state = RunState::queued;
    int attempt = 1;
    std::string message;
};

// TASK-5: what an ended run (or an event source) put on one edge.
struct Token {
    ObjectId child{};   // the dependent task
    ObjectId parent{};  // task or source
    std::string lane;
    std::string key;  // the parent's key
    Outcome outcome = Outcome::success;
    RunId parent_run{};   // 0: an event
    std::string outputs;  // JSON object
    SystemTime at{};
};

}  // namespace polysync

template <>
struct std::hash<polysync::ObjectId> {
    std::size_t operator()(polysync::ObjectId id) const noexcept {
        return std::hash<std::int64_t>()(polysync::number(id));
    }
};

template <>
struct std::hash<polysync::RunId> {
    std::size_t operator()(polysync::RunId id) const noexcept {
        return std::hash<std::int64_t>()(polysync::number(id));
    }
};
