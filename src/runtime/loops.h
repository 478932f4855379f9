// The loops, one class each. All on the runtime's executor; each ends when the context stops.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/contention.h"
#include "engine/poll_plan.h"
#include "engine/polling.h"
#include "runtime/context.h"
#include "runtime/durations.h"
#include "runtime/intent.h"
#include "runtime/recorder.h"

namespace polysync::runtime {

class Watcher;
class Canceller;
class Rescuer;

// Sends what the dispatcher claimed, and hands lost answers to the rescuer (SAFE-1).
class Submitter {
  public:
    Submitter(Context& context, Watcher& watcher, Canceller& canceller, Rescuer& rescuer)
        : context_(context), watcher_(watcher), canceller_(canceller), rescuer_(rescuer) {}

    // How many more submissions the platform may have under way.
    [[nodiscard]] std::size_t room(ObjectId platform);
    // The run is claimed and its intent durable. Starts a coroutine of its own.
    void start(TaskRun run, StoredIntent intent);
    // What an answer, from whoever, means for the run; also used by the rescuer.
    [[nodiscard]] Async<void> take_answer(TaskRun run, StoredIntent intent, Result<PipelineRun> answer,
                                          SystemTime called_at);

  private:
    // A submission on its way.
    struct Sent {
        TaskRun run;
        StoredIntent intent;
        SystemTime called_at{};
    };
    struct Answer {
        Sent sent;
        RunNews news;
    };
    struct Lane {
        std::size_t under_way = 0;     // from the claim until the answer is recorded
        std::size_t calls = 0;         // of these, whose answer is not here yet
        std::vector<Answer> answers;   // to be recorded
        std::deque<SteadyTime> taken;  // when AWS took the newest ones
        bool refills = false;          // the dispatcher is about to look for more
        bool gathers = false;          // the answers are about to be recorded
    };
    [[nodiscard]] Async<void> submit(TaskRun run, StoredIntent intent);
    [[nodiscard]] Async<Result<PipelineRun>> send(const TaskRun& run, StoredIntent& intent,
                                                  SystemTime& called_at);
    [[nodiscard]] Async<void> gather(ObjectId platform);
    [[nodiscard]] Async<void> record_answers(ObjectId platform);
    [[nodiscard]] std::optional<RunNews> news_of(const TaskRun& run, const Result<PipelineRun>& answer);
    void look_up(Sent sent);
    void follow(const Recorded& now);
    void give_up(Sent sent, const Error& error);
    void note_taken(ObjectId platform);
    [[nodiscard]] std::size_t most_of(Lane& lane);
    void leave(ObjectId platform, std::size_t count);
    [[nodiscard]] Async<void> refill(ObjectId platform);

    Context& context_;
    Watcher& watcher_;
    Canceller& canceller_;
    Rescuer& rescuer_;
    std::unordered_map<ObjectId, Lane> lanes_;
};

// Claims queued runs in priority order under every limit (TASK-7, CON-1 to CON-3).
class Dispatcher {
  public:
    Dispatcher(Context& context, Submitter& submitter) : context_(context), submitter_(submitter) {}
    [[nodiscard]] Async<void> run();

  private:
    struct Snapshot;
    struct Candidate;
    // One look at the queue; the time until the next.
    [[nodiscard]] Async<Millis> tick();
    [[nodiscard]] Async<Result<std::shared_ptr<Snapshot>>> look();
    [[nodiscard]] Async<Status> keep_buckets(const engine::DispatchState& state);
    void prepare(Snapshot& snapshot, std::vector<Candidate>& candidates);
    [[nodiscard]] Async<Status> claim(std::vector<Candidate> candidates);

    Context& context_;
    Submitter& submitter_;
};

// Follows runs in flight: asks AWS for many at once, as seldom as their freshness allows.
class Watcher {
  public:
    Watcher(Context& context, Canceller& canceller)
        : context_(context), canceller_(canceller), durations_(context) {}
    ~Watcher();

