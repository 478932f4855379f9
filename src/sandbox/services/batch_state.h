// Queues, definitions and jobs of simulated Batch in one account and region, and how jobs pass through their
// states. A job's state is computed from its times and `now`; only dependencies are carried out, by
// resolve().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox/services/outcome.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

constexpr SandboxTime batch_unknown = SandboxTime::max();

struct BatchDefinition {
    std::string name;
    int revision = 0;
    std::string arn;
    bool active = true;
    JsonObject detail;  // the JobDefinition shape
};

struct BatchQueue {
    std::string name;
    std::string arn;
    JsonObject detail;  // the JobQueueDetail shape
    bool enabled = true;
    bool fair_share = false;
    std::vector<std::uint32_t> open;  // not yet ended (and some that have), in the order of submission
    std::size_t closed_in_open = 0;
    std::set<std::pair<SandboxTime, std::uint32_t>> ends;  // of open jobs whose end is known
    std::vector<std::uint32_t> dependent;                  // open jobs that wait for others
    SandboxTime settled_at;                                // when those were last looked at
    std::vector<std::uint32_t> succeeded;                  // in the order of submission
    std::vector<std::uint32_t> failed;
    std::vector<std::uint32_t> all;
    std::map<std::string, std::vector<std::uint32_t>> by_name;  // lower case
};

// How the attempts of one container go, without anything from outside. All attempts take the same time.
struct BatchPlan {
    Millis runnable{0};
    Millis starting{0};
    Millis running{0};
    int attempts = 1;
    bool succeeds = true;
    bool timed_out = false;

    [[nodiscard]] Millis attempt_time() const { return runnable + starting + running; }
};

// One container: a job that is no array, or a child of an array.
struct BatchWork {
    enum class Asked : std::uint8_t { nothing, cancel, terminate };

    SandboxTime ready = batch_unknown;       // RUNNABLE from here on; unknown while it depends on others
    SandboxTime forced_end = batch_unknown;  // a cancel or terminate ends it here, if it has not ended by
                                             // then
    Asked asked = Asked::nothing;
    bool fails = false;
    bool dependency_failed = false;  // FAILED at `ready` without having run
    std::uint32_t reason = 0;        // index into BatchState::reasons: why cancelled or terminated
};

struct BatchDependency {
    std::uint32_t job = 0;
    enum class Type : std::uint8_t { whole, n_to_n, sequential } type = Type::whole;
};

struct BatchJob {
    std::string id;
    std::string name;
    JsonObject request;  // of SubmitJob, as it came
    const BatchDefinition* definition = nullptr;
    BatchQueue* queue = nullptr;
    OutcomePtr outcome;
    BatchPlan good;
    BatchPlan bad;
    SandboxTime created;
    SandboxTime spawned;           // out of PENDING at the earliest; children of an array come into being
    std::vector<BatchWork> works;  // one, or one per child
    std::vector<BatchDependency> dependencies;
    BatchWork::Asked asked = BatchWork::Asked::nothing;  // of an array as a whole
    std::uint32_t reason = 0;
    bool array = false;
    bool closed = false;                     // counted among its queue's ended jobs
    SandboxTime listed_end = batch_unknown;  // its entry in the queue's ends
    std::uint32_t unresolved = 0;            // works whose `ready` is not known yet
    SandboxTime resolved_at;                 // the last `now` that resolve() saw
    SandboxTime ready_for_all;               // when the whole-job dependencies ended
    bool ready_for_all_known = false;

    [[nodiscard]] const BatchPlan& plan(const BatchWork& work) const { return work.fails ? bad : good; }
};

// Where one container is at one moment.
struct BatchMoment {
    std::string_view status;
    int attempts_begun = 0;  // attempts that have come to RUNNING
    int attempts_ended = 0;
    SandboxTime ended;    // terminal only
    bool forced = false;  // ended by a cancel or terminate
};

class BatchState {
  public:
    std::map<std::string, BatchQueue> queues;
    std::map<std::string, std::map<int, BatchDefinition, std::greater<>>> definitions;
    std::map<std::string, OutcomeScript> scripts;  // by definition name
    std::vector<std::string> reasons = {""};

    BatchJob& add(BatchJob job);
    [[nodiscard]] BatchJob* find(std::string_view id);
    [[nodiscard]] BatchJob& job(std::uint32_t index) { return jobs_[index]; }
    [[nodiscard]] std::size_t job_count() const { return jobs_.size(); }
    [[nodiscard]] std::uint32_t index_of(const BatchJob& job) const { return by_id_.at(job.id); }
    // The job of "<id>" or "<id>:<n>" and the child's index (-1 for the former). Null where there is none, or
    // where it ended more than 7 days ago.
    [[nodiscard]] BatchJob* find_visible(std::string_view id, SandboxTime now, int& child);

    // Makes the times of all works known that can be known by `now`. To be called before a job is looked at.
    void resolve(BatchJob& job, SandboxTime now);
    // Sorts the queue's jobs that have ended into its lists of ended ones.
    void settle(BatchQueue& queue, SandboxTime now);

    [[nodiscard]] BatchMoment moment(const BatchJob& job, const BatchWork& work, SandboxTime now) const;
    // The status of the whole job: an array stays PENDING until its last child has ended.
    [[nodiscard]] std::string_view status(const BatchJob& job, SandboxTime now) const;
    // When the whole job ended or will end; unknown where that depends on others.
    [[nodiscard]] SandboxTime end_of(const BatchJob& job) const;
    [[nodiscard]] bool failed(const BatchJob& job) const;
    // Since when attempt number `attempt` (from 0) is RUNNING.
    [[nodiscard]] static SandboxTime running_since(const BatchJob& job, const BatchWork& work, int attempt);

    // Cancel acts on what has not begun; terminate also on what runs. Neither touches what has ended.
    void ask(BatchJob& job, BatchWork& work, BatchWork::Asked what, std::uint32_t reason, SandboxTime now,
             const Settings& settings);
    // Keeps the queue's ends true after the job's end became known or changed: to be called after ask().
    void note_end(BatchJob& job);

  private:
    [[nodiscard]] SandboxTime natural_end(const BatchJob& job, const BatchWork& work) const;
    [[nodiscard]] SandboxTime end_of(const BatchJob& job, const BatchWork& work) const;
    [[nodiscard]] bool failed(const BatchJob& job, const BatchWork& work) const;
    void resolve_one(BatchJob& job, SandboxTime now);
    bool resolve_whole(BatchJob& job, SandboxTime now);

    std::deque<BatchJob> jobs_;
    std::unordered_map<std::string, std::uint32_t> by_id_;
};

// What a submission's attempts come to: retries by the strategy, the time limit, the script. Pure.
[[nodiscard]] BatchPlan make_batch_plan(const Outcome& outcome, bool fails, const JsonObject& request,
                                        const JsonObject& definition, const RunDurations& durations);

// How an attempt that failed under this script reports itself.
struct BatchFailure {
    std::string status_reason;
    std::string container_reason;
    std::optional<int> exit_code;
};
[[nodiscard]] BatchFailure batch_failure(const Outcome& outcome, bool timed_out);

}  // namespace polysync::sandbox
