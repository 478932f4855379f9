// polysync run …
#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

std::string run_path(std::int64_t run, const char* action = "") {
    return fmt::format("/runs/{}{}", run, action);
}

struct ListRuns {
    RunSelection selection;
    std::size_t limit = 100;
};

Async<int> list_runs(Context& context, ListRuns options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    bool more = false;
    auto query = options.selection.query(session->now());
    auto runs = co_await session->client.list("/runs", std::move(query), options.limit, &more);
    if (!runs) co_return session->fail(runs.error());
    if (session->as_json(runs.value())) co_return exit_success;
    print_runs(*session, runs.value());
    note_more(*session, more, runs.value().size());
    co_return exit_success;
}

struct OneRun {
    std::int64_t run = 0;
    bool follow = false;
};

Async<int> show_run(Context& context, OneRun options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto answer = co_await session->client.get(run_path(options.run));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& run = as_object(answer.value());
    session->output().result(describe_run(*session, run));
    if (const auto& attempts = array_of(run, "attempts"); attempts.size() > 1) {
        Table table({"ATTEMPT", "AWS RUN", "AWS STATUS", "CALLED", "ENDED", "CODE", "MESSAGE"});
        for (const auto& item : attempts) {
            const auto& one = as_object(item);
            table.row({text_of(one, "attempt"), text_of(one, "pipeline_run_id"), text_of(one, "aws_status"),
                       short_time(text_of(one, "called_at")), short_time(text_of(one, "ended_at")),
                       text_of(one, "code"), text_of(one, "message")});
        }
        session->output().result("");
        table.print(session->output(), "");
    }
    Table history({"AT (UTC)", "STATE", "TRY", "MESSAGE"});
    for (const auto& item : array_of(run, "history")) {
        const auto& entry = as_object(item);
        history.row({short_time(text_of(entry, "at")), state_cell(text_of(entry, "state")),
                     text_of(entry, "attempt"), text_of(entry, "message")});
    }
    if (!history.empty()) {
        session->output().result("");
        history.print(session->output(), "");
    }
    co_return exit_success;
}

Async<int> watch_one(Context& context, OneRun options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    co_return co_await watch_run(*session, std::to_string(options.run));
}

// ---------------------------------------------------------------------------------------------- logs

void print_lines(Session& session, const boost::json::object& page, std::size_t& count) {
    for (const auto& item : array_of(page, "lines")) {
        const auto& line = as_object(item);
        ++count;
        if (session.output().json()) {
            session.output().json_result(item);
        } else {
            session.output().result(fmt::format("{}  {}  {}", text_of(line, "time"),
                                                printable(text_of(line, "stream")),
                                                printable(text_of(line, "text"))));
        }
    }
}

Async<int> show_run_logs(Context& context, OneRun options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::string cursor, note;
    std::size_t count = 0;
    int looks_after_end = 2;  // what AWS delivers late
    while (true) {
        std::vector<NameValue> query{{"cursor", cursor}};
        auto answer = co_await session->client.get(run_path(options.run, "/logs"), query);
        if (!answer) co_return session->fail(answer.error());
        const auto& page = as_object(answer.value());
        print_lines(*session, page, count);
        std::string next = text_of(page, "cursor");
        bool moved = next != cursor && !array_of(page, "lines").empty();
        if (!next.empty()) cursor = std::move(next);
        note = text_of(page, "note");
        if (text_of(page, "at_end") != "true" && moved) continue;
        if (!options.follow) break;
        auto run = co_await session->client.get(run_path(options.run));
        if (!run) co_return session->fail(run.error());
        bool ended = !text_of(as_object(run.value()), "ended_at").empty();
        if (ended && --looks_after_end == 0) break;
        co_await context.services.clock.sleep_for(std::chrono::seconds(2));
    }
    if (count == 0) session->output().note(note.empty() ? "the run has written no log" : printable(note));
    co_return exit_success;
}

// ---------------------------------------------------------------------------------------------- acts

// cancel, mark-succeeded, skip, rerun: of runs that are named, or of all that a selection holds.
struct ActOptions {
    std::string action;  // the path's word
    std::vector<std::int64_t> runs;
    RunSelection selection;
    bool dry_run = false, yes = false;
    std::string reason;
    std::vector<std::string> outputs;
    std::string scope = "only";
    bool include_succeeded = false;
};

