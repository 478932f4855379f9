#include "sandbox/services/asl.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {

namespace {

constexpr std::size_t max_path = 200;  // loops end here
constexpr std::int64_t year_seconds = 366LL * 24 * 3600;

Error bad(std::string message) {
    return make_error(ErrorKind::invalid_input, "invalid_definition", std::move(message));
}

std::string next_of(const JsonObject& state) {
    if (text(state, "Type") != "Choice") return text(state, "Next");
    if (has(state, "Default")) return text(state, "Default");
    const JsonArray* choices = list_in(state, "Choices");
    const JsonObject* first = choices && !choices->empty() ? choices->front().if_object() : nullptr;
    return first ? text(*first, "Next") : "";
}

}  // namespace

Result<StateMachineDefinition> read_state_machine(std::string definition_text) {
    StateMachineDefinition definition;
    definition.text = std::move(definition_text);
    boost::system::error_code error;
    const Json root = boost::json::parse(definition.text, error, {}, {.max_depth = 128});
    if (error || !root.is_object()) return bad("the state machine definition is no JSON object");
    const JsonObject* states = object_in(root.get_object(), "States");
    std::string next = text(root.get_object(), "StartAt");
    if (!states || next.empty()) return bad("the state machine definition needs StartAt and States");
    definition.timeout_seconds =
        std::clamp<std::int64_t>(integer(root.get_object(), "TimeoutSeconds"), 0, year_seconds);
    while (!next.empty() && definition.path.size() < max_path) {
        const JsonObject* state = object_in(*states, next);
        if (!state) return bad(fmt::format("the state machine definition has no state '{}'", next));
        definition.path.push_back({next, text(*state, "Type", "Pass"), text(*state, "Resource"),
                                   std::clamp<std::int64_t>(integer(*state, "Seconds", -1), -1, year_seconds),
                                   text(*state, "Error"), text(*state, "Cause")});
        next = next_of(*state);
    }
    return definition;
}

ExecutionPlan plan_execution(const StateMachineDefinition& definition, const Outcome& outcome, Millis running,
                             Millis most) {
    ExecutionPlan plan;
    const auto& path = definition.path;
    std::size_t count = path.size();
    plan.status = "SUCCEEDED";
    if (outcome.fails(0)) {
        for (const std::string_view known : {"FAILED", "TIMED_OUT", "ABORTED"}) {
            if (outcome.status == known) plan.status = known;
        }
        plan.error = outcome.error;
        plan.cause = outcome.cause;
        // The last task is where it goes wrong.
        const auto task =
            std::find_if(path.rbegin(), path.rend(), [](const AslState& s) { return s.type == "Task"; });
        if (task != path.rend()) count = std::size_t(path.rend() - task);
    } else if (!path.empty() && path.back().type == "Fail") {
        plan.status = "FAILED";
        plan.error = path.back().error;
        plan.cause = path.back().cause;
    }
    // Waits take what they say, unless the script says how long all of it takes.
    const bool waits = !outcome.run;
    const auto waiting = [&](const AslState& state) { return waits && state.seconds >= 0; };
    const auto others =
        std::count_if(path.begin(), path.end(), [&](const AslState& s) { return !waiting(s); });
    const Millis share = outcome.run.value_or(running) / std::max<std::int64_t>(1, others);
    Millis at{0};
    for (std::size_t i = 0; i < count; ++i) {
        const Millis length = waiting(path[i]) ? Millis(std::chrono::seconds(path[i].seconds)) : share;
        plan.visits.push_back({i, at, at + length});
        at += length;
    }
    if (path[count - 1].type == "Fail") at = plan.visits.back().entered;
    plan.length = std::max(at, Millis(1));
    const Millis own = std::chrono::seconds(definition.timeout_seconds);
    for (const Millis limit : {own, most}) {
        if (limit <= Millis(0) || plan.length <= limit) continue;
        plan.length = limit;
        plan.status = "TIMED_OUT";
        plan.error = "States.Timeout";
        plan.cause.clear();
    }
    // What is cut off does not get to its exit.
    if (plan.status == "TIMED_OUT" || plan.status == "ABORTED") {
        for (StateVisit& visit : plan.visits) {
            if (visit.left >= plan.length) visit.left = plan.length + Millis(1);
        }
    }
    std::erase_if(plan.visits, [&](const StateVisit& visit) { return visit.entered > plan.length; });
    return plan;
}

}  // namespace polysync::sandbox
