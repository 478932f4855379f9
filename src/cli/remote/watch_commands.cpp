// polysync events, alerts, audit, and those below `polysync server`.
#include <filesystem>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/objects.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

struct EventOptions {
    bool follow = false;
    std::int64_t after = -1;
    int count = 0;
};

void print_event(Session& session, const ServerEvent& event) {
    if (session.output().json()) {
        session.output().json_result(event.document);
        return;
    }
    const auto& document = object_of(event.document, "document");
    std::string words;
    for (const auto& [name, value] : document)
        words += fmt::format("  {}={}", std::string_view(name), text_of(document, name));
    session.output().result(
        printable(fmt::format("{}  {:<12} {}{}", short_time(text_of(event.document, "at")),
                              text_of(event.document, "type"), text_of(event.document, "subject"), words)));
}

Async<int> show_events(Context& context, EventOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    if (!options.follow && options.count == 0) {
        Error error = make_error(ErrorKind::invalid_input, "usage", "events come as they happen",
                                 "Give --follow to see them until Ctrl-C, or --count N for so many.");
        co_return session->fail(error);
    }
    int left = options.count;
    Session* shown = session.get();
    auto on_event = [shown, &left](const ServerEvent& event) {
        print_event(*shown, event);
        return left == 0 || --left > 0;
    };
    std::optional<std::int64_t> after;
    if (options.after >= 0) after = options.after;
    auto done = co_await session->client.follow(after, on_event);
    if (!done) co_return session->fail(done.error());
    co_return exit_success;
}

struct PageOptions {
    std::size_t limit = 50;
};

Async<int> list_alerts(Context& context, PageOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    bool more = false;
    auto alerts = co_await session->client.list("/alerts", {}, options.limit, &more);
    if (!alerts) co_return session->fail(alerts.error());
    if (session->as_json(alerts.value())) co_return exit_success;
    Table table({"ID", "WHEN", "KIND", "SUBJECT", "MESSAGE"});
    for (const auto& item : alerts.value()) {
        const auto& alert = as_object(item);
        std::string message = text_of(alert, "message");
        if (message.empty()) message = text_of(object_of(alert, "document"), "message");
        table.row({text_of(alert, "id"), session->age(text_of(alert, "at")), text_of(alert, "kind"),
                   text_of(alert, "subject"), message});
    }
    table.print(session->output(), "no alerts");
    note_more(*session, more, alerts.value().size());
    co_return exit_success;
}

Async<int> list_audit(Context& context, PageOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    bool more = false;
    auto entries = co_await session->client.list("/audit", {}, options.limit, &more);
    if (!entries) co_return session->fail(entries.error());
    if (session->as_json(entries.value())) co_return exit_success;
    Table table({"AT (UTC)", "WHO", "DID", "TO", "HOW"});
    for (const auto& item : entries.value()) {
        const auto& entry = as_object(item);
        table.row({short_time(text_of(entry, "at")), text_of(entry, "actor"), text_of(entry, "action"),
                   text_of(entry, "subject"), text_of(entry, "document")});
    }
    table.print(session->output(), "nothing was done yet");
    note_more(*session, more, entries.value().size());
    co_return exit_success;
}

struct NoOptions {};

Async<int> server_status(Context& context, NoOptions) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto answer = co_await session->client.get("/status");
    if (!answer) co_return session->fail(answer.error());
    const auto& status = as_object(answer.value());
    bool ready = text_of(status, "ready") == "true" && text_of(status, "store_error").empty();
    int code = ready ? exit_success : exit_run_failed;
    if (session->as_json(answer.value())) co_return code;
    Block block;
    block.line("server", session->client.url());
    block.line("version", text_of(status, "version"));
    block.line("state", ready ? "ready" : "not ready");
    block.line("trouble", text_of(status, "store_error"));
    block.line("up since", short_time(text_of(status, "started_at")));
    std::int64_t queued = 0, in_flight = 0;
    for (const auto& platform : array_of(status, "platforms")) {
        queued += std::strtoll(text_of(as_object(platform), "queued").c_str(), nullptr, 10);
        in_flight += std::strtoll(text_of(as_object(platform), "in_flight").c_str(), nullptr, 10);
    }
    block.line("queued", std::to_string(queued));
    block.line("in flight", std::to_string(in_flight));
    for (const auto& [kind, count] : object_of(status, "objects"))
        block.line(kind, text_of(object_of(status, "objects"), kind));
    for (const auto& item : array_of(status, "nodes")) {
        const auto& node = as_object(item);
        block.line("node",
                   fmt::format("{}, seen {}", text_of(node, "name"), short_time(text_of(node, "seen_at"))));
    }
    for (const auto& item : array_of(status, "pauses")) {
        const auto& pause = as_object(item);
        block.line("paused", fmt::format("{} by {}: {}", text_of(pause, "subject"), text_of(pause, "by"),
                                         text_of(pause, "reason")));
    }
    session->output().result(block.text());
    co_return code;
}

Async<int> backup_store(Context& context, NameOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    boost::json::object body;
    body["path"] = std::filesystem::absolute(options.name).string();
    auto answer = co_await session->client.post("/backup", std::move(body));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    session->output().result(
        fmt::format("{} holds a copy of the store, on the server's machine", options.name));
    co_return exit_success;
}

}  // namespace

void add_watch_commands(CLI::App& app, Chosen& chosen) {
    auto followed = std::make_shared<EventOptions>();
    auto* events = add_remote(app, chosen, "events", "What happens, as it happens", R"text(Examples:
  polysync events --follow
  polysync events --after 0 --count 100 --json     the first hundred that are kept)text",
                              followed, show_events);
    events->add_flag("--follow", followed->follow, "Until Ctrl-C");
    events->add_option("--after", followed->after, "Begin after this sequence number (default: now)")
        ->type_name("N");
    events->add_option("--count", followed->count, "End after so many")->type_name("N");
    auto alerts = std::make_shared<PageOptions>();
    add_limit(
        add_remote(app, chosen, "alerts", "What wants attention: deadlines, stuck runs, unknown outcomes",
                   "Example:\n  polysync alerts", alerts, list_alerts),
        alerts->limit);
    auto audit = std::make_shared<PageOptions>();
    add_limit(add_remote(app, chosen, "audit", "Who did what", "Example:\n  polysync audit --limit 20", audit,
                         list_audit),
              audit->limit);
}

void add_server_commands(CLI::App& server, Chosen& chosen) {
    add_remote(server, chosen, "status", "How the server does; exit code 1 where it is not ready",
               "Example:\n  polysync server status", std::make_shared<NoOptions>(), server_status);
    auto backup = std::make_shared<NameOptions>();
    auto* command = add_remote(server, chosen, "backup", "Copy the store into a new file while all goes on",
                               "Example:\n  polysync server backup /backups/polysync-$(date +%F).db", backup,
                               backup_store);
    add_word(command, "PATH", backup->name, "A new file on the server's machine");
    add_pause_commands(server, chosen, "server", "");
}

}  // namespace polysync::cli