boost::json::object body_of(const ActOptions& options) {
    boost::json::object body;
    if (options.action == "skip" && !options.reason.empty()) body["reason"] = options.reason;
    if (options.action == "rerun") {
        body["scope"] = options.scope;
        if (options.include_succeeded) body["include_succeeded"] = true;
    }
    if (options.action != "mark-succeeded") return body;
    boost::json::object outputs;
    for (const auto& [name, text] : split_pairs(options.outputs, "--output")) {
        boost::system::error_code broken;
        auto value = boost::json::parse(text, broken);
        if (broken) {
            outputs[name] = text;
        } else {
            outputs[name] = std::move(value);
        }
    }
    body["outputs"] = std::move(outputs);
    return body;
}

std::string done_words(const std::string& action) {
    if (action == "cancel") return "is being cancelled";
    if (action == "skip") return "is skipped";
    if (action == "rerun") return "runs again";
    return "counts as succeeded";
}

void print_bulk(Session& session, const boost::json::object& answer, const ActOptions& options) {
    for (const auto& run : array_of(answer, "runs")) session.output().result(boost::json::serialize(run));
    for (const auto& item : array_of(answer, "refused")) {
        const auto& one = as_object(item);
        session.output().warn(fmt::format("run {}: {}", text_of(one, "run"), text_of(one, "detail")));
    }
    session.output().note(fmt::format("{} runs{}, {} refused", array_of(answer, "runs").size(),
                                      options.dry_run ? " would be acted on; nothing was done" : "",
                                      array_of(answer, "refused").size()));
}

Async<int> act_on_selection(Session& session, ActOptions options) {
    std::string action = options.action == "mark-succeeded" ? "mark_succeeded" : options.action;
    boost::json::object body{
        {"action", action}, {"filter", options.selection.json(session.now())}, {"dry_run", true}};
    if (!options.dry_run && !options.yes) {
        auto plan = co_await session.client.post("/runs/bulk", body);
        if (!plan) co_return session.fail(plan.error());
        std::size_t count = array_of(as_object(plan.value()), "runs").size();
        if (count == 0) {
            session.output().note("no run is selected");
            co_return exit_success;
        }
        bool go = co_await session.confirmed(fmt::format("{} {} runs?", options.action, count),
                                             "acting on many runs");
        if (!go) co_return exit_bad_input;
    }
    body["dry_run"] = options.dry_run;
    auto answer = co_await session.client.post("/runs/bulk", std::move(body));
    if (!answer) co_return session.fail(answer.error());
    if (!session.as_json(answer.value())) print_bulk(session, as_object(answer.value()), options);
    co_return array_of(as_object(answer.value()), "refused").empty() ? exit_success : exit_refused;
}

Async<int> act_on_runs(Context& context, ActOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    if (options.runs.empty() == options.selection.empty()) {
        Error error =
            make_error(ErrorKind::invalid_input, "usage",
                       options.runs.empty() ? "no run is named" : "both runs and a selection are given",
                       "Name runs by their number, or select them with --task, --state and the like.");
        co_return session->fail(error);
    }
    if (options.runs.empty()) co_return co_await act_on_selection(*session, std::move(options));
    if (options.dry_run) {
        Error error = make_error(ErrorKind::invalid_input, "usage", "--dry-run is for selections",
                                 "Select runs with --task, --state and the like.");
        co_return session->fail(error);
    }
    int code = exit_success;
    boost::json::array answers;
    for (auto run : options.runs) {
        auto path = run_path(run, ("/" + options.action).c_str());
        auto answer = co_await session->client.post(path, body_of(options));
        if (!answer) {
            int failed = session->fail(answer.error());
            if (options.runs.size() == 1) co_return failed;
            code = std::max(code, failed);
            continue;
        }
        answers.push_back(answer.value());
        if (session->output().json()) continue;
        session->output().result(fmt::format("run {} {}", run, done_words(options.action)));
        for (const auto& made : array_of(as_object(answer.value()), "runs"))
            session->output().result("  as run " + boost::json::serialize(made));
    }
    if (session->output().json()) {
        boost::json::value all = answers;
        session->output().json_result(options.runs.size() == 1 ? answers.front() : all);
    }
    co_return code;
}

