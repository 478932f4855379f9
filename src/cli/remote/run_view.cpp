// Runs as the user sees them, and following one to its end.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

constexpr auto first_look = Millis(500);
constexpr auto slowest_look = Millis(5000);
constexpr auto outage_patience = std::chrono::minutes(10);

bool has_ended(const std::string& state) {
    return state == "Succeeded" || state == "Failed" || state == "Cancelled" || state == "Skipped";
}

int exit_code_of_state(const boost::json::object& run) {
    std::string state = text_of(run, "state");
    if (state == "Failed")
        return text_of(run, "code") == "outcome_unknown" ? exit_unreachable : exit_run_failed;
    return state == "Cancelled" ? exit_cancelled : exit_success;
}

std::string state_of(const boost::json::object& run, const Output& output, bool on_stderr) {
    std::string state = text_of(run, "state");
    std::string out = output.paint(colour_of_state(state), state, on_stderr);
    if (std::string aws = text_of(run, "aws_status"); !aws.empty() && aws != state)
        out += fmt::format(" ({})", printable(aws));
    if (std::string attempt = text_of(run, "attempt"); !attempt.empty() && attempt != "1")
        out += fmt::format("  attempt {}", attempt);
    std::string why = state == "Queued" ? text_of(run, "waiting_for") : std::string();
    if (!why.empty()) out += fmt::format("  waits: {}", printable(why));
    return out;
}

// One per watch_run().
class Watch {
  public:
    Watch(Session& session, std::string run)
        : session_(session),
          path_("/runs/" + path_segment(run)),
          began_(session.context.services.clock.steady_now()),
          answered_(began_) {}

    Async<int> watch() {
        Clock& clock = session_.context.services.clock;
        while (true) {
            auto answer = co_await session_.client.get(path_);
            if (answer) {
                answered_ = clock.steady_now();
                const auto& run = as_object(answer.value());
                show(run);
                if (has_ended(text_of(run, "state"))) co_return finish(answer.value());
            } else if (!passing(answer.error())) {
                co_return session_.fail(answer.error());
            }
            auto waited = std::chrono::duration_cast<Millis>(clock.steady_now() - began_);
            co_await clock.sleep_for(std::clamp(waited / 10, first_look, slowest_look));
        }
    }

  private:
    // A server that is being restarted is waited for: the run goes on without it.
    bool passing(const Error& error) {
        bool away = error.kind == ErrorKind::transient || error.kind == ErrorKind::unclear;
        if (!away || session_.context.services.clock.steady_now() - answered_ > outage_patience) return false;
        if (!away_told_) session_.output().warn("the run goes on; waiting for the server: " + error.message);
        return away_told_ = true;
    }

    void show(const boost::json::object& run) {
        away_told_ = false;
        bool terminal = session_.output().console().err_is_terminal();
        std::string state = state_of(run, session_.output(), true);
        auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(
                           session_.context.services.clock.steady_now() - began_)
                           .count();
        std::string line = fmt::format("{:>3}:{:02}  {}", elapsed / 60, elapsed % 60, state);
        if (terminal && !has_ended(text_of(run, "state"))) {
            session_.output().live(line);
        } else if (!terminal && state != shown_) {
            session_.output().note(line);
        }
        shown_ = std::move(state);
    }

    int finish(const boost::json::value& run) {
        session_.output().live("");
        if (!session_.as_json(run)) session_.output().result(describe_run(session_, as_object(run)));
        return exit_code_of_state(as_object(run));
    }

    Session& session_;
    std::string path_;
    SteadyTime began_, answered_;
    std::string shown_;
    bool away_told_ = false;
};

}  // namespace

Async<int> watch_run(Session& session, std::string run) {
    Watch watch(session, std::move(run));
    co_return co_await watch.watch();
}

std::string describe_run(Session& session, const boost::json::object& run) {
    Block block;
    block.line("run", text_of(run, "id"));
    block.line("task", text_of(run, "task"));
    std::string rerun = text_of(run, "rerun");
    block.line("key", fmt::format("{} in lane {}{}", text_of(run, "key"), text_of(run, "lane"),
                                  rerun.empty() || rerun == "0" ? "" : ", rerun " + rerun));
    block.line("chain", text_of(run, "chain"));
    block.line("state", state_of(run, session.output(), false));
    block.line("trigger", text_of(run, "trigger"));
    block.line("platform", text_of(run, "platform"));
    block.line("created", short_time(text_of(run, "created_at")));
    block.line("started", short_time(text_of(run, "started_at")));
    block.line("ended", short_time(text_of(run, "ended_at")));
    block.line("duration", duration_between(text_of(run, "started_at"), text_of(run, "ended_at")));
    block.line("message", text_of(run, "message"));
    block.line("what to do", text_of(run, "remedy"));
    block.line("exit code", text_of(run, "exit_code"));
    for (const auto& [name, value] : object_of(run, "values"))
        block.line("value",
                   fmt::format("{} = {}", std::string_view(name), text_of(object_of(run, "values"), name)));
    for (const auto& [name, value] : object_of(run, "outputs"))
        block.line("output", fmt::format("{} = {}", std::string_view(name), boost::json::serialize(value)));
    block.line("aws run", text_of(run, "pipeline_run_id"));
    block.line("console", text_of(run, "monitor_url"));
    return block.text();
}

void print_runs(Session& session, const boost::json::array& runs) {
    Table table({"RUN", "TASK", "KEY", "LANE", "STATE", "TRY", "TRIGGER", "CREATED", "TOOK", "MESSAGE"});
    for (const auto& item : runs) {
        const auto& run = as_object(item);
        std::string lane = text_of(run, "lane");
        std::string state = text_of(run, "state");
        std::string message = text_of(run, state == "Queued" ? "waiting_for" : "message");
        if (message.size() > 60) message = message.substr(0, message.find_last_of(' ', 60)) + " …";
        std::string attempt = text_of(run, "attempt");
        table.row({text_of(run, "id"), text_of(run, "task"), text_of(run, "key"), lane == "live" ? "" : lane,
                   state_cell(state), attempt == "1" ? "" : attempt, text_of(run, "trigger"),
                   session.age(text_of(run, "created_at")),
                   duration_between(text_of(run, "started_at"), text_of(run, "ended_at")), message});
    }
    table.print(session.output(), "no runs");
}

}  // namespace polysync::cli
