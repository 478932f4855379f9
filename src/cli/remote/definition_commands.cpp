// polysync apply, plan, export.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/definition_files.h"
#include "cli/remote/plan_view.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

constexpr auto apply_examples = R"text(Examples:
  polysync apply -f definitions/                 shows the plan, asks, and does it
  polysync apply -f definitions/ --env prod --prune --yes
  polysync apply -f orders.yaml --dry-run --json)text";
constexpr auto plan_examples = R"text(Examples:
  polysync plan -f definitions/ --env prod       exit code 0: no changes, 2: changes, 4: refused
  polysync plan -f definitions/ --prune --json > plan.json)text";
constexpr auto export_examples = R"text(Examples:
  polysync export > all.yaml
  polysync export -o definitions/                a file per namespace; apply -f of them changes nothing
  polysync export -n sales)text";

struct ApplyOptions {
    std::string environment, managed_by;
    bool prune = false, adopt = false, yes = false, dry_run = false;
};

void add_files_options(CLI::App* command, ApplyOptions& options) {
    command->add_option("--env", options.environment, "With the values of environments/NAME.yaml")
        ->type_name("NAME");
    command->add_flag("--prune", options.prune,
                      "Delete what the directory manages and no file defines any more");
    command->add_flag("--adopt", options.adopt, "Manage also what is the same already and managed elsewhere");
    command
        ->add_option("--managed-by", options.managed_by,
                     "Name of the directory, the same on every machine (default: its path)")
        ->type_name("NAME");
}

// The request for these options; what is wrong with them or with the files is an error.
Result<boost::json::object> make_request(const Context& context, const ApplyOptions& options) {
    if (!context.global.file_given)
        return make_error(ErrorKind::invalid_input, "usage", "it is not said what to read",
                          "Name a file or a directory: -f definitions/");
    POLYSYNC_TRY(auto files, read_definition_files(context.global.file, options.environment));
    if (options.prune && !files.is_directory)
        return make_error(ErrorKind::invalid_input, "usage",
                          "--prune needs the whole directory, not one of its files",
                          "Name the directory with -f.");
    boost::json::object body{
        {"files", std::move(files.files)},
        {"managed_by", options.managed_by.empty() ? files.directory : options.managed_by},
        {"prune", options.prune},
        {"adopt", options.adopt}};
    if (files.environment) body["environment"] = std::move(*files.environment);
    return body;
}

// The plan, or nothing where it was refused and that was printed.
Async<Result<boost::json::object>> ask(Session& session, boost::json::object body, bool dry_run) {
    body["dry_run"] = dry_run;
    POLYSYNC_CO_TRY(auto answer, co_await session.client.post("/apply", std::move(body)));
    co_return as_object(answer);
}

Async<int> apply(Context& context, ApplyOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    auto body = make_request(context, options);
    if (!body) co_return session->fail(body.error());
    bool json = session->output().json();
    if (options.dry_run || !options.yes) {
        auto plan = co_await ask(*session, body.value(), true);
        if (!plan) co_return session->fail(plan.error());
        bool ends = options.dry_run || plan_is_empty(plan.value());
        if (ends && json) session->output().json_result(plan.value());
        if (!json) print_plan(session->output(), plan.value(), false);
        if (ends) co_return exit_success;
        bool go = co_await session->confirmed("Apply these changes?", "changing definitions");
        if (!go) co_return exit_bad_input;
        // What was shown is what is done, or nothing.
        body.value()["if_version"] = plan.value().at("definitions_version");
    }
    auto done = co_await ask(*session, std::move(body.value()), false);
    if (!done) co_return session->fail(done.error());
    if (session->as_json(done.value())) co_return exit_success;
    if (options.yes) {
        print_plan(session->output(), done.value(), true);
    } else {
        session->output().result("done");
    }
    co_return exit_success;
}

// 2 says that there are changes, so that nothing else may.
int plan_exit(int code) { return code == exit_bad_input ? exit_refused : code; }

Async<int> plan(Context& context, ApplyOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_refused;
    auto body = make_request(context, options);
    if (!body) co_return plan_exit(session->fail(body.error()));
    auto made = co_await ask(*session, std::move(body.value()), true);
    if (!made) co_return plan_exit(session->fail(made.error()));
    if (!session->as_json(made.value())) print_plan(session->output(), made.value(), false);
    co_return plan_is_empty(made.value()) ? exit_success : exit_bad_input;
}

struct ExportOptions {
    std::string directory, name_space;
};

Async<int> write_files(Session& session, const boost::json::object& answer, const std::string& directory) {
    boost::json::array files = array_of(answer, "files");
    if (const auto& environment = object_of(answer, "environment"); !environment.empty())
        files.push_back(environment);
    boost::json::array written;
    for (const auto& item : files) {
        const auto& file = as_object(item);
        auto done = write_definition_file(directory, text_of(file, "path"), text_of(file, "text"));
        if (!done) co_return session.fail(done.error());
        written.emplace_back(text_of(file, "path"));
    }
    if (session.as_json(boost::json::object{{"directory", directory}, {"files", written}}))
        co_return exit_success;
    for (const auto& path : written) session.output().result(printable(std::string(path.get_string())));
    session.output().note(fmt::format("{} files are in {}", written.size(), directory));
    co_return exit_success;
}

Async<int> export_all(Context& context, ExportOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    std::vector<NameValue> query{{"namespace", options.name_space},
                                 {"layout", options.directory.empty() ? "one" : "namespaces"}};
    auto answer = co_await session->client.get("/export", std::move(query));
    if (!answer) co_return session->fail(answer.error());
    const auto& found = as_object(answer.value());
    if (!options.directory.empty()) co_return co_await write_files(*session, found, options.directory);
    if (session->as_json(answer.value())) co_return exit_success;
    for (const auto& file : array_of(found, "files"))
        session->output().raw_result(text_of(as_object(file), "text"));
    if (array_of(found, "files").empty()) session->output().note("no definitions");
    co_return exit_success;
}

}  // namespace

void add_definition_commands(CLI::App& app, Chosen& chosen) {
    auto applied = std::make_shared<ApplyOptions>();
    auto* command = add_remote(app, chosen, "apply", "Make the server's definitions be as files say",
                               apply_examples, applied, apply);
    add_files_options(command, *applied);
    command->add_flag("--dry-run", applied->dry_run, "Show the plan and change nothing");
    command->add_flag("--yes", applied->yes, "Do not ask");
    auto planned = std::make_shared<ApplyOptions>();
    auto* shown = add_remote(app, chosen, "plan", "Show what apply would change, for people and for CI",
                             plan_examples, planned, plan);
    add_files_options(shown, *planned);
    auto exported = std::make_shared<ExportOptions>();
    auto* written = add_remote(app, chosen, "export", "Write the server's definitions as files",
                               export_examples, exported, export_all);
    written->add_option("-o,--output", exported->directory, "Directory to write a file per namespace into")
        ->type_name("DIR");
    written->add_option("-n,--namespace", exported->name_space, "This namespace and those below")
        ->type_name("NAMESPACE");
}

}  // namespace polysync::cli
