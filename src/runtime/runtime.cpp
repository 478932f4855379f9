#include "runtime/runtime.h"

#include <algorithm>
#include <mutex>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "runtime/environment.h"
#include "runtime/intent.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr int adopted_per_page = 1000;

// What the catalog is made of, as last read.
struct Definitions {
    std::int64_t version = 0;
    std::string environment;
    std::vector<store::Object> objects;
};

class Loops final : public Runtime {
  public:
    explicit Loops(RuntimeParts parts)
        : loader_(parts.catalogs),
          context_(std::move(parts)),
          canceller_(context_),
          rescuer_(context_),
          watcher_(context_, canceller_),
          submitter_(context_, watcher_, canceller_, rescuer_),
          dispatcher_(context_, submitter_),
          scheduler_(context_),
          housekeeper_(context_, watcher_, canceller_),
          log_keeper_(context_),
          membership_(context_, watcher_, canceller_, [this](Share share) { return adopt_orphans(share); }) {
        context_.reload = [this] { return load_catalog(); };
        canceller_.bind(watcher_);
        rescuer_.bind(submitter_);
    }

    Async<Status> load() override {
        context_.executor = co_await boost::asio::this_coro::executor;
        auto loaded = co_await load_catalog();
        loaded_ = loaded.has_value();
        co_return loaded;
    }

    Async<Status> start() override {
        if (!loaded_) {
            auto loaded = co_await load();
            if (!loaded) co_return loaded;
        }
        auto adopted = co_await adopt();
        if (!adopted) co_return adopted;
        ready_ = true;
        spawn(context_, dispatcher_.run());
        spawn(context_, scheduler_.run());
        spawn(context_, housekeeper_.run());
        spawn(context_, log_keeper_.run());
        spawn(context_, follow_catalog());
        co_return success();
    }

    Async<void> stop(Millis grace) override {
        context_.stopping = true;
        ready_ = false;
        context_.store().listen({});
        wake_loops();
        watcher_.wake();
        auto sleepers = context_.sleepers;
        for (auto* sleeper : sleepers) sleeper->give();
        auto until = context_.clock().steady_now() + grace;
        while (context_.live > 0 && context_.clock().steady_now() < until)
            co_await context_.clock().sleep_for(Millis(20));
        if (context_.parts.shared_store) co_await membership_.leave();
    }

    void wake() override { boost::asio::post(context_.executor, Wake{this}); }

    std::shared_ptr<const engine::Catalog> catalog() const override {
        std::lock_guard lock(published_mutex_);
        return published_;
    }

    RuntimeStatus status() const override {
        RuntimeStatus status{.ready = ready_, .store_error = context_.store().trouble()};
        watcher_.fill(status);
        return status;
    }

    PlatformPolls polls(ObjectId platform) const override { return watcher_.polls(platform); }

    Async<Status> refresh() override {
        auto loaded = co_await load_catalog();
        wake_loops();
        co_return loaded;
    }

    void cancel_recorded(const TaskRun& run) override {
        if (!context_.parts.shared_store || run.node == context_.owner) canceller_.start(run);
    }

  private:
    struct Wake {
        Loops* loops;
        void operator()() const { loops->wake_loops(); }
    };

    struct Hear {
        Loops* loops;
        store::Changes changes;
        void operator()() const { loops->look_at(changes); }
    };

    // What other nodes have done.
    void look_at(const store::Changes& changes) {
        if (context_.stopping) return;
        if (changes.queued) context_.dispatch.give();
        if (changes.definitions) spawn(context_, load_changed());
        if (changes.cancels) spawn(context_, membership_.take_cancels());
    }

    Async<void> load_changed() {
        auto loaded = co_await load_catalog();
        (void)loaded;  // told in the log
    }

    void wake_loops() {
        context_.dispatch.give();
        context_.schedule.give();
        context_.housekeep.give();
        context_.keep_logs.give();
    }

    // The catalog of the store's newest definitions; the old one stays where they cannot be read.
    Async<Status> load_catalog() {
        auto read = std::make_shared<Definitions>();
        auto known = known_;
        store::ReadWork work = [read, known](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(read->version, transaction.definitions_version());
            POLYSYNC_TRY(auto environment, transaction.setting(environment_setting));
            read->environment = environment.value_or("");
            if (read->version == known.version && read->environment == known.environment) return success();
            POLYSYNC_TRY(read->objects, transaction.objects(std::nullopt));
            return success();
        };
        auto done = co_await context_.store().read(std::move(work));
        if (!done || (read->version == known.version && read->environment == known.environment))
            co_return done;
        if (read->version < known_.version) co_return done;  // a newer one came in between
        auto environment = context_.parts.environment;
        if (!read->environment.empty()) environment = read_environment(read->environment).values;
        auto built = loader_(read->version, read->objects, environment);
        if (!built) {
            log::error("the stored definitions cannot be used: {}", built.error().describe());
            co_return built.error();
        }
        read->objects.clear();
        known_ = std::move(*read);
        context_.catalog = std::move(built.value());
        learn_secrets(*context_.catalog, context_.parts.secrets);
        {
            std::lock_guard lock(published_mutex_);
            published_ = context_.catalog;
        }
        wake_loops();
        co_return success();
    }

