// polysync job|profile|source …, what tasks and platforms share with them, and platforms on the server.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/objects.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

std::string collection(const std::string& noun) { return "/" + noun + "s"; }
std::string object_path(const std::string& noun, const std::string& name) {
    return collection(noun) + "/" + path_segment(name);
}

// Texts of help, made once for the life of the program: CLI11 keeps its own copy.
std::string examples(const std::string& noun, const std::string& verb, const std::string& rest) {
    return fmt::format("Example:\n  polysync {} {} {}", noun, verb, rest);
}

// ---------------------------------------------------------------------------------------------- list

// A column of a kind of object: a member of the document.
struct Column {
    const char* heading;
    const char* member;
};

std::vector<Column> columns_of(const std::string& noun) {
    if (noun == "job") return {{"PLATFORM", "platform"}, {"EXTERNAL ID", "external_id"}};
    if (noun == "profile")
        return {{"TYPE", "type"},
                {"MAX", "max_concurrent_tasks"},
                {"LIMIT", "limit"},
                {"WINDOW", "window"},
                {"EXCEED", "exceed_action"}};
    if (noun == "platform") return {{"TYPE", "type"}, {"REGION", "region"}, {"ENDPOINT", "endpoint"}};
    return {};
}

Async<int> list_objects(Context& context, ListOptions options, std::string noun) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    bool more = false;
    auto objects = co_await session->client.list(collection(noun), options.query(), options.limit, &more);
    if (!objects) co_return session->fail(objects.error());
    if (session->as_json(objects.value())) co_return exit_success;
    auto columns = columns_of(noun);
    std::vector<std::string> headings{"NAME"};
    for (const auto& column : columns) headings.emplace_back(column.heading);
    headings.insert(headings.end(), {"OWNER", "VERSION", "CHANGED"});
    Table table(std::move(headings));
    for (const auto& item : objects.value()) {
        const auto& object = as_object(item);
        std::vector<Table::Cell> cells{text_of(object, "name")};
        for (const auto& column : columns)
            cells.emplace_back(text_of(object_of(object, "document"), column.member));
        cells.emplace_back(text_of(object, "owner"));
        cells.emplace_back(text_of(object, "version"));
        cells.emplace_back(session->age(text_of(object, "updated_at")));
        table.row(std::move(cells));
    }
    table.print(session->output(), fmt::format("no {}s", noun));
    note_more(*session, more, objects.value().size());
    co_return exit_success;
}

Async<int> list_jobs(Context& context, ListOptions options) {
    return list_objects(context, std::move(options), "job");
}
Async<int> list_profiles(Context& context, ListOptions options) {
    return list_objects(context, std::move(options), "profile");
}
Async<int> list_sources(Context& context, ListOptions options) {
    return list_objects(context, std::move(options), "source");
}

// ---------------------------------------------------------------------------------------------- show

struct ObjectOptions {
    std::string noun, name;
    int version = 0;
};

Async<int> show_object(Context& context, ObjectOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::string path = object_path(options.noun, options.name);
    if (options.version > 0) path += fmt::format("/versions/{}", options.version);
    auto answer = co_await session->client.get(path);
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    const auto& object = as_object(answer.value());
    Block block;
    block.line(options.noun, text_of(object, "name"));
    block.line("owner", text_of(object, "owner"));
    block.line("version", fmt::format("{} of {}", text_of(object, "version"),
                                      short_time(text_of(object, "updated_at"))));
    block.line("managed by", text_of(object, "managed_by"));
    if (const auto& pause = object_of(object, "paused"); !pause.empty())
        block.line("paused", fmt::format("by {}: {}", text_of(pause, "by"), text_of(pause, "reason")));
    session->output().result(block.text());
    session->output().raw_result("\n" + printable(as_lines(object_of(object, "document"))));
    co_return exit_success;
}

void add_show_command(CLI::App& group, Chosen& chosen, const std::string& noun, const char* label) {
    auto options = std::make_shared<ObjectOptions>();
    options->noun = noun;
    auto* show = add_remote(group, chosen, "show", fmt::format("Show a {} and its definition", noun).c_str(),
                            examples(noun, "show", label).c_str(), options, show_object);
    add_word(show, label, options->name, "Its name");
    show->add_option("--version", options->version, "As it was in this version")->type_name("N");
}

