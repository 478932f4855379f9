// polysync task …
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/objects.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

std::string task_path(const std::string& task, const char* action = "") {
    return "/tasks/" + path_segment(task) + action;
}

std::string paused_text(const boost::json::object& pause) {
    if (pause.empty()) return {};
    std::string reason = text_of(pause, "reason");
    return fmt::format("by {} at {}{}", text_of(pause, "by"), short_time(text_of(pause, "at")),
                       reason.empty() ? "" : ": " + reason);
}

// ---------------------------------------------------------------------------------------------- list, show

// The newest run and the next fire of each task, as far as two lists tell.
struct Activity {
    std::map<std::string, boost::json::object> last_run;
    std::map<std::string, std::string> next_fire;
};

Async<Activity> activity_of(Session& session) {
    constexpr std::size_t recent = 1000;
    Activity activity;
    auto runs = co_await session.client.list("/runs", {}, recent);
    if (runs)
        for (const auto& run : runs.value())
            activity.last_run.emplace(text_of(as_object(run), "task"), as_object(run));
    std::vector<NameValue> count{{"count", std::to_string(recent)}};
    auto fires = co_await session.client.get("/schedule/next", count);
    if (!fires) co_return activity;
    for (const auto& item : array_of(as_object(fires.value()), "items"))
        activity.next_fire.emplace(text_of(as_object(item), "task"), text_of(as_object(item), "at"));
    co_return activity;
}

Async<int> list_tasks(Context& context, ListOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    bool more = false;
    auto tasks = co_await session->client.list("/tasks", options.query(), options.limit, &more);
    if (!tasks) co_return session->fail(tasks.error());
    if (session->as_json(tasks.value())) co_return exit_success;
    Activity activity = co_await activity_of(*session);
    Table table({"NAME", "JOB", "GRAIN", "LAST RUN", "KEY", "STATE", "NEXT FIRE (UTC)", "PAUSED", "OWNER"});
    for (const auto& item : tasks.value()) {
        const auto& task = as_object(item);
        const auto& document = object_of(task, "document");
        std::string name = text_of(task, "name");
        const auto& last = activity.last_run[name];
        table.row({name,
                   text_of(document, "job"),
                   text_of(object_of(document, "partition"), "grain"),
                   text_of(last, "id"),
                   text_of(last, "key"),
                   state_cell(text_of(last, "state")),
                   short_time(activity.next_fire[name]),
                   {object_of(task, "paused").empty() ? "" : "paused", Colour::yellow},
                   text_of(task, "owner")});
    }
    table.print(session->output(), "no tasks");
    note_more(*session, more, tasks.value().size());
    co_return exit_success;
}

Async<int> show_task(Context& context, NameOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto answer = co_await session->client.get(task_path(options.name));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& task = as_object(answer.value());
    Block block;
    block.line("task", text_of(task, "name"));
    block.line("owner", text_of(task, "owner"));
    block.line("version",
               fmt::format("{} of {}", text_of(task, "version"), short_time(text_of(task, "updated_at"))));
    block.line("managed by", text_of(task, "managed_by"));
    block.line("paused", paused_text(object_of(task, "paused")));
    std::vector<NameValue> once{{"count", "1"}};
    auto fires = co_await session->client.get(task_path(options.name, "/next"), once);
    if (fires && !array_of(as_object(fires.value()), "items").empty())
        block.line("next fire",
                   short_time(text_of(as_object(array_of(as_object(fires.value()), "items")[0]), "at")));
    session->output().result(block.text());
    session->output().raw_result("\n" + printable(as_lines(object_of(task, "document"))));
    std::vector<NameValue> query{{"task", options.name}};
    auto runs = co_await session->client.list("/runs", query, 5);
    if (runs && !runs.value().empty()) {
        session->output().result("");
        print_runs(*session, runs.value());
    }
    co_return exit_success;
}

// ---------------------------------------------------------------------------------------------- run

struct RunOnceOptions {
    std::string task, key;
    std::vector<std::string> values;
    std::optional<int> priority;
    bool downstream = false;
    bool wait = false;
};

