// What the watcher keeps of runs in flight. For watcher.cpp, sweeps.cpp and polls.cpp only.
#pragma once

#include <deque>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/poll_plan.h"
#include "engine/polling.h"
#include "runtime/loops.h"

namespace polysync::runtime {

// Kept in memory of one run; a hundred thousand of them must fit.
struct Watcher::Followed {
    std::string pipeline_run_id;
    ObjectId task{};
    std::int64_t fence = 0;
    SystemTime submitted_at{};
    SteadyTime next_look{};                    // max: it is being looked at
    SteadyTime queued_at = SteadyTime::max();  // its place in a queue: never after next_look; max: in none
    SteadyTime last_seen{};
    SystemTime alive_at{};        // when AWS last said that it had not ended
    SteadyTime missing_since{};   // 0: AWS knows it
    SystemTime waits_since{};     // at AWS, without having begun (again); 0: it does not
    std::size_t fingerprint = 0;  // of what was last recorded: an answer that says the same writes nothing
    std::uint32_t wanted_ms = 0;  // from the last look to when the next was worth it
    std::uint32_t slack_ms = 0;   // how long the next look may still wait for others
    std::int32_t began_after_s = -1;  // its submission, at AWS; -1: it has not, as far as is known
    bool is_early : 1 = false;        // its end is far off
    bool cancelling : 1 = false;
    bool timeout_told : 1 = false;  // its execution timeout is recorded
    bool has_begun : 1 = false;     // or waited for something else

    // What AWS says of it. Whether that is news: else nothing is written.
    [[nodiscard]] bool take(const PipelineRun& seen, const Clock& clock);
};

struct Watcher::Look {
    SteadyTime at;
    RunId run;
    bool operator<(const Look& other) const { return at > other.at; }  // the earliest on top
};

// A run that one sweep asks about.
struct Watcher::Asked {
    RunId run{};
    std::int64_t fence = 0;  // of the attempt that is asked about
    SteadyTime look{};       // when it was due, or will be
    bool rides = false;
};

// The runs of one job, which a list of that job answers for together.
struct Watcher::JobRuns {
    Platform* platform = nullptr;
    std::unordered_map<RunId, Followed> runs;
    bool is_asked = false;   // by a list that is under way, or is about to be
    std::vector<Look> held;  // fell due meanwhile, and wait for its end: most would ride along then
};

// A list of a job that is about to be read.
struct Watcher::List {
    JobRuns* job = nullptr;
    std::vector<Asked> due;
};

// Sweeps that follow one another: lists (and what takes any ids), and calls for single runs. These have rate
// limits of their own, so the ones go on while the others wait.
struct Watcher::Lane {
    AskBy by = AskBy::any;
    int under_way = 0;
    SteadyTime last_began{};  // of the newest sweep
    std::string error;
    Millis backoff{0};
    SteadyTime quiet_until{};  // of the backoff
    // When the next one may begin: now or earlier, or max where one has to end first.
    [[nodiscard]] SteadyTime free_at() const;
};

struct Watcher::Platform {
    Platform(ObjectId given, Clock& clock) : id(given), wake(clock) { single.by = AskBy::itself; }

    ObjectId id;
    Signal wake;
    std::unordered_map<ObjectId, JobRuns> jobs;  // never erased: runs point to theirs
    std::size_t followed = 0;
    std::priority_queue<Look> looks, urgent;  // urgent: of runs that are being cancelled
    SteadyTime patient_until{};               // no look that can still wait begins before
    Lane many, single;
    std::deque<List> lists;     // to be read
    std::deque<Asked> singles;  // to be asked for by themselves
    [[nodiscard]] const std::string& error() const { return many.error.empty() ? single.error : many.error; }
    std::uint64_t sweeps = 0, calls = 0, statuses = 0;  // calls: as planned
};

template <class Function>
void Watcher::for_each_run(Function function) const {
    for (const auto& [id, platform] : platforms_)
        for (const auto& [job, runs] : platform->jobs)
            for (const auto& [run, followed] : runs.runs) function(run, followed);
}

// What one sweep asks for.
struct Watcher::Sweep {
    AskBy by = AskBy::any;
    std::vector<Asked> asked;
    std::vector<JobRuns*> jobs;  // whose lists it reads
    std::size_t calls = 0;
};

}  // namespace polysync::runtime
