// status, cancel and logs: what is asked of runs that exist.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/render.h"

namespace polysync::cli {
namespace {

constexpr auto follow_interval = std::chrono::seconds(2);
// CloudWatch shows the last lines a little after the run has ended.
constexpr int quiet_rounds_at_end = 2;

boost::json::object error_entry(const std::string& run_id, const Error& error) {
    boost::json::object entry{{"run_id", run_id}};
    entry["error"] = to_json(error).at("error");
    return entry;
}

void print_lines(const LogPage& page, Output& output) {
    std::string text;
    for (const auto& line : page.lines) {
        if (output.json()) {
            text += boost::json::serialize(boost::json::object{
                        {"time", format_iso8601(line.time)}, {"stream", line.stream}, {"text", line.text}}) +
                    "\n";
        } else {
            text += fmt::format("{}  {}  {}\n", output.paint(Colour::dim, format_iso8601(line.time)),
                                output.paint(Colour::cyan, printable(line.stream)), printable(line.text));
        }
    }
    if (!text.empty()) output.raw_result(text);
}

struct LogProgress {
    std::string cursor;
    std::size_t lines = 0;
    std::string note;
};

// Prints all that there is right now.
Async<Status> drain_logs(Context& context, Provider& provider, const RunReference& run,
                         LogProgress& progress) {
    while (true) {
        auto page = co_await provider.logs(run, progress.cursor);
        if (!page) co_return page.error();
        print_lines(page.value(), context.output);
        progress.lines += page.value().lines.size();
        progress.note = page.value().note;
        bool stuck = page.value().cursor == progress.cursor && page.value().lines.empty();
        if (!page.value().cursor.empty()) progress.cursor = page.value().cursor;
        if (page.value().at_end || stuck) co_return success();
    }
}

bool worth_another_try(const Error& error) {
    return error.kind == ErrorKind::transient || error.kind == ErrorKind::throttled ||
           error.kind == ErrorKind::unclear;
}

Async<Status> follow_logs(Context& context, Provider& provider, RunReference run, LogProgress& progress) {
    int quiet = 0;
    while (true) {
        // The status first: what the run wrote before its end is then surely asked for after it.
        auto one = one_run(run);
        auto answers = co_await provider.statuses(std::move(one));
        bool ended = false;
        if (!answers.empty() && answers[0].run) {
            ended = is_terminal(answers[0].run.value().status);
        } else if (!answers.empty() && !worth_another_try(answers[0].run.error())) {
            co_return answers[0].run.error();
        }
        std::size_t before = progress.lines;
        auto drained = co_await drain_logs(context, provider, run, progress);
        if (!drained && !worth_another_try(drained.error())) co_return drained.error();
        quiet = ended && progress.lines == before ? quiet + 1 : 0;
        if (quiet >= quiet_rounds_at_end) co_return success();
        co_await context.services.clock.sleep_for(follow_interval);
    }
}

}  // namespace

Async<int> show_status(Context& context, StatusCommand command) {
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    std::vector<RunReference> references;
    constexpr std::size_t few = 10;  // step counts cost a call per run
    for (const auto& run_id : command.run_ids) {
        references.push_back({run_id, {}, {}});
        references.back().with_progress = command.run_ids.size() <= few;
    }
    auto answers = co_await connected.provider->statuses(std::move(references));
    Output& output = context.output;
    boost::json::array list;
    int code = exit_success;
    bool first = true;
    for (auto& answer : answers) {
        if (answer.run) {
            if (output.json()) {
                list.push_back(to_json(answer.run.value()));
            } else {
                output.result((first ? "" : "\n") + describe(answer.run.value(), output));
                first = false;
            }
            continue;
        }
        Error error = answer.run.error();
        if (error.remedy.empty()) error = connected.provider->diagnose(std::move(error));
        code = std::max(code, int(exit_code_of(error)));
        if (output.json() && command.run_ids.size() > 1) {
            list.push_back(error_entry(answer.run_id, error));
        } else if (output.json()) {
            output.error(error);
            co_return code;
        } else {
            if (command.run_ids.size() > 1) output.note(printable(answer.run_id) + ":");
            output.error(error);
        }
    }
    if (output.json()) output.json_result(boost::json::value(std::move(list)));
    co_return code;
}

Async<int> cancel_run(Context& context, CancelCommand command) {
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    SubmissionToken token(make_guid(context.services.random));
    RunReference run{.run_id = command.run_id};  // named: g++ 12 destroys such temporaries of a co_await
                                                 // twice
    auto result = co_await connected.provider->cancel(std::move(run), token);
    if (!result) co_return report(context, *connected.provider, result.error());
    bool requested = result.value() == CancelResult::requested;
    if (context.output.json()) {
        context.output.json_result(boost::json::value{{"run_id", command.run_id},
                                                      {"cancel", requested ? "requested" : "already_ended"}});
    } else {
        context.output.result(requested
                                  ? "AWS is asked to stop " + printable(command.run_id)
                                  : printable(command.run_id) + " had already ended; nothing was cancelled");
    }
    co_return exit_success;
}

Async<int> show_logs(Context& context, LogsCommand command) {
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    RunReference run{.run_id = command.run_id};
    LogProgress progress;
    // g++ 12 destroys the result twice where co_await stands in a conditional expression.
    std::optional<Status> done;
    if (command.follow) {
        done = co_await follow_logs(context, *connected.provider, run, progress);
    } else {
        done = co_await drain_logs(context, *connected.provider, run, progress);
    }
    if (!*done) co_return report(context, *connected.provider, done->error());
    if (progress.lines == 0) {
        context.output.note(progress.note.empty() ? "the run has written no log" : printable(progress.note));
    }
    co_return exit_success;
}

}  // namespace polysync::cli