Async<int> run_task(Context& context, RunOnceOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    boost::json::object values, body;
    for (const auto& [name, value] : split_pairs(options.values, "-p")) values[name] = value;
    if (!values.empty()) body["values"] = std::move(values);
    if (!options.key.empty()) body["key"] = options.key;
    if (options.downstream) body["downstream"] = true;
    if (options.priority) body["priority"] = *options.priority;
    auto answer = co_await session->client.post(task_path(options.task, "/run"), std::move(body));
    if (!answer) co_return session->fail(answer.error());
    const auto& run = as_object(answer.value());
    std::string id = text_of(run, "id");
    if (options.wait) {
        session->output().note(fmt::format("run {} of {}", id, options.task));
        co_return co_await watch_run(*session, id);
    }
    if (session->as_json(answer.value())) co_return exit_success;
    session->output().result(id);
    session->output().note(fmt::format("queued; 'polysync run watch {}' follows it", id));
    co_return exit_success;
}

void add_run(CLI::App& task, Chosen& chosen) {
    auto options = std::make_shared<RunOnceOptions>();
    auto* run = add_remote(task, chosen, "run", "Run a task now", R"text(Examples:
  polysync task run sales/orders --wait                    its exit code tells how it ended
  polysync task run sales/orders --key 2026-09-14 -p mode=full
  polysync task run sales/orders --key 2026-09-14 --downstream     and what depends on it, in a lane of its own)text",
                           options, run_task);
    add_word(run, "TASK", options->task, "Name of the task");
    add_list(run, "-p,--param", options->values, "NAME=VALUE", "Set a value for this run only");
    run->add_option("--key", options->key, "The interval to work on, such as 2026-09-14")->type_name("KEY");
    run->add_flag("--downstream", options->downstream, "Run what depends on it too, in a manual lane");
    run->add_option("--priority", options->priority, "Higher goes first (default: the task's)")
        ->type_name("N");
    run->add_flag("--wait", options->wait, "Wait for the end of the run");
}

// ---------------------------------------------------------------------------------------------- why

struct WhyOptions {
    std::string task, key;
};

Async<int> explain_task(Context& context, WhyOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::vector<NameValue> query{{"key", options.key}};
    auto answer = co_await session->client.get(task_path(options.task, "/why"), query);
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& why = as_object(answer.value());
    Output& output = session->output();
    output.result(output.paint(Colour::bold, printable(text_of(why, "summary"))));
    for (const auto& item : array_of(why, "items")) {
        const auto& line = as_object(item);
        bool blocks = text_of(line, "in_the_way") == "true";
        output.result(fmt::format("{} {}: {}",
                                  blocks ? output.paint(Colour::red, "✗") : output.paint(Colour::green, "✓"),
                                  printable(text_of(line, "subject")), printable(text_of(line, "detail"))));
    }
    co_return exit_success;
}

// ---------------------------------------------------------------------------------------------- backfill

struct BackfillOptions {
    std::string task, from, to;
    std::string selection = "missing";
    int max_active = 1;
    std::optional<int> priority;
    bool newest_first = false, downstream = false, dry_run = false;
};

Async<int> backfill_task(Context& context, BackfillOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    boost::json::object body{{"from", options.from},
                             {"to", options.to},
                             {"selection", options.selection},
                             {"max_active", options.max_active},
                             {"newest_first", options.newest_first},
                             {"downstream", options.downstream},
                             {"dry_run", options.dry_run}};
    if (options.priority) body["priority"] = *options.priority;
    auto answer = co_await session->client.post(task_path(options.task, "/backfills"), std::move(body));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& plan = as_object(answer.value());
    const auto& keys = array_of(plan, "keys");
    std::string skipped = text_of(plan, "skipped");
    if (skipped.empty()) skipped = "0";
    if (options.dry_run) {
        for (const auto& key : keys)
            session->output().result(key.is_string() ? key.get_string().c_str() : "");
        session->output().note(
            fmt::format("{} keys would run, {} are left out; nothing was started", keys.size(), skipped));
        co_return exit_success;
    }
    std::string id = text_of(plan, "id");
    session->output().result(id);
    session->output().note(
        fmt::format("{} keys to run, {} left out; 'polysync backfill show {}' tells how "
                    "far it is",
                    keys.size(), skipped, id));
    co_return exit_success;
}