std::shared_ptr<ActOptions> add_act(CLI::App& group, Chosen& chosen, const char* name,
                                    const char* description, const char* examples, CLI::App** made) {
    auto options = std::make_shared<ActOptions>();
    options->action = name;
    CLI::App* command = add_remote(group, chosen, name, description, examples, options, act_on_runs);
    command->add_option("RUN", options->runs, "Runs by number; or select them")->type_name("");
    add_selection(command, options->selection);
    command->add_flag("--dry-run", options->dry_run, "With a selection: show which runs, and do nothing");
    command->add_flag("-y,--yes", options->yes, "With a selection: do not ask");
    *made = command;
    return options;
}

void add_acts(CLI::App& group, Chosen& chosen) {
    CLI::App* command = nullptr;
    add_act(group, chosen, "cancel", "Cancel runs, in AWS too", R"text(Examples:
  polysync run cancel 4711 4712
  polysync run cancel --task sales/orders --state Queued --dry-run
  polysync run cancel --platform etl --yes)text",
            &command);
    auto rerun = add_act(group, chosen, "rerun", "Run again what has ended; it always submits anew",
                         R"text(Examples:
  polysync run rerun 4711                        only this one
  polysync run rerun 4711 --scope downstream     and what depends on it
  polysync run rerun 4711 --scope failed         the failed and skipped part of its chain
  polysync run rerun --task sales/orders --state Failed --from 1d --yes)text",
                         &command);
    command->add_option("--scope", rerun->scope, "only (default), downstream or failed (of its chain)")
        ->type_name("SCOPE")
        ->check(CLI::IsMember({"only", "downstream", "failed"}).description(""));
    command->add_flag("--include-succeeded", rerun->include_succeeded,
                      "Children that succeeded for the key too (default: they are left alone)");
    auto marked = add_act(group, chosen, "mark-succeeded", "Let a run count as succeeded; kept in the audit",
                          R"text(Examples:
  polysync run mark-succeeded 4711 --output rows=1200
  polysync run mark-succeeded --task sales/orders --state Failed --key 2026-09-14 --yes)text",
                          &command);
    add_list(command, "--output", marked->outputs, "NAME=VALUE", "An output for what depends on it");
    auto skipped = add_act(group, chosen, "skip", "Skip runs that wait or failed; kept in the audit",
                           R"text(Examples:
  polysync run skip 4711 --reason 'source closed on holidays')text",
                           &command);
    command->add_option("--reason", skipped->reason, "Why, for the others")->type_name("TEXT");
}

}  // namespace

void add_run_commands(CLI::App& app, Chosen& chosen) {
    CLI::App* group = add_group(app, "run", "Runs of tasks", R"text(Examples:
  polysync run list --state Failed --from 1d
  polysync run watch 4711
  polysync run logs 4711 --follow)text");
    auto listed = std::make_shared<ListRuns>();
    auto* list = add_remote(*group, chosen, "list", "List runs, newest first", R"text(Examples:
  polysync run list
  polysync run list --task sales/orders --state Failed --state Cancelled --from 7d
  polysync run list --key 2026-09-14 --json)text",
                            listed, list_runs);
    add_selection(list, listed->selection);
    add_limit(list, listed->limit);
    struct Verb {
        const char *name, *description, *examples;
        Async<int> (*execute)(Context&, OneRun);
    };
    for (const auto& verb :
         {Verb{"show", "Show a run, its attempts and its history", "Example:\n  polysync run show 4711",
               show_run},
          Verb{"watch", "Follow a run to its end; the exit code tells how it ended",
               "Example:\n  polysync run watch 4711", watch_one},
          Verb{"logs", "Show a run's log lines, steps or history",
               "Examples:\n  polysync run logs 4711\n  polysync run logs 4711 --follow", show_run_logs}}) {
        auto options = std::make_shared<OneRun>();
        auto* command =
            add_remote(*group, chosen, verb.name, verb.description, verb.examples, options, verb.execute);
        command->add_option("RUN", options->run, "Its number")->required()->type_name("");
        if (verb.execute == show_run_logs)
            command->add_flag("--follow", options->follow, "Go on until the run ends");
    }
    add_acts(*group, chosen);
}

}  // namespace polysync::cli
