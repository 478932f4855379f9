// polysync job import: the server's jobs from what a platform has at AWS.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/commands.h"
#include "cli/remote/plan_view.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

constexpr auto import_examples = R"text(Examples:
  polysync job import etl --dry-run              what is new, changed and gone at AWS
  polysync job import etl
  polysync job import etl --filter 'nightly-*' --filter 'raw/*' -n sales)text";

struct ImportOptions {
    std::string platform, name_space;
    std::vector<std::string> filters;
    bool dry_run = false;
};

void print_import(Output& output, const boost::json::object& answer, bool dry_run) {
    for (const auto& warning : array_of(answer, "import_warnings"))
        output.warn(warning.is_string() ? std::string(warning.get_string()) : std::string());
    print_plan(output, answer, !dry_run);
    for (const auto& name : array_of(answer, "gone"))
        output.note(fmt::format("job {} is gone at AWS; it stays here until it is deleted",
                                std::string_view(name.get_string())));
    for (const auto& item : array_of(answer, "refused")) {
        const auto& one = as_object(item);
        output.warn(fmt::format("job {} is left as it is: {}", text_of(one, "name"), text_of(one, "detail")));
    }
    output.note(fmt::format("AWS has {} jobs", text_of(answer, "discovered")));
}

Async<int> import_jobs(Context& context, ImportOptions options) {
    auto session = Session::open(context);
    if (!session) co_return exit_bad_input;
    boost::json::object body{{"dry_run", options.dry_run}};
    boost::json::array filters;
    for (const auto& filter : options.filters) filters.emplace_back(filter);
    if (!filters.empty()) body["filter"] = std::move(filters);
    if (!options.name_space.empty()) body["namespace"] = options.name_space;
    auto path = fmt::format("/platforms/{}/import", path_segment(options.platform));
    auto answer = co_await session->client.post(std::move(path), std::move(body));
    if (!answer) co_return session->fail(answer.error());
    if (!session->as_json(answer.value()))
        print_import(session->output(), as_object(answer.value()), options.dry_run);
    co_return array_of(as_object(answer.value()), "refused").empty() ? exit_success : exit_refused;
}

}  // namespace

void add_import_command(CLI::App& job, Chosen& chosen) {
    auto options = std::make_shared<ImportOptions>();
    auto* command = add_remote(job, chosen, "import",
                               "Create and update jobs from what a platform has at AWS; what you set stays",
                               import_examples, options, import_jobs);
    add_word(command, "PLATFORM_NAME", options->platform, "A platform of the server");
    add_list(command, "--filter", options->filters, "GLOB",
             "Those whose name or id at AWS fits (repeatable)");
    command->add_option("-n,--namespace", options->name_space, "Of new jobs (default: the platform's name)")
        ->type_name("NAMESPACE");
    command->add_flag("--dry-run", options->dry_run, "Show what would change and change nothing");
}

}  // namespace polysync::cli
