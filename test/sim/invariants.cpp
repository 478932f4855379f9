#include "test/sim/invariants.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/run_machine.h"
#include "test/sim/definitions.h"

namespace polysync::sim {

void Witness::moved(const TaskRun& before, std::string_view event, const TaskRun& after,
                    const VirtualClock& clock) {
    ++transitions[fmt::format("{} {} {}", to_string(before.state), event, to_string(after.state))];
    if (event == "claimed") {
        claims.push_back({after, clock.forward(), clock.latest()});
        claimed[after.id] = clock.forward();
        if (cancelled.contains(before.id))
            violations.push_back(
                fmt::format("run {} is submitted again after its cancel", number(before.id)));
    }
    if (after.cancel != CancelCause::none && before.cancel == CancelCause::none)
        ever_cancelled.insert(before.id);
    if (after.cancel == CancelCause::timeout && before.cancel == CancelCause::none)
        timeouts.push_back({after, clock.forward() - claimed[after.id]});
    bool by_people = after.cancel != CancelCause::none && after.cancel != CancelCause::timeout;
    if (event == "cancel_requested" && by_people) cancelled.insert(before.id);
    if (event == "cancel_refused") cancelled.erase(before.id);
    if (event == "marked_succeeded" || event == "skip_requested") marked.insert(before.id);
}

namespace {

// Of a node that goes by the store's clock: what it takes for the way of an answer, both at the beginning and
// at the end of a span.
constexpr Millis clock_error(60);

class Check {
  public:
    Check(World& world, const Witness& witness, const Expectations& expected)
        : world_(world), witness_(witness), expected_(expected) {
        for (const auto& t : engine::transitions()) steps_.emplace(t.from, t.to);
    }

    std::vector<std::string> all(int& runs) {
        out_ = witness_.violations;
        world_.in_store([this](store::Transaction& transaction) { return load(transaction); });
        runs = int(runs_.size());
        for (const auto& [id, run] : runs_) check_run(run);
        check_books();
        check_limits();
        check_rate();
        check_fires();
        check_clocks();
        check_tokens();
        return out_;
    }

