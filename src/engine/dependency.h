// Whether a task may run for one lane and key: its edges against the tokens that they hold (TASK-5).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/run.h"

namespace polysync::engine {

// One incoming edge, with what the key needs of it.
struct Edge {
    ObjectId parent{};
    std::string parent_name;  // for reasons
    Match match = Match::same;
    std::vector<Outcome> on{Outcome::success};
    std::optional<Condition> when;
    std::optional<std::chrono::seconds> max_age;
    // The parent's keys that this child's key stands on: itself (same), the finer ones (all_in_interval),
    // none (latest).
    std::vector<std::string> keys;
};

// The newest success of a `latest` parent.
struct LatestSuccess {
    ObjectId parent{};
    SystemTime ended_at{};
    RunId run{};
    std::string outputs;
};

enum class EdgeState {
    held,        // satisfied
    missing,     // not there yet
    impossible,  // there, and not what the edge asks for: it can no longer be satisfied
};

struct EdgeVerdict {
    EdgeState state = EdgeState::missing;
    std::string reason;  // for people: "waits for etl/orders, key 2026-09-14", "etl/orders ended as failure"
};

enum class Readiness { wait, fire, skip };

struct Verdict {
    Readiness readiness = Readiness::wait;
    std::string reason;              // wait: the first missing edge; skip: the impossible one
    std::vector<EdgeVerdict> edges;  // in the order given
    std::vector<Token> consumed;     // fire and skip: the tokens of this key that go (all that are there)
    std::vector<RunId> parents;      // fire: the runs whose outputs mappings read
};

// The rule of TASK-5. `tokens` holds those of this child, lane and of any of the edges' keys; `clock` says
// whether the task's own schedule must have fired for the key (a token of the child itself as parent), which
// holds like any other edge. A key with no edge to wait for does not fire by itself: precondition is at least
// one `same` or `all_in_interval` edge, or the clock.
[[nodiscard]] Verdict evaluate(ObjectId child, bool clock, std::span<const Edge> edges,
                               std::span<const Token> tokens, std::span<const LatestSuccess> latest,
                               SystemTime now);

// A comparison on the parent's outputs (a JSON object as text, or empty). An output that is missing, null or
// of another type makes it false; texts compare by code point, numbers by value whatever their JSON form.
[[nodiscard]] bool holds(const Condition& condition, std::string_view outputs);

}  // namespace polysync::engine
