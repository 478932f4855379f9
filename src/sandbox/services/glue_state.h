// The jobs and runs of simulated Glue in one account and region. A run's state is computed from its times and
// `now`; only what one run does to another (a slot that frees, an automatic retry) is carried out, by
// settle().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sandbox/services/outcome.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

struct GlueJob {
    std::string name;
    JsonObject definition;  // the Job shape of the model
    JsonObject tags;
    std::string command;  // glueetl, gluestreaming, pythonshell, glueray
    int max_concurrent_runs = 1;
    int max_retries = 0;
    int timeout_minutes = 2880;
    bool queuing = false;
    OutcomeScript script;
    std::vector<std::uint32_t> runs;                         // in the order of their making
    std::set<std::pair<SandboxTime, std::uint32_t>> active;  // by end
    std::deque<std::uint32_t> waiting;
    SandboxTime slot_free_at;
};

struct GlueRun {
    std::string id;
    GlueJob* job = nullptr;
    JsonObject request;  // Arguments and settings as they came, the job's where none came
    OutcomePtr outcome;
    const GlueRun* previous = nullptr;  // the failed run that this one repeats
    int attempt = 0;
    int timeout_minutes = 0;
    bool waiting = false;
    SandboxTime made;
    SandboxTime not_before;  // waiting: no capacity until then
    SandboxTime started;     // the rest only once it does not wait
    SandboxTime running;
    SandboxTime planned_end;  // without a stop
    SandboxTime ends;
    SandboxTime stop_asked;  // epoch: never
    std::string_view final_state;
};

class GlueState {
  public:
    std::map<std::string, GlueJob, std::less<>> jobs;

    [[nodiscard]] GlueRun* find(std::string_view id);
    [[nodiscard]] GlueRun& run(std::uint32_t index) { return runs_[index]; }
    // Runs of all jobs that hold a slot. An upper bound between two calls of settle() for each job.
    [[nodiscard]] std::size_t active_runs() const { return active_; }

    // Everything that happened up to `now`: waiting runs got their slots, failed ones their retries.
    void settle(GlueJob& job, SandboxTime now, const Settings& settings);
    // A new run; it waits where the job has no free slot or its script wants so.
    GlueRun& start(GlueJob& job, std::string id, JsonObject request, int timeout_minutes, SandboxTime now,
                   const Settings& settings);
    void stop(GlueRun& run, SandboxTime now, const Settings& settings);

    [[nodiscard]] static std::string_view state_of(const GlueRun& run, SandboxTime now);
    [[nodiscard]] static bool terminal(const GlueRun& run, SandboxTime now);

  private:
    GlueRun& add(GlueJob& job, std::string id);
    void give_slot(GlueRun& run, std::uint32_t index, SandboxTime at, const Settings& settings);
    void ended(std::uint32_t index, const Settings& settings);

    std::deque<GlueRun> runs_;
    std::unordered_map<std::string, std::uint32_t> by_id_;
    std::size_t active_ = 0;
};

}  // namespace polysync::sandbox