  private:
    template <class... Args>
    void violated(fmt::format_string<Args...> format, Args&&... args) {
        out_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    Status load(store::Transaction& transaction) {
        store::Page page{.limit = 1000};
        do {
            POLYSYNC_TRY(auto got, transaction.list_runs({.newest_first = false}, page));
            for (auto& run : got.runs) {
                POLYSYNC_TRY(attempts_[run.id], transaction.attempts(run.id));
                POLYSYNC_TRY(histories_[run.id], transaction.history(run.id));
                runs_[run.id] = std::move(run);
            }
            page.cursor = got.next;
        } while (!page.cursor.empty());
        for (const auto& [id, task] : world_.catalog().tasks) {
            POLYSYNC_TRY(tokens_[id], transaction.tokens_of(id));
        }
        POLYSYNC_TRY(counts_, transaction.in_flight_counts());
        POLYSYNC_TRY(auto events, transaction.events_after(0, 1'000'000));
        for (const auto& event : events)
            if (event.document.find(secret_text) != std::string::npos) violated("an event shows the secret");
        return success();
    }

    std::string name(const TaskRun& run) const {
        const auto* task = world_.catalog().task(run.key.task);
        return fmt::format("run {} of {} {} {}", number(run.id), task ? task->task.meta.name.str() : "?",
                           run.key.lane, run.key.key);
    }

    void check_run(const TaskRun& run) {
        if (!is_terminal(run.state) && run.created_at < expected_.settled)
            violated("{} never ended: {} {}", name(run), to_string(run.state), run.waiting_for);
        check_history(run);
        check_attempts(run);
        check_secrets(run);
        check_end(run);
    }

    // TASK-8: whole, in order, only steps of the diagram.
    void check_history(const TaskRun& run) {
        const auto& history = histories_[run.id];
        if (history.empty()) return violated("{} has no history", name(run));
        if (history.back().state != run.state) violated("{}: its history ends elsewhere", name(run));
        if (history.front().state != RunState::queued && history.front().state != RunState::skipped)
            violated("{}: its history begins as {}", name(run), to_string(history.front().state));
        for (std::size_t i = 1; i < history.size(); ++i)
            if (!steps_.contains({history[i - 1].state, history[i].state}))
                violated("{}: its history leads from {} to {}", name(run), to_string(history[i - 1].state),
                         to_string(history[i].state));
    }

    // SAFE-1: at most one start per attempt; TASK-6: as many attempts as the policy has.
    void check_attempts(const TaskRun& run) {
        const auto& aws = *world_.aws.at(run.platform);
        std::map<int, int> starts;
        for (const auto& attempt : attempts_[run.id]) {
            tokens_known_.insert(attempt.token);
            starts[attempt.attempt] += aws.starts_of(attempt.token);
        }
        for (const auto& [attempt, count] : starts)
            if (count > 1) violated("{}: attempt {} was started {} times", name(run), attempt, count);
        const auto* task = world_.catalog().task(run.key.task);
        int most = task ? task->task.retry.max_attempts + task->task.retry.infrastructure_retries : 1;
        if (run.attempt > most) violated("{}: {} attempts of {}", name(run), run.attempt, most);
        if (run.state == RunState::succeeded && starts.empty() && !witness_.marked.contains(run.id))
            violated("{} succeeded and was never started", name(run));
    }

    // SAFE-3
    void check_secrets(const TaskRun& run) {
        std::string all = run.message + run.remedy + run.outputs + run.values + run.waiting_for;
        for (const auto& attempt : attempts_[run.id]) all += attempt.intent + attempt.message;
        for (const auto& entry : histories_[run.id]) all += entry.message;
        if (all.find(secret_text) != std::string::npos) violated("{} shows the secret", name(run));
    }

    // SAFE-2: what AWS says of the last submission is what the run says.
    void check_end(const TaskRun& run) {
        const auto& books = world_.aws.at(run.platform)->runs();
        auto found = books.find(run.pipeline_run_id);
        if (found == books.end() || found->second.forgotten || !is_terminal(run.state)) return;
        if (witness_.marked.contains(run.id)) return;
        const auto& made = found->second;
        auto end = made.stopped ? PipelineRunStatus::cancelled : made.end;
        bool here = run.state == RunState::succeeded, there = end == PipelineRunStatus::success;
        if (run.code == "outcome_unknown") return;
        if (here && !there) violated("{} succeeded here, not at AWS", name(run));
        if (run.state == RunState::failed && there) violated("{} failed here, succeeded at AWS", name(run));
        if (world_.clock.true_time() < made.ends) violated("{} ended here and runs on at AWS", name(run));
    }

    // SAFE-1: every start belongs to an attempt of ours, each token at most once. SAFE-6: what was cancelled
    // at AWS was to be cancelled.
    void check_books() {
        std::map<std::string, RunId> owners;
        for (const auto& [id, attempts] : attempts_)
            for (const auto& attempt : attempts) owners[attempt.token] = id;
        for (const auto& [platform, aws] : world_.aws) {
            for (const auto& [id, run] : aws->runs()) {
                if (aws->starts_of(run.token) > 1)
                    violated("a token was started {} times", aws->starts_of(run.token));
                if (!tokens_known_.contains(run.token))
                    violated("a start that no attempt knows: {}", run.token);
            }
            for (const auto& id : aws->cancelled()) {
                auto run = aws->runs().find(id);
                auto owner = run == aws->runs().end() ? owners.end() : owners.find(run->second.token);
                if (owner == owners.end() || !witness_.ever_cancelled.contains(owner->second))
                    violated("{} was cancelled at AWS and nobody had asked for it", id);
            }
        }
    }

    // CON-1, TASK-7, by the books of AWS.
    void check_limits() {
        for (auto platform : {list_platform, token_platform}) {
            int most = world_.aws.at(platform)->most_at_once();
            if (most > slots(expected_.seed))
                violated("{} runs at once on platform {} with {} slots", most, number(platform),
                         slots(expected_.seed));
        }
        for (const auto& [id, task] : world_.catalog().tasks) {
            if (task.platform == express_platform)
                continue;  // AWS cannot say whether such a run is still there
            int most = world_.aws.at(task.platform)->most_at_once(task.task.meta.name.str());
            if (most > task.task.max_active)
                violated("{} runs of {} at once, its cap is {}", most, task.task.meta.name.str(),
                         task.task.max_active);
        }
        std::map<std::pair<ObjectId, ObjectId>, int> really;
        for (const auto& [id, run] : runs_)
            if (is_in_flight(run.state)) ++really[{run.platform, run.key.task}];
        int counted = 0, there = 0;
        for (const auto& count : counts_) counted += count.count;
        for (const auto& [place, count] : really) there += count;
        if (counted != there) violated("{} slots are taken by {} runs", counted, there);
    }

    // CON-2: never more than a full bucket and what has flowed into it since.
    void check_rate() {
        const auto& rule = world_.catalog().profiles.at(rate_profile).profile;
        bool by_window = rule.exceed_action == ExceedAction::defer_to_next_window;
        double capacity = rule.algorithm == RateAlgorithm::leaky_bucket ? 1 : rule.limit;
        std::vector<Millis> times;
        for (const auto& claim : witness_.claims)
            if (claim.run.platform == list_platform || claim.run.platform == express_platform)
                times.push_back(claim.forward);
        for (std::size_t i = 0; i < times.size(); ++i)
            for (std::size_t j = i; j < times.size() && j < i + 60; ++j) {
                double span = double((times[j] - times[i]).count()) / double(Millis(rule.window).count());
                double most = by_window ? rule.limit * (2 + std::floor(span)) : capacity + span * rule.limit;
                if (double(j - i + 1) > most + 1e-6)
                    return violated("{} dispatches within {} windows of {}", j - i + 1, span, rule.limit);
            }
    }

    // TASK-3: every hour has one first run, whatever crashed.
    void check_fires() {
        const auto& task = *world_.catalog().task(hourly);
        std::map<std::string, int> fired;
        for (const auto& [id, run] : runs_)
            if (run.key.task == hourly && run.key.lane == "live" && run.key.rerun == 0) ++fired[run.key.key];
        const auto& schedule = task.schedules.front();
        for (auto fire = schedule.cron.next_after(expected_.fires_from, schedule.zone);
             fire < expected_.fires_until; fire = schedule.cron.next_after(fire, schedule.zone)) {
            auto key = engine::interval_before(task.partition, fire).key;
            if (fired[key] != 1) violated("{} runs for hour {}", fired[key], key);
        }
    }

    // TASK-3, TASK-6: whatever a node's own clock says, nothing is early: no hour's run before the hour is
    // over, no time-out before its time. The latter begins with the claim at the earliest.
    void check_clocks() {
        const auto& partition = world_.catalog().task(hourly)->partition;
        for (const auto& claim : witness_.claims) {
            if (claim.run.key.task != hourly || claim.run.key.lane != "live") continue;
            auto hour = engine::parse_key(partition, claim.run.key.key);
            if (hour && claim.latest + clock_error < hour.value().end)
                violated("{} is submitted at {}", name(claim.run), format_iso8601(claim.latest));
        }
        for (const auto& timeout : witness_.timeouts) {
            const auto* task = world_.catalog().task(timeout.run.key.task);
            if (task && timeout.after + clock_error < task->task.execution_timeout)
                violated("{} was timed out after {} s", name(timeout.run),
                         timeout.after / std::chrono::seconds(1));
        }
    }

    // TASK-5: where a run has ended, each child has its run for the key, and no token is left over.
    void check_tokens() {
        std::set<std::tuple<ObjectId, std::string, std::string>> there;
        std::map<std::tuple<ObjectId, std::string, std::string>, const TaskRun*> newest;
        for (const auto& [id, run] : runs_) {
            there.emplace(run.key.task, run.key.lane, run.key.key);
            auto& slot = newest[{run.key.task, run.key.lane, run.key.key}];
            if (!slot || slot->key.rerun < run.key.rerun) slot = &run;
        }
        for (const auto& [place, run] : newest) {
            if (run->created_at >= expected_.settled || !is_terminal(run->state) || !run->downstream)
                continue;
            if (run->key.lane != "live") continue;
            for (auto child : {hourly_child, hourly_express, cleanup, slow, guarded})
                if (run->key.task == hourly && !there.contains({child, run->key.lane, run->key.key}))
                    violated("{} ended, and task {} has no run", name(*run), number(child));
        }
        for (auto child : {hourly_child, hourly_express, hourly_join, cleanup, slow, guarded})
            for (const auto& token : tokens_[child])
                if (token.at < expected_.settled && there.contains({child, token.lane, token.key}))
                    violated("a token of task {} for {} {} was consumed and is still there", number(child),
                             token.lane, token.key);
    }

    World& world_;
    const Witness& witness_;
    const Expectations& expected_;
    std::set<std::pair<RunState, RunState>> steps_;
    std::map<RunId, TaskRun> runs_;
    std::map<RunId, std::vector<Attempt>> attempts_;
    std::map<RunId, std::vector<HistoryEntry>> histories_;
    std::map<ObjectId, std::vector<Token>> tokens_;
    std::vector<store::InFlightCount> counts_;
    std::set<std::string> tokens_known_;
    std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> check_invariants(World& world, const Witness& witness, const Expectations& expected,
                                          int& runs) {
    return Check(world, witness, expected).all(runs);
}

}  // namespace polysync::sim
