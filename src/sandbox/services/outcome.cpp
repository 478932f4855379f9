#include "sandbox/services/outcome.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {

namespace {

constexpr std::int64_t max_duration_ms = 366LL * 24 * 3600 * 1000;

std::optional<Millis> duration(const JsonObject& input, std::string_view name) {
    if (!has(input, name)) return std::nullopt;
    return Millis(integer(input, name));
}

// Any JSON value stands for itself, but the text of an object or a list stands for that.
std::string output_text(const Json& output) {
    if (output.is_string()) {
        boost::system::error_code error;
        const Json inner = boost::json::parse(view(output), error);
        if (!error && (inner.is_object() || inner.is_array())) return std::string(view(output));
    }
    return json_text(output);
}

std::string out_of_range(const JsonObject& input) {
    for (const std::string_view name : {"queue_ms", "start_ms", "run_ms", "failing_attempts"}) {
        const std::int64_t value = integer(input, name);
        if (value < 0 || value > max_duration_ms) return fmt::format("member '{}' is out of range", name);
    }
    const JsonArray* children = list_in(input, "failing_children");
    for (const Json& child : children ? *children : JsonArray()) {
        if (!child.is_int64()) return "member 'failing_children' must be a list of integers";
    }
    return {};
}

}  // namespace

Result<Outcome> read_outcome(const JsonObject& input, std::initializer_list<std::string_view> statuses,
                             std::initializer_list<MemberRule> extra) {
    std::vector<MemberRule> rules = {
        {"queue_ms", MemberType::integer},
        {"start_ms", MemberType::integer},
        {"run_ms", MemberType::integer},
        {"status", MemberType::text},
        {"reason", MemberType::text},
        {"container_reason", MemberType::text},
        {"error", MemberType::text},
        {"cause", MemberType::text},
        {"exit_code", MemberType::integer},
        {"output", MemberType::any},
        {"failing_attempts", MemberType::integer},
        {"failing_children", MemberType::list},
        {"failing_step", MemberType::text},
        {"stuck", MemberType::boolean},
        {"log_lines", MemberType::list},
        {"refuse_code", MemberType::text},
        {"refuse_message", MemberType::text},
    };
    rules.insert(rules.end(), extra);
    std::string wrong = wrong_members(input, rules);
    if (wrong.empty()) wrong = out_of_range(input);
    const std::string status = text(input, "status");
    if (wrong.empty() && !status.empty() &&
        std::find(statuses.begin(), statuses.end(), status) == statuses.end()) {
        wrong = fmt::format("unknown status '{}'; known are: {}", status, fmt::join(statuses, ", "));
    }
    if (!wrong.empty()) return make_error(ErrorKind::invalid_input, "invalid_outcome", std::move(wrong));

    Outcome outcome;
    outcome.queue = duration(input, "queue_ms");
    outcome.start = duration(input, "start_ms");
    outcome.run = duration(input, "run_ms");
    outcome.status = status;
    outcome.reason = text(input, "reason", text(input, "error"));
    outcome.container_reason = text(input, "container_reason");
    outcome.error = text(input, "error");
    outcome.cause = text(input, "cause");
    if (has(input, "exit_code")) outcome.exit_code = int(integer(input, "exit_code"));
    if (has(input, "output")) outcome.output = output_text(input.at("output"));
    if (has(input, "failing_attempts")) outcome.failing_attempts = int(integer(input, "failing_attempts"));
    if (const JsonArray* children = list_in(input, "failing_children")) {
        for (const Json& child : *children) outcome.failing_children.push_back(child.get_int64());
        std::sort(outcome.failing_children.begin(), outcome.failing_children.end());
    }
    outcome.failing_step = text(input, "failing_step");
    outcome.stuck = flag(input, "stuck");
    outcome.log_lines = texts(input, "log_lines");
    outcome.refuse_code = text(input, "refuse_code");
    outcome.refuse_message = text(input, "refuse_message");
    return outcome;
}

void OutcomeScript::set(Outcome outcome, std::optional<std::int64_t> runs) {
    auto shared = std::make_shared<const Outcome>(std::move(outcome));
    if (runs) {
        if (*runs > 0) queued_.emplace_back(*runs, std::move(shared));
        return;
    }
    queued_.clear();
    standing_ = std::move(shared);
}

OutcomePtr OutcomeScript::take() {
    if (queued_.empty()) return standing_;
    OutcomePtr taken = queued_.front().second;
    if (--queued_.front().first == 0) queued_.pop_front();
    return taken;
}

const Outcome& OutcomeScript::next() const { return queued_.empty() ? *standing_ : *queued_.front().second; }

}  // namespace polysync::sandbox