// ---------------------------------------------------------------------------------------------- delete

Async<int> delete_object(Context& context, ObjectOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    RestRequest request;
    request.method = "DELETE";
    request.path = object_path(options.noun, options.name);
    auto answer = co_await session->client.call(std::move(request));
    if (!answer) co_return session->fail(answer.error());
    if (session->output().json()) {
        session->output().json_result(boost::json::value{{"deleted", options.name}});
    } else {
        session->output().result(fmt::format("{} {} is deleted; its runs stay", options.noun, options.name));
    }
    co_return exit_success;
}

// ---------------------------------------------------------------------------------------------- pause

struct PauseOptions {
    std::string noun, name, reason;
    bool resume = false;
    bool run_kept = false;
};

Async<int> pause_object(Context& context, PauseOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    boost::json::object body;
    if (options.resume) {
        body["run_kept_keys"] = options.run_kept;
    } else {
        body["reason"] = options.reason;
    }
    std::string path = options.name.empty() ? std::string() : object_path(options.noun, options.name);
    path += options.resume ? "/resume" : "/pause";
    auto answer = co_await session->client.post(std::move(path), std::move(body));
    if (!answer) co_return session->fail(answer.error());
    if (session->as_json(answer.value())) co_return exit_success;
    std::string what = options.name.empty() ? "everything" : options.noun + " " + options.name;
    if (!options.resume) {
        session->output().result(fmt::format("{} is paused; what runs in AWS goes on", what));
        co_return exit_success;
    }
    auto kept = text_of(as_object(answer.value()), "kept_keys");
    std::string told;
    if (kept == "1") {
        told = options.run_kept ? "; 1 kept key runs" : "; 1 kept key is dropped";
    } else if (!kept.empty() && kept != "0") {
        told = fmt::format("; {} kept keys {}", kept, options.run_kept ? "run" : "are dropped");
    }
    session->output().result(fmt::format("{} runs again{}", what, told));
    co_return exit_success;
}

// ---------------------------------------------------------------------------------------------- platforms

std::string paused_reason(const boost::json::object& status, const std::string& subject) {
    for (const auto& item : array_of(status, "pauses")) {
        const auto& pause = as_object(item);
        if (text_of(pause, "subject") == subject)
            return fmt::format("by {}: {}", text_of(pause, "by"), text_of(pause, "reason"));
    }
    return {};
}

Async<int> platform_status(Context& context, NameOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto answer = co_await session->client.get("/status");
    if (!answer) co_return session->fail(answer.error());
    boost::json::array chosen;
    for (const auto& platform : array_of(as_object(answer.value()), "platforms"))
        if (options.name.empty() || text_of(as_object(platform), "name") == options.name)
            chosen.push_back(platform);
    if (chosen.empty() && !options.name.empty()) {
        Error error = make_error(ErrorKind::not_found, "not_found",
                                 fmt::format("the server has no platform '{}'", options.name),
                                 "polysync platform status lists them.");
        co_return session->fail(error);
    }
    if (session->as_json(chosen)) co_return exit_success;
    Table table({"PLATFORM", "IN FLIGHT", "QUEUED", "OLDEST STATUS", "PAUSED", "TROUBLE"});
    for (const auto& item : chosen) {
        const auto& platform = as_object(item);
        std::string stale = text_of(platform, "staleness_ms");
        table.row({text_of(platform, "name"),
                   text_of(platform, "in_flight"),
                   text_of(platform, "queued"),
                   stale.empty() ? "" : fmt::format("{:.1f}s", std::strtod(stale.c_str(), nullptr) / 1000),
                   {paused_reason(as_object(answer.value()), "platform/" + text_of(platform, "name")),
                    Colour::yellow},
                   {text_of(platform, "error"), Colour::red}});
    }
    table.print(session->output(), "no platforms");
    co_return exit_success;
}

}  // namespace

std::vector<NameValue> ListOptions::query() const {
    std::vector<NameValue> out{{"namespace", name_space}, {"owner", owner}, {"name", name}};
    for (const auto& tag : tags) out.push_back({"tag", tag});
    return out;
}