    Async<void> follow_catalog() {
        while (!context_.stopping) {
            auto loaded = co_await load_catalog();
            (void)loaded;  // told in the log; the loops go on with the definitions that they have
            bool goes_on = co_await sleep_unless_stopping(context_, context_.parts.pace.definitions);
            if (!goes_on) break;
        }
    }

    // Runs in flight that nobody follows, and the attempts that their look-ups need.
    struct Orphans {
        std::vector<TaskRun> runs;
        std::map<RunId, Attempt> attempts;

        Status read_attempts(store::ReadTransaction& transaction, const engine::Catalog& catalog) {
            for (const auto& run : runs) {
                const auto* task = catalog.task(run.key.task);
                bool is_as_sent = task && task->version == run.task_version;  // its secrets are known
                if (run.state != RunState::submitting && is_as_sent) continue;
                POLYSYNC_TRY(auto rows, transaction.attempts(run.id));
                for (auto& row : rows)
                    if (row.token == run.token) attempts[run.id] = std::move(row);
            }
            return success();
        }
    };

    // Follows what nobody follows any more.
    Async<Status> adopt() {
        if (!context_.parts.shared_store) co_return co_await adopt_all();
        auto joined = co_await membership_.join();
        if (!joined) co_return joined;
        spawn(context_, membership_.run());
        auto hear = [this](const store::Changes& changes) {
            boost::asio::post(context_.executor, Hear{this, changes});
        };
        context_.store().listen(std::move(hear));
        co_return co_await adopt_orphans(Share::all);
    }

    // Everything that was in flight when the last process ended: the store is this one's alone.
    Async<Status> adopt_all() {
        RunId after{};
        while (true) {
            auto found = std::make_shared<Orphans>();
            store::ReadWork work =
                [found, after, catalog = context_.catalog](store::ReadTransaction& transaction) -> Status {
                POLYSYNC_TRY(found->runs, transaction.in_flight(after, adopted_per_page));
                return found->read_attempts(transaction, *catalog);
            };
            auto done = co_await context_.store().read(std::move(work));
            if (!done || found->runs.empty()) co_return done;
            after = found->runs.back().id;
            take(*found, Rescuer::Sender::done);
        }
    }

    // What is in flight and whose node has lost its lease: all of it, or the part that falls to this node.
    Async<Status> adopt_orphans(Share share) {
        store::Transaction::Part part;
        if (share == Share::own) part = {context_.rank, context_.nodes};
        while (true) {
            auto found = std::make_shared<Orphans>();
            auto premise = context_.premise();
            store::Work work = [found, premise, part,
                                catalog = context_.catalog](store::Transaction& transaction) -> Status {
                *found = {};
                POLYSYNC_TRY(check_lease(transaction, premise));
                POLYSYNC_TRY(found->runs, transaction.adopt_runs(premise.owner, adopted_per_page, part));
                return found->read_attempts(transaction, *catalog);
            };
            auto done = co_await context_.store().write(std::move(work));
            if (!done || found->runs.empty()) co_return done;
            if (context_.owner != premise.owner) co_return success();  // lost again in between
            log::info("{} runs in flight are followed from here on", found->runs.size());
            take(*found, Rescuer::Sender::may_wake);
        }
    }

    void take(Orphans& found, Rescuer::Sender sender) {
        for (auto& run : found.runs) adopt_one(std::move(run), found.attempts, sender);
    }

    void adopt_one(TaskRun run, const std::map<RunId, Attempt>& attempts, Rescuer::Sender sender) {
        auto row = attempts.find(run.id);
        auto intent = row == attempts.end()
                          ? Result<StoredIntent>(make_error(ErrorKind::internal, "no_intent", "no intent"))
                          : read_intent(row->second.intent);
        if (intent) learn_secrets(intent.value(), context_.parts.secrets);
        if (run.state == RunState::submitting) {
            if (intent) {
                auto called_at = row->second.called_at.value_or(run.submitted_at.value_or(run.queued_at));
                if (context_.predecessors.contains(intent.value().sender)) sender = Rescuer::Sender::done;
                rescuer_.start(std::move(run), called_at, std::move(intent.value()), sender);
            } else {
                // Nobody can look it up any more, and nobody may send it again (SAFE-1).
                log::error("run {}: {}", number(run.id), intent.error().describe());
                rescuer_.give_up(std::move(run), intent.error().message);
            }
            return;
        }
        if (run.cancel != CancelCause::none) canceller_.start(run);
        watcher_.follow(run);
    }

    CatalogLoader loader_;
    Context context_;
    Canceller canceller_;
    Rescuer rescuer_;
    Watcher watcher_;
    Submitter submitter_;
    Dispatcher dispatcher_;
    Scheduler scheduler_;
    Housekeeper housekeeper_;
    LogKeeper log_keeper_;
    Membership membership_;
    Definitions known_;
    mutable std::mutex published_mutex_;
    std::shared_ptr<const engine::Catalog> published_ = context_.catalog;
    bool loaded_ = false;
    bool ready_ = false;
};

}  // namespace

std::unique_ptr<Runtime> Runtime::make(RuntimeParts parts) {
    return std::make_unique<Loops>(std::move(parts));
}

}  // namespace polysync::runtime
