// An AWS of the simulator's: platforms of the kinds of idempotency that there are, with faults, and books
// that nothing can cheat.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "provider/provider.h"
#include "test/sim/virtual_clock.h"

namespace polysync::sim {

// How a service treats a repeated start (aws-facts 1.6).
enum class StartKind {
    by_list,     // Batch, Glue: no token; found in a list that lags behind
    by_token,    // SageMaker, Step Functions: the same token gives the same run
    unknowable,  // Express: no trace, and no cancel
};

struct Faults {
    double lost_after = 0;   // of starts: done, but the answer is lost
    double lost_before = 0;  // of starts: never arrived, and the answer is lost all the same
    double throttled = 0;    // of all calls
    double contention = 0;   // of starts
    double refused = 0;      // of starts: no, for good; the refusal repeats what was sent
    double unreachable = 0;  // of reads and cancels
    double no_cancel = 0;    // of cancels: this kind of run has none, as Express says always
    double run_fails = 0;    // of runs
    double run_lost = 0;     // of runs: lost to infrastructure
    double run_is_slow = 0;  // of runs: beyond any execution timeout
    double stopped = 0;      // of runs: by somebody in the console
    double forgotten = 0;    // of runs: AWS knows nothing of it after a while
    Millis list_delay{0};    // how long lists lag
};

struct FakeRun {
    std::string id, token, task, key;
    boost::json::object parameters, attributes;
    SystemTime started{}, ends{};  // in AWS's time
    Millis begins_after{500};      // STARTING, then WAITING for as long again, then RUNNING
    // Instead, from each age on, as Batch may tell it: {{0min, "RUNNABLE"}, {5min, "RUNNING"}}.
    std::vector<std::pair<Millis, std::string>> shows;
    bool starts_at_once = false;  // by AWS's own account, whatever it shows
    std::string message;          // what AWS says while it waits, and when it fails
    PipelineRunStatus end = PipelineRunStatus::success;
    std::map<std::string, boost::json::value> outputs;
    bool infrastructure_loss = false;
    bool stopped = false;    // by a cancel of ours
    bool forgotten = false;  // AWS does not know it any more
    std::vector<std::string> log;
};

// One platform's AWS. Outlives every crash of the runtime.
class FakePlatform {
  public:
    FakePlatform(StartKind kind, VirtualClock& clock, Random& random, Faults& faults)
        : kind_(kind), clock_(clock), random_(random), faults_(faults) {}

    [[nodiscard]] const std::map<std::string, FakeRun>& runs() const { return runs_; }
    [[nodiscard]] int starts_of(const std::string& token) const;
    [[nodiscard]] StartKind kind() const { return kind_; }
    // The most runs at any moment; of one task with `task`.
    [[nodiscard]] int most_at_once() const { return most_at_once_; }
    [[nodiscard]] int most_at_once(const std::string& task) const;
    // Ids of runs that a cancel came for.
    [[nodiscard]] const std::vector<std::string>& cancelled() const { return cancelled_; }

    // Decides what becomes of a run that starts; without one, chance does.
    std::function<void(FakeRun&)> script;
    // Hears what is asked about, and says how long the answer takes beyond what others do.
    std::function<Millis(const std::vector<RunReference>&)> on_statuses;
    bool is_out = false;             // nothing answers
    std::optional<Error> refuses;    // starts, with this
    std::optional<Error> log_error;  // logs cannot be read
    std::optional<Error> status_error;

  private:
    friend class FakeProvider;
    [[nodiscard]] bool happens(double probability) { return probability > 0 && random_.unit() < probability; }
    [[nodiscard]] const FakeRun& start(const SubmissionIntent& intent);
    void decide_by_chance(FakeRun& run);
    [[nodiscard]] PipelineRun status(const FakeRun& run) const;
    [[nodiscard]] int running(const std::string& task, SystemTime time) const;

    StartKind kind_;
    VirtualClock& clock_;
    Random& random_;
    Faults& faults_;
    std::map<std::string, FakeRun> runs_;
    std::map<std::string, std::vector<std::string>> by_token_;
    std::map<std::string, std::vector<std::string>> open_;  // by task: ids of runs that may still run
    std::map<std::string, int> most_of_task_;
    std::vector<std::string> cancelled_;
    int most_at_once_ = 0;
};

// The provider in front of it, in a process that goes by `clock`; made anew after every crash. Calls take
// virtual time.
// `crash_point` is called before and after every call's effect, with its name: the process may crash or be
// paused there.
[[nodiscard]] std::shared_ptr<Provider> make_fake_provider(
    FakePlatform& aws, Platform platform, const Clock& clock,
    std::function<void(std::string_view)> crash_point = {});

}  // namespace polysync::sim