void add_list_command(CLI::App& group, Chosen& chosen, const char* description, const std::string& noun,
                      Async<int> (*execute)(Context&, ListOptions)) {
    auto options = std::make_shared<ListOptions>();
    auto text = fmt::format(
        "Examples:\n  polysync {0} list\n  polysync {0} list -n sales --owner data-platform --json", noun);
    auto* list = add_remote(group, chosen, "list", description, text.c_str(), options, execute);
    list->add_option("-n,--namespace", options->name_space, "In this namespace and below")
        ->type_name("NAMESPACE");
    list->add_option("--owner", options->owner, "Of this owner")->type_name("OWNER");
    add_list(list, "--tag", options->tags, "KEY:VALUE", "With this tag (repeatable)");
    list->add_option("--name", options->name, "Whose name holds this text")->type_name("TEXT");
    add_limit(list, options->limit);
}

void add_pause_commands(CLI::App& group, Chosen& chosen, const std::string& noun, const char* label) {
    auto paused = std::make_shared<PauseOptions>();
    paused->noun = noun;
    auto* pause =
        add_remote(group, chosen, "pause", "Start no more runs; what runs goes on",
                   examples(noun, "pause", std::string(label) + " --reason 'schema change'").c_str(), paused,
                   pause_object);
    if (*label) add_word(pause, label, paused->name, "Its name");
    pause->add_option("--reason", paused->reason, "Why, for the others")->type_name("TEXT");
    auto resumed = std::make_shared<PauseOptions>();
    resumed->noun = noun;
    resumed->resume = true;
    auto* resume = add_remote(group, chosen, "resume", "Start runs again",
                              examples(noun, "resume", label).c_str(), resumed, pause_object);
    if (*label) add_word(resume, label, resumed->name, "Its name");
    resume->add_flag("--run-kept", resumed->run_kept,
                     "Run the keys that came up during the pause (default: drop them)");
}

void add_delete_command(CLI::App& group, Chosen& chosen, const std::string& noun, const char* label) {
    auto options = std::make_shared<ObjectOptions>();
    options->noun = noun;
    auto* command =
        add_remote(group, chosen, "delete",
                   fmt::format("Delete a {}; refused while it is used or its runs are active", noun).c_str(),
                   examples(noun, "delete", label).c_str(), options, delete_object);
    add_word(command, label, options->name, "Its name");
}

void add_object_commands(CLI::App& app, Chosen& chosen) {
    struct Kind {
        const char *noun, *label, *description;
        Async<int> (*list)(Context&, ListOptions);
    };
    for (const auto& kind :
         {Kind{"job", "JOB_NAME", "Jobs of the server", list_jobs},
          Kind{"profile", "PROFILE", "Contention profiles: limits on what runs at once", list_profiles},
          Kind{"source", "SOURCE", "Sources of external events", list_sources}}) {
        auto text =
            fmt::format("Examples:\n  polysync {0} list\n  polysync {0} show {1}", kind.noun, kind.label);
        CLI::App* group = add_group(app, kind.noun, kind.description, text.c_str());
        add_list_command(*group, chosen, fmt::format("List the {}s", kind.noun).c_str(), kind.noun,
                         kind.list);
        add_show_command(*group, chosen, kind.noun, kind.label);
        add_delete_command(*group, chosen, kind.noun, kind.label);
        if (kind.noun == std::string_view("job")) add_import_command(*group, chosen);
    }
}

void add_platform_object_commands(CLI::App& platform, Chosen& chosen) {
    auto options = std::make_shared<NameOptions>();
    auto* status = add_remote(platform, chosen, "status", "Platforms of the server and how they do",
                              "Examples:\n  polysync platform status\n  polysync platform status etl",
                              options, platform_status);
    status->add_option("PLATFORM_NAME", options->name, "This one only")->type_name("");
    add_polls_command(platform, chosen);
    add_show_command(platform, chosen, "platform", "PLATFORM_NAME");
    add_pause_commands(platform, chosen, "platform", "PLATFORM_NAME");
    add_delete_command(platform, chosen, "platform", "PLATFORM_NAME");
}

void add_remote_commands(CLI::App& app, Chosen& chosen) {
    add_task_commands(app, chosen);
    add_run_commands(app, chosen);
    add_chain_commands(app, chosen);
    add_backfill_commands(app, chosen);
    add_definition_commands(app, chosen);
    add_object_commands(app, chosen);
    add_watch_commands(app, chosen);
}

}  // namespace polysync::cli
