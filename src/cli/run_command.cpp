#include <fmt/format.h>

#include "base/secret.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/render.h"
#include "cli/submission.h"
#include "cli/wait.h"

namespace polysync::cli {
namespace {

// "polysync -f x.yaml pipeline status etl ID"
std::string run_command_line(const GlobalOptions& global, std::string_view command,
                             const std::string& platform, const std::string& run_id) {
    std::string file = global.file == "polysync.yaml" ? "" : " -f " + shell_word(global.file);
    return fmt::format("polysync{} pipeline {} {} {}", file, command, shell_word(platform),
                       shell_word(run_id));
}

int print_dry_run(Context& context, const Platform& platform, const SubmissionIntent& intent) {
    Output& output = context.output;
    for (const auto& warning : intent.warnings) output.warn(warning);
    if (output.json()) {
        boost::json::array provenance, from_definition;
        for (const auto& part : intent.provenance) {
            provenance.push_back(
                boost::json::object{{"member", part.member}, {"value", part.value}, {"source", part.source}});
        }
        for (const auto& member : intent.from_definition) from_definition.emplace_back(member);
        output.json_result(boost::json::value{{"platform", platform.name},
                                              {"operation", intent.operation},
                                              {"request", intent.request},
                                              {"provenance", std::move(provenance)},
                                              {"from_definition", std::move(from_definition)},
                                              {"token", intent.token.str()}});
        return exit_success;
    }
    output.note(fmt::format("Nothing was sent. This would be {} in {}:", intent.operation, platform.region));
    output.result(pretty_json(intent.request));
    std::size_t members = 0, sources = 0;
    for (const auto& part : intent.provenance) {
        members = std::max(members, part.member.size());
        sources = std::max(sources, part.source.size());
    }
    output.result("\nWhere it comes from:");
    for (const auto& part : intent.provenance) {
        output.result(fmt::format("  {:<{}}  {:<{}}  {}", printable(part.member), members,
                                  printable(part.source), sources, printable(part.value)));
    }
    for (const auto& member : intent.from_definition) {
        output.result(
            fmt::format("  {:<{}}  AWS's definition of the job, read at submit", printable(member), members));
    }
    return exit_success;
}

void print_run(Context& context, const PipelineRun& run) {
    if (context.output.json()) {
        context.output.json_result(boost::json::value(to_json(run)));
    } else {
        context.output.result(describe(run, context.output));
    }
}

int report_failure(Context& context, const Provider& provider, Error error) {
    if (error.kind == ErrorKind::cancelled) {
        context.output.error(error);
        return exit_interrupted;
    }
    return report(context, provider, std::move(error));
}

Async<int> follow(Context& context, Provider& provider, const RunCommand& command, PipelineRun run,
                  const SubmissionIntent& intent) {
    RunReference reference{
        .run_id = run.run_id, .external_id = intent.external_id, .outputs = intent.outputs};
    reference.submitted_at = intent.created_at;
    reference.with_progress = true;
    WaitEnd end = co_await wait_for_end(context, provider, std::move(run), std::move(reference));
    std::string look_again = run_command_line(context.global, "status", command.platform, end.run.run_id);
    if (end.left) {
        print_run(context, end.run);
        context.output.note("interrupted; the run goes on. Look again with: " + look_again);
        co_return exit_interrupted;
    }
    if (end.error) {
        Error error = provider.diagnose(std::move(*end.error));
        error.message = fmt::format("the run {} was started, but its status cannot be read: {}",
                                    end.run.run_id, error.message);
        error.remedy += fmt::format("{}Look again with: {}", error.remedy.empty() ? "" : " ", look_again);
        context.output.error(error);
        co_return exit_code_of(error);
    }
    print_run(context, end.run);
    co_return exit_code_of(end.run);
}

}  // namespace

Async<int> run_job(Context& context, RunCommand command) {
    Output& output = context.output;
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    Provider& provider = *connected.provider;
    auto spec = make_spec(command, provider.platform(), context.services);
    if (!spec) co_return report(context, provider, spec.error());
    spec.value().token =
        SubmissionToken(command.token.empty() ? make_guid(context.services.random) : command.token);

    // Before any call: what can never work is refused here, and a dry run ends here.
    auto intent = provider.prepare(spec.value());
    if (!intent) co_return report(context, provider, intent.error());
    if (command.dry_run) co_return print_dry_run(context, provider.platform(), intent.value());

    auto consulted = co_await result_before_interrupt(
        consult_definition(context, provider, command, spec.value()), context.services.console);
    if (!consulted) {
        output.note("interrupted before anything was sent");
        co_return exit_interrupted;
    }
    if (!*consulted) co_return report(context, provider, consulted->error());
    intent = provider.prepare(spec.value());
    if (!intent) co_return report(context, provider, intent.error());
    for (const auto& warning : intent.value().warnings) output.warn(warning);
    if (command.token.empty()) output.note("token " + spec.value().token.str());

    SubmitOutcome outcome = co_await submit_once(context, provider, intent.value(), command);
    if (outcome.error) co_return report_failure(context, provider, std::move(*outcome.error));
    PipelineRun run = std::move(*outcome.run);
    if (outcome.found) {
        output.note(fmt::format("this token has already started {}; no second run was started", run.run_id));
    } else {
        output.note(fmt::format("started {}", run.run_id));
    }
    if (command.wait) co_return co_await follow(context, provider, command, std::move(run), intent.value());
    print_run(context, run);
    if (!output.json() && !is_terminal(run.status)) {
        output.note("follow it with: " +
                    run_command_line(context.global, "logs --follow", command.platform, run.run_id));
    }
    // Without --wait the submission is the result, unless the answer already held the end (a synchronous
    // execution).
    co_return exit_code_of(run);
}

}  // namespace polysync::cli
