// polysync backfill …
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

struct ListBackfills {
    std::string state;
    std::size_t limit = 100;
};

struct BackfillOptions {
    std::int64_t id = 0;
    std::string action;  // empty: show
};

Async<int> list_backfills(Context& context, ListBackfills options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::vector<NameValue> query{{"state", options.state}};
    bool more = false;
    auto found = co_await session->client.list("/backfills", query, options.limit, &more);
    if (!found) co_return session->fail(found.error());
    if (session->as_json(found.value())) co_return exit_success;
    Table table({"ID", "TASK", "FROM", "TO", "WHICH", "STATE", "MADE", "NEXT KEY", "BY", "CREATED"});
    for (const auto& item : found.value()) {
        const auto& one = as_object(item);
        table.row({text_of(one, "id"), text_of(one, "task"), text_of(one, "from"), text_of(one, "to"),
                   text_of(one, "selection"), text_of(one, "state"), text_of(one, "planned"),
                   text_of(one, "next_key"), text_of(one, "created_by"),
                   session->age(text_of(one, "created_at"))});
    }
    table.print(session->output(), "no backfills");
    note_more(*session, more, found.value().size());
    co_return exit_success;
}

std::string describe(Session& session, const boost::json::object& one) {
    Block block;
    block.line("backfill", text_of(one, "id"));
    block.line("task", text_of(one, "task"));
    block.line("keys", fmt::format("{} to {} ({})", text_of(one, "from"), text_of(one, "to"),
                                   text_of(one, "selection")));
    block.line("state", text_of(one, "state"));
    block.line("runs made", text_of(one, "planned"));
    std::string counts;
    for (const auto& [state, count] : object_of(one, "runs"))
        if (count != 0)
            counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ",
                                  text_of(object_of(one, "runs"), state), std::string_view(state));
    block.line("runs", counts);
    block.line("next key", text_of(one, "next_key"));
    block.line("at a time", text_of(one, "max_active"));
    block.line("priority", text_of(one, "priority"));
    block.line("created",
               fmt::format("{} by {}", session.age(text_of(one, "created_at")), text_of(one, "created_by")));
    return block.text();
}

Async<int> act_on_backfill(Context& context, BackfillOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::string path = fmt::format("/backfills/{}", options.id);
    RestRequest request;
    request.path = path;
    if (!options.action.empty()) {
        request.method = "POST";
        request.path += "/" + options.action;
        request.body = boost::json::object();
    }
    auto answer = co_await session->client.call(std::move(request));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value().body)) co_return exit_success;
    if (options.action.empty()) {
        session->output().result(describe(*session, as_object(answer.value().body)));
        std::vector<NameValue> query{{"lane", fmt::format("backfill:{}", options.id)}};
        auto runs = co_await session->client.list("/runs", query, 20);
        if (runs && !runs.value().empty()) {
            session->output().result("");
            print_runs(*session, runs.value());
        }
        co_return exit_success;
    }
    std::string done = options.action == "pause"    ? "is paused; what runs goes on"
                       : options.action == "resume" ? "goes on"
                                                    : "is cancelled, and so are its runs";
    session->output().result(fmt::format("backfill {} {}", options.id, done));
    co_return exit_success;
}

}  // namespace

void add_backfill_commands(CLI::App& app, Chosen& chosen) {
    CLI::App* group = add_group(app, "backfill", "Backfills: ranges of keys that are run", R"text(Examples:
  polysync task backfill sales/orders --from 2026-09-01 --to 2026-09-30    starts one
  polysync backfill list
  polysync backfill show 3)text");
    auto listed = std::make_shared<ListBackfills>();
    auto* list = add_remote(*group, chosen, "list", "List the backfills",
                            "Example:\n  polysync backfill list --state active", listed, list_backfills);
    list->add_option("--state", listed->state, "active, paused, cancelled or done")->type_name("STATE");
    add_limit(list, listed->limit);
    struct Verb {
        const char *name, *action, *description;
    };
    for (const auto& verb :
         {Verb{"show", "", "Show a backfill and its runs"},
          Verb{"pause", "pause", "Start no more of its runs"}, Verb{"resume", "resume", "Go on"},
          Verb{"cancel", "cancel", "End it and cancel its runs"}}) {
        auto options = std::make_shared<BackfillOptions>();
        options->action = verb.action;
        auto text = fmt::format("Example:\n  polysync backfill {} 3", verb.name);
        auto* command =
            add_remote(*group, chosen, verb.name, verb.description, text.c_str(), options, act_on_backfill);
        command->add_option("BACKFILL", options->id, "Its number")->required()->type_name("");
    }
}

}  // namespace polysync::cli