    // From now on the run is followed; replaces what was known of it.
    void follow(const TaskRun& run);
    // Look at it soon (after a cancel).
    void hurry(RunId run);
    void forget(RunId run);
    // Runs whose execution timeout has passed (TASK-7), until it is recorded.
    [[nodiscard]] std::vector<RunNews> timed_out(SystemTime now) const;
    void timeout_recorded(RunId run);
    // Runs that AWS has taken before then and not begun (Batch's RUNNABLE, Glue's WAITING).
    [[nodiscard]] std::vector<RunId> waiting_since(SystemTime before);
    void wake();
    // Other nodes follow all of them now.
    void clear();
    void fill(RuntimeStatus& status) const;
    // Where polling of one platform stands, and what is next.
    [[nodiscard]] PlatformPolls polls(ObjectId platform) const;

  private:
    struct Platform;
    struct JobRuns;
    struct Followed;
    struct Look;
    struct Asked;
    struct List;
    struct Lane;
    struct Sweep;
    [[nodiscard]] Async<void> watch(std::shared_ptr<Platform> platform);
    [[nodiscard]] Async<void> ask(std::shared_ptr<Platform> platform, Lane& lane, Sweep sweep);
    [[nodiscard]] RunReference reference_of(const Followed& run) const;
    static void note_failure(Lane& lane, ObjectId platform, SteadyTime now, const std::string& error);
    [[nodiscard]] Async<void> record_news(std::vector<RunNews> news);

    // Takes from the platform's queues what is to be asked about now; nothing where nothing is due.
    [[nodiscard]] Sweep pick(Platform& platform, const Lane& lane) const;
    [[nodiscard]] Sweep pick_by_id(Platform& platform, const engine::PollShape& shape, SteadyTime now) const;
    [[nodiscard]] Sweep pick_lists(Platform& platform, const engine::PollShape& shape) const;
    [[nodiscard]] Sweep pick_singles(Platform& platform, const engine::PollShape& shape) const;
    // Says of all runs that are due by which calls they are to be asked about.
    void sort_due(Platform& platform, const engine::PollShape& shape, SteadyTime now) const;
    [[nodiscard]] static std::size_t count_riding(const JobRuns& job, SteadyTime now);
    void queue_single(Platform& platform, const Asked& asked) const;
    [[nodiscard]] bool is_awaited(const Asked& asked) const;
    static void add_riding(Sweep& sweep, const JobRuns& job, std::size_t most);
    [[nodiscard]] std::optional<Look> take_due(Platform& platform, SteadyTime until) const;
    [[nodiscard]] Followed* top_of(std::priority_queue<Look>& looks) const;
    [[nodiscard]] SteadyTime next_of(Platform& platform) const;
    [[nodiscard]] engine::PollShape shape_of(ObjectId platform) const;
    [[nodiscard]] engine::NextLook next_look_of(const Followed& run) const;
    void schedule(Platform& platform, RunId id, Followed& run, const engine::NextLook& look);
    static void enqueue(Platform& platform, RunId id, Followed& run);
    static void enqueue(std::priority_queue<Look>& looks, RunId id, Followed& run);
    [[nodiscard]] Followed* find(RunId run) const;
    // With every run and its id.
    template <class Function>
    void for_each_run(Function function) const;

    Context& context_;
    Canceller& canceller_;
    Durations durations_;
    std::unordered_map<ObjectId, std::shared_ptr<Platform>> platforms_;
    std::unordered_map<RunId, JobRuns*> place_;
};

// Carries durable cancels to AWS, again and again until the run has ended (TASK-7).
class Canceller {
  public:
    explicit Canceller(Context& context) : context_(context) {}
    void bind(Watcher& watcher) { watcher_ = &watcher; }
    // The run is in flight with a cancel recorded. One coroutine per run.
    void start(const TaskRun& run);
    void ended(RunId run) { active_.erase(run); }
    void clear() { active_.clear(); }

