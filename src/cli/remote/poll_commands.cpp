// polysync platform polls: how the server asks AWS about a platform's runs.
#include <cmath>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/objects.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

double number_of(const boost::json::object& object, std::string_view member) {
    return std::strtod(text_of(object, member).c_str(), nullptr);
}

std::string seconds_of(const boost::json::object& object, std::string_view member) {
    return object.contains(member) ? fmt::format("{:.1f}s", number_of(object, member) / 1000) : std::string();
}

std::string count_of(const boost::json::object& object, std::string_view member, std::string_view one,
                     std::string_view many) {
    auto count = text_of(object, member);
    return fmt::format("{} {}", count, count == "1" ? one : many);
}

std::string followed_text(const boost::json::object& polls) {
    std::string out = fmt::format("{} of {}", count_of(polls, "followed", "run", "runs"),
                                  count_of(polls, "jobs", "job", "jobs"));
    if (number_of(polls, "early") > 0)
        out += fmt::format("; {} far from the expected end", text_of(polls, "early"));
    if (number_of(polls, "cancelling") > 0)
        out += fmt::format("; {} to be cancelled", text_of(polls, "cancelling"));
    return out;
}

std::string next_text(const boost::json::object& next) {
    if (next.empty()) return "nothing to ask about";
    std::string out = number_of(next, "in_ms") > 0 ? fmt::format("in {}", seconds_of(next, "in_ms")) : "now";
    for (const auto& item : array_of(next, "calls")) {
        const auto& call = as_object(item);
        auto job = text_of(call, "job");
        out += fmt::format("\n{} x {} for {}{}", text_of(call, "calls"), text_of(call, "operation"),
                           count_of(call, "runs", "run", "runs"), job.empty() ? "" : " of " + job);
        if (number_of(call, "riding") > 0)
            out += fmt::format(", and {} that ride along", text_of(call, "riding"));
    }
    return out;
}

std::string so_far_text(const boost::json::object& so_far) {
    auto calls = number_of(so_far, "calls");
    std::string out = fmt::format("{} in {}", count_of(so_far, "statuses", "status", "statuses"),
                                  count_of(so_far, "calls", "call", "calls"));
    if (calls > 0) out += fmt::format(": {:.1f} a call", number_of(so_far, "statuses") / calls);
    return out;
}

Async<int> show_polls(Context& context, NameOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto path = fmt::format("/platforms/{}/polls", path_segment(options.name));
    auto answer = co_await session->client.get(path);
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& polls = as_object(answer.value());
    const auto& due = object_of(polls, "due");
    Block block;
    block.line("platform", fmt::format("{} ({})", text_of(polls, "name"), text_of(polls, "type")));
    block.line("trouble", text_of(polls, "error"));
    block.line("followed", followed_text(polls));
    if (number_of(polls, "followed") > 0) {
        std::string late =
            number_of(polls, "late_ms") > 0
                ? fmt::format(", {} later than the freshness allows", seconds_of(polls, "late_ms"))
                : std::string();
        block.line("oldest status", seconds_of(polls, "staleness_ms") + late);
        block.line("due",
                   fmt::format("{} within 10 s, {} within 1 min, {} within 5 min", text_of(due, "in_10_s"),
                               text_of(due, "in_1_min"), text_of(due, "in_5_min")));
    }
    block.line("next", next_text(object_of(polls, "next")));
    block.line("so far", so_far_text(object_of(polls, "so_far")));
    session->output().result(block.text());
    session->output().result("");
    Table table({"OPERATION", "CALLS", "THROTTLED", "RATE/S", "OF", "TOKENS", "WAITING"});
    for (const auto& item : array_of(polls, "operations")) {
        const auto& one = as_object(item);
        bool is_slowed = number_of(one, "rate_per_s") < number_of(one, "most_per_s");
        table.row(
            {fmt::format("{} {}", text_of(one, "service"), text_of(one, "operation")),
             text_of(one, "calls"),
             text_of(one, "throttles"),
             {fmt::format("{:.1f}", number_of(one, "rate_per_s")), is_slowed ? Colour::yellow : Colour::none},
             fmt::format("{:.1f}", number_of(one, "most_per_s")),
             fmt::format("{:.0f}", std::floor(number_of(one, "tokens"))),
             text_of(one, "waiting")});
    }
    table.print(session->output(), "no calls to AWS yet");
    co_return exit_success;
}

}  // namespace

void add_polls_command(CLI::App& platform, Chosen& chosen) {
    auto options = std::make_shared<NameOptions>();
    auto* polls =
        add_remote(platform, chosen, "polls", "Show how the server asks AWS about its runs", R"text(Examples:
  polysync platform polls etl          how old statuses are, what is asked next, and what rate limits leave
  polysync platform polls etl --json)text",
                   options, show_polls);
    add_word(polls, "PLATFORM_NAME", options->name, "A platform of the server");
}

}  // namespace polysync::cli
