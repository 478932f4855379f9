#include "cli/remote/session.h"

#include <charconv>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/exit_code.h"

namespace polysync::cli {
namespace {

std::string words_of(Millis span) {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
    if (seconds < 60) return fmt::format("{}s", seconds);
    if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d {:02}h", seconds / 86400, seconds / 3600 % 24);
}

// A scalar as YAML would have it: quoted where it could be taken for something else.
std::string scalar(const boost::json::value& value) {
    const auto* text = value.if_string();
    if (!text) return boost::json::serialize(value);
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./ ()";
    bool simple = !text->empty() && std::string_view(*text).find_first_not_of(plain) == std::string::npos &&
                  std::isalpha(static_cast<unsigned char>(text->front())) && text->back() != ' ';
    for (std::string_view word : {"true", "false", "null", "yes", "no", "on", "off"})
        simple = simple && std::string_view(*text) != word;
    return simple ? std::string(*text) : boost::json::serialize(value);
}

bool is_scalar(const boost::json::value& value) {
    if (const auto* object = value.if_object()) return object->empty();
    if (const auto* array = value.if_array()) return array->empty();
    return true;
}

}  // namespace

std::unique_ptr<Session> Session::open(Context& context) {
    auto server = find_server(context.global, context.services);
    auto http = context.services.http();
    if (server && http)
        return std::make_unique<Session>(
            context, RestClient(*http.value(), std::move(server.value()), context.services.clock,
                                context.services.random));
    context.output.error(server ? http.error() : server.error());
    return nullptr;
}

int remote_exit_code(const Error& error) {
    if (error.kind == ErrorKind::invalid_input) return exit_bad_input;
    if (error.http_status != 0 && error.kind != ErrorKind::transient) return exit_refused;
    return exit_code_of(error);
}

int Session::fail(const Error& error) {
    if (error.kind == ErrorKind::cancelled) return exit_interrupted;
    const auto& problem = client.problem();
    if (!context.output.json() || problem.empty()) {
        context.output.error(error);
        return remote_exit_code(error);
    }
    boost::json::value shown = to_json(error);
    auto& members = shown.as_object()["error"].as_object();
    members["message"] = text_of(problem, "detail").empty() ? error.message : text_of(problem, "detail");
    for (std::string_view name : {"field", "errors"})
        if (const auto* member = problem.if_contains(name)) members[name] = *member;
    context.output.json_result(shown);
    return remote_exit_code(error);
}

Async<bool> Session::confirmed(std::string question, std::string what) {
    Console& console = output().console();
    if (!console.in_is_terminal() || !console.err_is_terminal()) {
        output().error(make_error(ErrorKind::invalid_input, "not_confirmed",
                                  fmt::format("{} needs a confirmation", what),
                                  "--dry-run shows what would be done; --yes does it."));
        co_return false;
    }
    console.err(question + " [y/N] ");
    auto answer = co_await console.read_line();
    co_return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

bool Session::as_json(const boost::json::value& value) {
    if (context.output.json()) context.output.json_result(value);
    return context.output.json();
}

std::string Session::age(const std::string& iso_time) {
    auto time = parse_iso8601(iso_time);
    if (!time) return {};
    auto span = std::chrono::duration_cast<Millis>(now() - time.value());
    return span.count() >= 0 ? words_of(span) + " ago" : "in " + words_of(-span);
}

std::string text_of(const boost::json::object& object, std::string_view member) {
    const auto* value = object.if_contains(member);
    if (!value || value->is_null()) return {};
    return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

const boost::json::object& as_object(const boost::json::value& value) {
    static const boost::json::object none;
    const auto* object = value.if_object();
    return object ? *object : none;
}

const boost::json::object& object_of(const boost::json::object& object, std::string_view member) {
    static const boost::json::value none;
    const auto* value = object.if_contains(member);
    return as_object(value ? *value : none);
}

const boost::json::array& array_of(const boost::json::object& object, std::string_view member) {
    static const boost::json::array none;
    const auto* value = object.if_contains(member);
    const auto* array = value ? value->if_array() : nullptr;
    return array ? *array : none;
}

std::string short_time(const std::string& iso_time) {
    auto time = parse_iso8601(iso_time);
    if (!time) return iso_time;
    std::string text = format_iso8601(std::chrono::floor<std::chrono::seconds>(time.value()));
    return text.substr(0, 10) + " " + text.substr(11, 8);
}

std::string duration_between(const std::string& from, const std::string& to) {
    auto begin = parse_iso8601(from);
    auto end = parse_iso8601(to);
    if (!begin || !end || end.value() < begin.value()) return {};
    return words_of(std::chrono::duration_cast<Millis>(end.value() - begin.value()));
}

Colour colour_of_state(std::string_view state) {
    if (state == "Succeeded") return Colour::green;
    if (state == "Failed") return Colour::red;
    if (state == "Cancelled") return Colour::yellow;
    if (state == "Skipped") return Colour::dim;
    if (state == "Queued") return Colour::none;
    return Colour::cyan;
}

Table::Cell state_cell(const std::string& state) { return {state, colour_of_state(state)}; }

std::string as_lines(const boost::json::value& value, std::size_t indent) {
    std::string out, margin(indent, ' ');
    if (is_scalar(value)) return margin + scalar(value) + "\n";
    if (const auto* array = value.if_array()) {
        for (const auto& item : *array) {
            std::string lines = as_lines(item, indent + 2);
            lines[indent] = '-';
            out += lines;
        }
        return out;
    }
    for (const auto& [name, member] : value.get_object()) {
        if (is_scalar(member)) {
            out += fmt::format("{}{}: {}\n", margin, std::string_view(name), scalar(member));
        } else {
            out += fmt::format("{}{}:\n{}", margin, std::string_view(name), as_lines(member, indent + 2));
        }
    }
    return out;
}

void add_limit(CLI::App* command, std::size_t& limit) {
    command->add_option("--limit", limit, "Show at most so many (default 100)")
        ->type_name("N")
        ->check(CLI::Range(1, 100'000).description(""));
}

void note_more(Session& session, bool more, std::size_t shown) {
    if (more && !session.output().json())
        session.output().note(fmt::format("… and more than these {}: see --limit", shown));
}

std::string moment(const std::string& text, SystemTime now) {
    long count = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end + 1 != text.data() + text.size() || count < 0 || count > 1'000'000)
        return text;
    Millis unit = *end == 's'   ? Millis(std::chrono::seconds(1))
                  : *end == 'm' ? Millis(std::chrono::minutes(1))
                  : *end == 'h' ? Millis(std::chrono::hours(1))
                  : *end == 'd' ? Millis(std::chrono::hours(24))
                                : Millis(0);
    return unit.count() == 0 ? text : format_iso8601(now - unit * count);
}

bool RunSelection::empty() const {
    return task.empty() && platform.empty() && lane.empty() && key.empty() && trigger.empty() &&
           from.empty() && to.empty() && states.empty();
}

std::vector<NameValue> RunSelection::query(SystemTime now) const {
    std::vector<NameValue> out{{"task", task},         {"platform", platform}, {"lane", lane},
                               {"key", key},           {"trigger", trigger},   {"from", moment(from, now)},
                               {"to", moment(to, now)}};
    for (const auto& state : states) out.push_back({"state", state});
    return out;
}

boost::json::object RunSelection::json(SystemTime now) const {
    boost::json::object out;
    for (const auto& [name, value] : query(now))
        if (!value.empty() && name != "state") out[name] = value;
    if (!states.empty()) out["state"] = boost::json::array(states.begin(), states.end());
    return out;
}

void add_selection(CLI::App* command, RunSelection& selection) {
    static const std::vector<std::string> states{"Queued",    "Submitting", "Starting",  "Running",
                                                 "Succeeded", "Failed",     "Cancelled", "Skipped"};
    command->add_option("--task", selection.task, "Runs of this task")->type_name("TASK");
    add_list(
        command, "--state", selection.states, "STATE",
        "In this state (repeatable): Queued, Submitting, Starting, Running, Succeeded, Failed, Cancelled, "
        "Skipped");
    command->get_option("--state")
        ->check(CLI::IsMember(states, CLI::ignore_case))
        ->transform(CLI::IsMember(states, CLI::ignore_case).description(""));
    command->add_option("--platform", selection.platform, "On this platform")->type_name("PLATFORM");
    command->add_option("--lane", selection.lane, "In this lane: live, manual:…, backfill:…")
        ->type_name("LANE");
    command->add_option("--key", selection.key, "For this key, such as 2026-09-14")->type_name("KEY");
    command
        ->add_option("--trigger", selection.trigger,
                     "Begun by: Schedule, Dependency, Manual, Rerun, Backfill, Api, Event")
        ->type_name("TRIGGER");
    command->add_option("--from", selection.from, "Created since: 2h, 3d, or a time in ISO 8601")
        ->type_name("TIME");
    command->add_option("--to", selection.to, "Created before")->type_name("TIME");
}

}  // namespace polysync::cli
