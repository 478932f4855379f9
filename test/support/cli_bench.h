// A console, a journal and a provider that tests script. Header-only; tests only.
#pragma once

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "cli/services.h"
#include "test/support/run_async.h"

namespace polysync::cli::test {

class FakeConsole final : public Console {
  public:
    std::string out_text, err_text;
    bool terminal = false;
    bool colours = false;
    std::deque<std::string> lines;  // what the user types
    int interrupts = 0;             // pressed and not yet seen

    void out(std::string_view text) override { out_text += text; }
    void err(std::string_view text) override { err_text += text; }
    [[nodiscard]] std::string out_error() const override { return {}; }
    [[nodiscard]] bool out_is_terminal() const override { return terminal; }
    [[nodiscard]] bool err_is_terminal() const override { return terminal; }
    [[nodiscard]] bool in_is_terminal() const override { return terminal; }
    [[nodiscard]] bool colours_allowed() const override { return colours; }
    [[nodiscard]] int columns() const override { return 80; }

    Async<bool> interrupted() override {
        if (take_interrupt()) co_return true;
        boost::asio::steady_timer never(co_await boost::asio::this_coro::executor);
        while (interrupts == 0) {
            never.expires_at(boost::asio::steady_timer::time_point::max());
            waiting_ = &never;
            boost::system::error_code error;
            co_await never.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
            waiting_ = nullptr;
            if (interrupts == 0) co_return false;  // cancelled: the work came first
        }
        --interrupts;
        co_return true;
    }
    void interrupt() {
        ++interrupts;
        if (waiting_) waiting_->cancel();
    }

    Async<std::optional<std::string>> read_line() override {
        if (lines.empty()) co_return std::nullopt;
        std::string line = lines.front();
        lines.pop_front();
        co_return line;
    }

  private:
    boost::asio::steady_timer* waiting_ = nullptr;
};

class FakeJournal final : public Journal {
  public:
    std::map<std::string, JournalEntry> entries;

    Result<std::unique_ptr<Lock>> try_lock(const std::string&) override { return std::make_unique<Lock>(); }
    Result<std::optional<JournalEntry>> read(const std::string& token) override {
        auto found = entries.find(token);
        if (found == entries.end()) return std::optional<JournalEntry>();
        return std::optional<JournalEntry>(found->second);
    }
    Status write(const std::string& token, const JournalEntry& entry) override {
        entries[token] = entry;
        return success();
    }
    void forget(const std::string& token) override { entries.erase(token); }
};

// What the fake provider answers, and what it was asked; outlives the providers made from it.
struct Script {
    Platform platform;
    std::deque<Result<JobPage>> pages;
    std::optional<Result<Job>> job;
    std::deque<Result<PipelineRun>> submits;
    std::deque<Result<FindAnswer>> finds;
    std::map<std::string, std::deque<Result<PipelineRun>>> statuses;  // the last one stays
    std::deque<Result<LogPage>> logs;
    Result<CancelResult> cancel_answer = CancelResult::requested;
    ConnectionReport report;
    std::vector<std::string> calls;
    SubmissionIntent submitted;
    std::function<void(const std::string& call)> on_call;

