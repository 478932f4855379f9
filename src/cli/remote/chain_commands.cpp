// polysync chain …
#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

struct ListChains {
    std::string task, lane, key;
    std::size_t limit = 50;
};

struct ChainOptions {
    std::string chain;   // its id, or the number of one of its runs
    std::string action;  // empty: show
};

// "3 Succeeded, 1 Failed"
std::string counts_of(const boost::json::object& chain) {
    std::string out;
    for (const auto& [state, count] : object_of(chain, "states"))
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", text_of(object_of(chain, "states"), state),
                           std::string_view(state));
    return out;
}

Async<int> list_chains(Context& context, ListChains options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::vector<NameValue> query{{"task", options.task}, {"lane", options.lane}, {"key", options.key}};
    bool more = false;
    auto chains = co_await session->client.list("/chains", query, options.limit, &more);
    if (!chains) co_return session->fail(chains.error());
    if (session->as_json(chains.value())) co_return exit_success;
    Table table({"CHAIN", "STATE", "RUNS", "CREATED", "TOOK"});
    for (const auto& item : chains.value()) {
        const auto& chain = as_object(item);
        table.row({text_of(chain, "id"), state_cell(text_of(chain, "state")), counts_of(chain),
                   session->age(text_of(chain, "created_at")),
                   duration_between(text_of(chain, "created_at"), text_of(chain, "ended_at"))});
    }
    table.print(session->output(), "no chains");
    note_more(*session, more, chains.value().size());
    co_return exit_success;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The chain's id; of a run's number that of its chain.
Async<Result<std::string>> chain_id(Session& session, std::string chain) {
    if (!is_number(chain)) co_return chain;
    auto run = co_await session.client.get("/runs/" + chain);
    if (!run) co_return run.error();
    co_return text_of(as_object(run.value()), "chain");
}

Async<int> act_on_chain(Context& context, ChainOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto id = co_await chain_id(*session, options.chain);
    if (!id) co_return session->fail(id.error());
    RestRequest request;
    request.path = "/chains/" + path_segment(id.value());
    if (!options.action.empty()) {
        request.method = "POST";
        request.path += "/" + options.action;
        request.body = boost::json::object();
    }
    auto answer = co_await session->client.call(std::move(request));
    if (!answer) co_return session->fail(answer.error());
    const auto& body = as_object(answer.value().body);
    if (session->as_json(answer.value().body)) co_return exit_success;
    if (options.action.empty()) {
        Block block;
        block.line("chain", text_of(body, "id"));
        block.line("state", text_of(body, "state"));
        block.line("runs", counts_of(body));
        block.line("created", short_time(text_of(body, "created_at")));
        block.line("ended", short_time(text_of(body, "ended_at")));
        session->output().result(block.text() + "\n");
        std::vector<NameValue> query{{"lane", text_of(body, "lane")}, {"key", text_of(body, "key")}};
        for (const auto& item : array_of(body, "tasks"))
            query.push_back({"task", text_of(as_object(item), "task")});
        auto runs = co_await session->client.list("/runs", std::move(query), 1000);
        if (!runs) co_return session->fail(runs.error());
        print_runs(*session, runs.value());
        co_return exit_success;
    }
    for (const auto& run : array_of(body, "runs")) session->output().result(boost::json::serialize(run));
    for (const auto& item : array_of(body, "refused"))
        session->output().warn(
            fmt::format("run {}: {}", text_of(as_object(item), "run"), text_of(as_object(item), "detail")));
    session->output().note(options.action == "cancel" ? "these runs are being cancelled"
                                                      : "these runs run again");
    co_return exit_success;
}

}  // namespace

void add_chain_commands(CLI::App& app, Chosen& chosen) {
    CLI::App* group = add_group(app, "chain", "Chains: the runs of one key that depend on each other",
                                R"text(Examples:
  polysync chain list --key 2026-09-14
  polysync chain show 4711               the chain that run 4711 is in
  polysync chain rerun 4711              its failed and skipped part)text");
    auto listed = std::make_shared<ListChains>();
    auto* list = add_remote(*group, chosen, "list", "List the chains, newest first",
                            "Examples:\n  polysync chain list\n  polysync chain list --key 2026-09-14 --json",
                            listed, list_chains);
    list->add_option("--task", listed->task, "That hold this task")->type_name("TASK");
    list->add_option("--lane", listed->lane, "In this lane: live, manual:…, backfill:…")->type_name("LANE");
    list->add_option("--key", listed->key, "For this key")->type_name("KEY");
    add_limit(list, listed->limit);
    struct Verb {
        const char *name, *action, *description;
    };
    for (const auto& verb :
         {Verb{"show", "", "Show a chain and its runs"}, Verb{"cancel", "cancel", "Cancel all of its runs"},
          Verb{"rerun", "rerun", "Run its failed and skipped part again"}}) {
        auto options = std::make_shared<ChainOptions>();
        options->action = verb.action;
        auto text = fmt::format(
            "Examples:\n  polysync chain {0} sales/orders@live@2026-09-14\n  polysync chain "
            "{0} 4711     by one of its runs",
            verb.name);
        auto* command =
            add_remote(*group, chosen, verb.name, verb.description, text.c_str(), options, act_on_chain);
        add_word(command, "CHAIN", options->chain, "Its id, or the number of one of its runs");
    }
}

}  // namespace polysync::cli