  private:
    [[nodiscard]] Async<void> cancel(TaskRun run);
    [[nodiscard]] bool is_active(const TaskRun& run) const;
    Context& context_;
    Watcher* watcher_ = nullptr;
    std::unordered_map<RunId, std::int64_t> active_;  // the fence of the attempt that is being cancelled
};

// Finds out what became of submissions whose answer was lost, before anything is sent again (SAFE-1).
class Rescuer {
  public:
    explicit Rescuer(Context& context) : context_(context) {}
    void bind(Submitter& submitter) { submitter_ = &submitter; }
    // The run is Submitting and nobody is about to hear of it. Who may have sent it: this process or one that
    // is dead, or one that may yet wake.
    enum class Sender { done, may_wake };
    void start(TaskRun run, SystemTime called_at, StoredIntent intent, Sender sender);
    // What was sent is not known: the run ends as outcome_unknown.
    void give_up(TaskRun run, std::string explanation);

  private:
    [[nodiscard]] Async<void> rescue(TaskRun run, SystemTime called_at, StoredIntent intent, Sender sender);
    [[nodiscard]] Async<void> tell(TaskRun run, engine::RunEvent event);
    Context& context_;
    Submitter* submitter_ = nullptr;
};

// How much of what nobody follows a node takes over: the part that falls to it where all live nodes take the
// same, or all.
enum class Share { own, all };

// Keeps this process's lease on a store that others share, and takes over from those that lost theirs.
class Membership {
  public:
    // `adopt` follows runs whose owner has no lease.
    Membership(Context& context, Watcher& watcher, Canceller& canceller,
               std::function<Async<Status>(Share)> adopt)
        : context_(context), watcher_(watcher), canceller_(canceller), adopt_(std::move(adopt)) {}
    // From then on runs can be claimed and adopted.
    [[nodiscard]] Async<Status> join();
    [[nodiscard]] Async<void> run();
    // Those that others have recorded for runs of this node.
    [[nodiscard]] Async<void> take_cancels();
    // Others may take over at once.
    [[nodiscard]] Async<void> leave();

  private:
    struct Beat;
    struct Other {
        store::NodeLease lease;
        SteadyTime since{};  // its beat has not moved since
    };
    [[nodiscard]] Async<Result<Beat>> beat();
    [[nodiscard]] std::vector<store::NodeLease> expired_nodes(SteadyTime now) const;
    void note(Beat& seen);
    void start(const std::vector<TaskRun>& cancels);
    void tell_nodes(std::size_t nodes);
    void resign();
    [[nodiscard]] Millis own_share() const;

    Context& context_;
    Watcher& watcher_;
    Canceller& canceller_;
    std::function<Async<Status>(Share)> adopt_;
    std::map<std::string, Other> others_;  // by owner
};

// Cron fires (TASK-3).
class Scheduler {
  public:
    explicit Scheduler(Context& context) : context_(context) {}
    [[nodiscard]] Async<void> run();

  private:
    [[nodiscard]] Async<Result<SteadyTime>> tick();
    Context& context_;
};

// Keeps the end of the log of every failed attempt (spec 10). A slow platform delays only its own.
class LogKeeper {
  public:
    explicit LogKeeper(Context& context) : context_(context) {}
    [[nodiscard]] Async<void> run();

  private:
    [[nodiscard]] Async<void> keep(ObjectId platform, std::vector<store::KeptLog> wanted);
    [[nodiscard]] Async<bool> keep_one(store::KeptLog wanted);
    [[nodiscard]] Async<void> learn_secrets_of(RunId run, int attempt);
    Context& context_;
    std::unordered_set<ObjectId> busy_;
};

// What needs doing now and then: timeouts, deadlines, alerts, expired tokens, backfills, retention.
class Housekeeper {
  public:
    Housekeeper(Context& context, Watcher& watcher, Canceller& canceller)
        : context_(context), watcher_(watcher), canceller_(canceller) {}
    [[nodiscard]] Async<void> run();

  private:
    [[nodiscard]] Async<void> try_store();
    [[nodiscard]] Async<void> time_out();
    [[nodiscard]] Async<Status> plan_backfills();
    [[nodiscard]] Async<Status> check_deadlines();
    [[nodiscard]] Async<Status> check_waiting();
    [[nodiscard]] Async<Status> prune();

    Context& context_;
    Watcher& watcher_;
    Canceller& canceller_;
    SteadyTime next_prune_{}, next_wait_check_{};
    std::optional<SystemTime> deadlines_checked_;  // up to here
};

}  // namespace polysync::runtime