void add_backfill(CLI::App& task, Chosen& chosen) {
    auto options = std::make_shared<BackfillOptions>();
    auto* backfill = add_remote(task, chosen, "backfill", "Run a task for a range of keys", R"text(Examples:
  polysync task backfill sales/orders --from 2026-09-01 --to 2026-09-30 --dry-run
  polysync task backfill sales/orders --from 2026-09-01 --to 2026-09-30 --max-active 4
  polysync task backfill sales/orders --from 2026-09-01 --to 2026-09-30 --selection failed --downstream)text",
                                options, backfill_task);
    add_word(backfill, "TASK", options->task, "Name of the task");
    backfill->add_option("--from", options->from, "First key")->required()->type_name("KEY");
    backfill->add_option("--to", options->to, "Last key, included")->required()->type_name("KEY");
    backfill->add_option("--selection", options->selection, "Which keys: missing (default), failed or all")
        ->type_name("WHICH")
        ->check(CLI::IsMember({"missing", "failed", "all"}).description(""));
    backfill->add_option("--max-active", options->max_active, "Runs at a time (default 1)")->type_name("N");
    backfill->add_option("--priority", options->priority, "Default -10: live runs go first")->type_name("N");
    backfill->add_flag("--newest-first", options->newest_first, "Start with the last key");
    backfill->add_flag("--downstream", options->downstream, "Run what depends on it too, in the same lane");
    backfill->add_flag("--dry-run", options->dry_run, "Print the keys and start nothing");
}

// ---------------------------------------------------------------------------------------------- fires

struct NextOptions {
    std::string task;
    int count = 5;
};

Async<int> next_fires(Context& context, NextOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::string path = options.task.empty() ? "/schedule/next" : task_path(options.task, "/next");
    std::vector<NameValue> query{{"count", std::to_string(options.count)}};
    auto answer = co_await session->client.get(path, query);
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    Table table({"AT (UTC)", "IN", "TASK", "KEY", "ZONE OF THE SCHEDULE"});
    for (const auto& item : array_of(as_object(answer.value()), "items")) {
        const auto& fire = as_object(item);
        table.row({short_time(text_of(fire, "at")), session->age(text_of(fire, "at")), text_of(fire, "task"),
                   text_of(fire, "key"), text_of(fire, "time_zone")});
    }
    table.print(session->output(), "nothing is scheduled");
    co_return exit_success;
}

}  // namespace

void add_task_commands(CLI::App& app, Chosen& chosen) {
    CLI::App* task = add_group(app, "task", "Tasks of the server", R"text(Examples:
  polysync task list
  polysync task run sales/orders --wait
  polysync task why sales/orders 2026-09-14       why it did or did not run)text");
    add_list_command(*task, chosen, "List the tasks", "task", list_tasks);
    auto shown = std::make_shared<NameOptions>();
    auto* show = add_remote(*task, chosen, "show", "Show a task, its definition and its last runs",
                            R"text(Examples:
  polysync task show sales/orders
  polysync task show sales/orders --json)text",
                            shown, show_task);
    add_word(show, "TASK", shown->name, "Name of the task");
    add_run(*task, chosen);
    auto asked = std::make_shared<WhyOptions>();
    auto* why = add_remote(*task, chosen, "why", "Say why a task did or did not run", R"text(Examples:
  polysync task why sales/orders
  polysync task why sales/orders 2026-09-14)text",
                           asked, explain_task);
    add_word(why, "TASK", asked->task, "Name of the task");
    why->add_option("KEY", asked->key, "The interval; default the newest")->type_name("");
    add_pause_commands(*task, chosen, "task", "TASK");
    add_backfill(*task, chosen);
    add_delete_command(*task, chosen, "task", "TASK");

    CLI::App* schedule = add_group(app, "schedule", "When tasks run next", R"text(Example:
  polysync schedule next --count 20)text");
    auto next = std::make_shared<NextOptions>();
    auto* fires = add_remote(*schedule, chosen, "next", "List the next fires", R"text(Examples:
  polysync schedule next
  polysync schedule next --task sales/orders --count 10)text",
                             next, next_fires);
    fires->add_option("--task", next->task, "Of this task only")->type_name("TASK");
    fires->add_option("--count", next->count, "How many (default 5)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000).description(""));
}

}  // namespace polysync::cli