    void note(const std::string& call) {
        calls.push_back(call);
        if (on_call) on_call(call);
    }
    [[nodiscard]] int count(const std::string& call) const {
        return int(std::count(calls.begin(), calls.end(), call));
    }
};

template <class T>
Result<T> next_of(std::deque<Result<T>>& answers, bool keep_last = false) {
    if (answers.empty()) return make_error(ErrorKind::internal, "unscripted", "the test scripted no answer");
    Result<T> answer = answers.front();
    if (answers.size() > 1 || !keep_last) answers.pop_front();
    return answer;
}

class FakeProvider final : public Provider {
  public:
    explicit FakeProvider(Script& script) : script_(script) {}
    [[nodiscard]] const Platform& platform() const override { return script_.platform; }
    Async<Result<JobPage>> discover(std::string next) override {
        script_.note("discover " + next);
        co_return next_of(script_.pages);
    }
    Async<Result<Job>> describe(std::string) override {
        script_.note("describe");
        if (!script_.job)
            co_return make_error(ErrorKind::access_denied, "AccessDeniedException", "not for you");
        co_return *script_.job;
    }
    [[nodiscard]] Result<SubmissionIntent> prepare(const SubmitSpec& spec) const override {
        SubmissionIntent intent;
        intent.external_id = spec.job.external_id;
        intent.token = spec.token;
        intent.operation = "StartJobRun";
        intent.request["JobName"] = spec.job.external_id;
        intent.request["Attributes"] = spec.job.attributes;
        for (const auto& value : spec.values) {
            if (value.parameter.is_output()) intent.outputs.push_back(value.parameter);
            if (!value.value) continue;
            intent.request[value.parameter.name] =
                std::string(to_string(value.parameter.type)) + ":" + *value.value;
            intent.provenance.push_back({value.parameter.name, *value.value, value.source});
        }
        return intent;
    }
    Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) override {
        script_.note("complete");
        co_return intent;
    }
    Async<Result<PipelineRun>> submit(const SubmissionIntent& intent, aws::LeaveToSend) override {
        script_.submitted = intent;
        script_.note("submit");
        co_return next_of(script_.submits);
    }
    Async<Result<FindAnswer>> find_submission(const SubmissionIntent&, SystemTime) override {
        script_.note("find");
        co_return next_of(script_.finds, true);
    }
    Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) override {
        script_.note("statuses");
        std::vector<StatusAnswer> answers;
        for (const auto& run : runs)
            answers.push_back({run.run_id, next_of(script_.statuses[run.run_id], true)});
        co_return answers;
    }
    Async<Result<CancelResult>> cancel(RunReference, SubmissionToken) override {
        script_.note("cancel");
        co_return script_.cancel_answer;
    }
    [[nodiscard]] std::string monitor_url(std::string_view, std::string_view) const override { return {}; }
    Async<ConnectionReport> test_connection() override {
        script_.note("test");
        co_return script_.report;
    }
    [[nodiscard]] boost::json::object required_permissions(const PolicyScope&) const override { return {}; }
    [[nodiscard]] Error diagnose(Error error) const override {
        if (error.code == "AccessDeniedException") error.remedy = "grant it";
        return error;
    }
    Async<Result<LogPage>> logs(RunReference, std::string cursor) override {
        script_.note("logs " + cursor);
        co_return next_of(script_.logs, true);
    }

  private:
    Script& script_;
};

// A definition file with the platform "p", a scripted AWS, and a command line.
struct Bench {
    FakeConsole console;
    ManualClock clock{SystemTime(std::chrono::hours(24 * 365 * 50))};
    SeededRandom random{7};
    FakeJournal journal;
    Script script;
    std::map<std::string, std::string> variables;
    http::HttpClient* server = nullptr;  // what commands that ask a server go through
    std::string state_folder = "/nonexistent";
    Result<TokenInspection> token = make_error(ErrorKind::credentials, "no_token", "no token here");
    std::string file = (std::filesystem::temp_directory_path() /
                        ("polysync_cli_test_" + std::to_string(::getpid()) + ".yaml"))
                           .string();

    Bench() {
        std::ofstream(file) << "platforms:\n  - {name: p, type: aws_glue, region: us-east-1, auth: {method: "
                               "default_chain}}\n";
        script.platform.name = "p";
        script.platform.region = "us-east-1";
    }
    ~Bench() { std::filesystem::remove(file); }

    static Async<Result<TokenInspection>> answer(Result<TokenInspection> given) { co_return given; }

    int run(std::vector<std::string> arguments) {
        console.out_text.clear();
        console.err_text.clear();
        arguments.insert(arguments.end(), {"-f", file});
        auto parsed = parse_arguments(arguments, {});
        if (auto* refusal = std::get_if<Refusal>(&parsed)) {
            console.err_text = refusal->message + "\n" + refusal->remedy;
            return refusal->exit_code;
        }
        auto connect = [this](const Platform&) -> Result<std::unique_ptr<Provider>> {
            return std::unique_ptr<Provider>(std::make_unique<FakeProvider>(script));
        };
        auto environment = [this](const std::string& name) {
            auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
        };
        auto http = [this]() -> Result<http::HttpClient*> { return server; };
        auto inspect = [this](const Platform&) { return answer(token); };
        Services services{.console = console,
                          .clock = clock,
                          .random = random,
                          .journal = journal,
                          .connect = connect,
                          .inspect_token = inspect,
                          .environment = environment,
                          .version = "1.2.3",
                          .sandbox_options = {},
                          .http = http,
                          .state_folder = state_folder};
        return polysync::test::run_async(execute(std::get<Invocation>(std::move(parsed)), services));
    }
};

inline PipelineRun run_with(PipelineRunStatus status, std::string aws_status, std::string run_id = "j/1") {
    PipelineRun run;
    run.run_id = std::move(run_id);
    run.status = status;
    run.aws_status = std::move(aws_status);
    return run;
}

}  // namespace polysync::cli::test
