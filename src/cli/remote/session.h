// What the commands that ask a server share: the connection, errors and exit codes, how things are shown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/rest_client.h"
#include "cli/table.h"

namespace CLI {
class App;
}

namespace polysync::cli {

// One per command; the context outlives it.
class Session {
  public:
    // No call is made. What went wrong (no server known, no token) was printed: exit_bad_input is next.
    [[nodiscard]] static std::unique_ptr<Session> open(Context& context);

    Session(Context& given, RestClient made) : context(given), client(std::move(made)) {}

    // Prints the error (with --json field and further problems too) and returns its exit code.
    [[nodiscard]] int fail(const Error& error);
    // With --json the value as it came; otherwise false, and the caller prints.
    [[nodiscard]] bool as_json(const boost::json::value& value);
    // Asks on a terminal; elsewhere --yes must have been given, and `what` needs a confirmation.
    [[nodiscard]] Async<bool> confirmed(std::string question, std::string what);
    [[nodiscard]] Output& output() { return context.output; }
    [[nodiscard]] SystemTime now() { return context.services.clock.now(); }
    // "3m ago", "in 2h"; empty for an empty or unreadable time.
    [[nodiscard]] std::string age(const std::string& iso_time);

    Context& context;
    RestClient client;
};

// What the server finds wrong with the request is bad input (2), whatever else it refuses is 4.
[[nodiscard]] int remote_exit_code(const Error& error);

// The member as text: strings as they are, numbers and booleans written out; empty where there is none.
[[nodiscard]] std::string text_of(const boost::json::object& object, std::string_view member);
// The member, where it is an object or array; an empty one otherwise.
[[nodiscard]] const boost::json::object& object_of(const boost::json::object& object,
                                                   std::string_view member);
[[nodiscard]] const boost::json::array& array_of(const boost::json::object& object, std::string_view member);
[[nodiscard]] const boost::json::object& as_object(const boost::json::value& value);

// "2026-11-24 19:08:30" of an ISO 8601 time in UTC; the text itself where it is none.
[[nodiscard]] std::string short_time(const std::string& iso_time);
[[nodiscard]] Colour colour_of_state(std::string_view state);
[[nodiscard]] Table::Cell state_cell(const std::string& state);
// "1h 05m"; empty where a time is missing.
[[nodiscard]] std::string duration_between(const std::string& from, const std::string& to);
// JSON as YAML-like lines, for documents.
[[nodiscard]] std::string as_lines(const boost::json::value& value, std::size_t indent = 0);

// --limit N (default 100) of lists; the note that says that there is more.
void add_limit(CLI::App* command, std::size_t& limit);
void note_more(Session& session, bool more, std::size_t shown);

// What --follow, --wait and `run watch` do: shows the run's changes until it ends; its exit code (0 succeeded
// or skipped, 1 failed, 3 cancelled). An interrupt leaves it going.
[[nodiscard]] Async<int> watch_run(Session& session, std::string run);
// A block of lines.
[[nodiscard]] std::string describe_run(Session& session, const boost::json::object& run);
void print_runs(Session& session, const boost::json::array& runs);

// Which runs: for lists and for acting on many at once.
struct RunSelection {
    std::string task, platform, lane, key, trigger, from, to;
    std::vector<std::string> states;

    [[nodiscard]] bool empty() const;
    [[nodiscard]] std::vector<NameValue> query(SystemTime now) const;
    [[nodiscard]] boost::json::object json(SystemTime now) const;
};
void add_selection(CLI::App* command, RunSelection& selection);

// "2h" and "3d" ago as ISO 8601; anything else as it stands.
[[nodiscard]] std::string moment(const std::string& text, SystemTime now);

}  // namespace polysync::cli
