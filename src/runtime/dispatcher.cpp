#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/contention.h"
#include "runtime/limits.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr int heads_per_task = 64;
constexpr int heads_per_platform = 512;
constexpr Millis longest_pause = std::chrono::seconds(30);

std::set<ObjectId> tasks_of(const std::vector<TaskRun>& runs) {
    std::set<ObjectId> out;
    for (const auto& run : runs) out.insert(run.key.task);
    return out;
}

std::vector<store::RateBucket> changed_buckets(const engine::DispatchState& state) {
    std::vector<store::RateBucket> out;
    for (const auto& use : state.profiles)
        if (use.bucket_changed)
            out.push_back({use.profile, use.platform, use.bucket->tokens, use.bucket->at});
    return out;
}

}  // namespace

struct Dispatcher::Snapshot {
    std::vector<TaskRun> heads;
    LimitRows limits;
    std::map<RunId, ParentOutputs> parents;
    std::optional<SystemTime> next_not_before;
    SystemTime at{};  // by the clock that rate limits go by
};

// A run that may go, with its request - or what is wrong with it.
struct Dispatcher::Candidate {
    TaskRun run;
    std::string token;
    std::optional<StoredIntent> intent;
    std::optional<Error> error;
    std::string rejection;  // a limit's Reject or queue timeout
};

Async<void> Dispatcher::run() {
    while (!context_.stopping) {
        auto pause = co_await tick();
        co_await context_.dispatch.wait_until(context_.clock().steady_now() + pause);
    }
}

Async<Result<std::shared_ptr<Dispatcher::Snapshot>>> Dispatcher::look() {
    auto snapshot = std::make_shared<Snapshot>();
    auto catalog = context_.catalog;
    auto now = context_.clock().now();
    store::ReadWork work = [snapshot, catalog, now](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(snapshot->at, transaction.shared_time(now));
        POLYSYNC_TRY(snapshot->limits, read_limits(transaction, *catalog));
        int deeper = overlong_queue(*catalog, snapshot->limits);
        POLYSYNC_TRY(snapshot->heads, transaction.queued_heads(now, std::max(heads_per_task, deeper),
                                                               std::max(heads_per_platform, deeper),
                                                               closed_tasks(*catalog, snapshot->limits)));
        POLYSYNC_TRY(snapshot->next_not_before, transaction.next_not_before(now));
        for (const auto& run : snapshot->heads) {
            for (const auto& [name, id] : parent_runs(run)) {
                POLYSYNC_TRY(auto found, transaction.runs(std::span(&id, 1)));
                if (!found.empty()) snapshot->parents[run.id][name] = found.front().outputs;
            }
        }
        return success();
    };
    auto done = co_await context_.store().read(std::move(work));
    if (!done) co_return done.error();
    co_return snapshot;
}

Async<Millis> Dispatcher::tick() {
    if (!context_.holds(context_.owner)) co_return std::chrono::seconds(1);  // what it claims is another's
    auto looked = co_await look();
    if (!looked) {
        log::error("the queue cannot be read: {}", looked.error().describe());
        co_return std::chrono::seconds(1);
    }
    auto& snapshot = *looked.value();
    auto now = context_.clock().now();
    Millis pause = longest_pause;
    if (snapshot.next_not_before)
        pause = std::clamp<Millis>(*snapshot.next_not_before - now, Millis(1), longest_pause);
    if (snapshot.heads.empty()) co_return pause;

    auto state = build_dispatch_state(*context_.catalog, snapshot.limits, tasks_of(snapshot.heads));
    auto verdicts = engine::plan_dispatch(snapshot.heads, state, snapshot.at);
    std::vector<Candidate> candidates;
    std::map<ObjectId, std::size_t> room;
    bool out_of_room = false;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const auto& run = snapshot.heads[i];
        auto& verdict = verdicts[i];
        if (verdict.action == engine::DispatchAction::hold) {
            if (verdict.not_before)
                pause = std::min(pause, std::max<Millis>(*verdict.not_before - snapshot.at, Millis(1)));
            continue;
        }
        Candidate candidate{.run = run, .token = make_guid(*context_.parts.random)};
        if (verdict.action == engine::DispatchAction::reject) {
            candidate.rejection = verdict.reason;
        } else {
            auto [place, is_new] = room.try_emplace(run.platform, submitter_.room(run.platform));
            if (place->second == 0) {
                out_of_room = true;  // an ended submission wakes this loop
                continue;
            }
            --place->second;
        }
        candidates.push_back(std::move(candidate));
    }
    if (candidates.empty()) {
        auto kept = co_await keep_buckets(state);
        if (!kept) log::error("rate limits cannot be written: {}", kept.error().describe());
        co_return pause;
    }
    prepare(snapshot, candidates);
    auto done = co_await claim(std::move(candidates));
    if (!done) {
        log_failure("runs cannot be claimed", done.error());
        co_return std::chrono::seconds(1);
    }
    co_return out_of_room ? pause : Millis(0);  // there may be more behind the heads
}

// Buckets that a clock that went back has moved: without their new time they would stay closed until the old
// one comes again.
Async<Status> Dispatcher::keep_buckets(const engine::DispatchState& state) {
    auto buckets = changed_buckets(state);
    if (buckets.empty()) co_return success();
    store::Work work = [buckets = std::move(buckets)](store::Transaction& transaction) {
        return transaction.put_rate_buckets(buckets);
    };
    co_return co_await context_.store().write(std::move(work));
}

void Dispatcher::prepare(Snapshot& snapshot, std::vector<Candidate>& candidates) {
    for (auto& candidate : candidates) {
        if (!candidate.rejection.empty()) continue;
        auto provider = provider_of(context_, candidate.run.platform);
        if (!provider) {
            candidate.error = provider.error();
            continue;
        }
        auto spec = make_spec(*context_.catalog, candidate.run, snapshot.parents[candidate.run.id],
                              context_.catalog->environment, candidate.token);
        if (!spec) {
            candidate.error = spec.error();
            continue;
        }
        auto intent = provider.value()->prepare(spec.value().spec);
        if (intent) {
            candidate.intent =
                StoredIntent{std::move(intent.value()), std::move(spec.value().secrets), context_.owner};
        } else {
            candidate.error = intent.error();
        }
    }
}

// Under the limits as they are now, not as they were when the queue was read: pauses, cancels and other
// claims in between count.
Async<Status> Dispatcher::claim(std::vector<Candidate> candidates) {
    auto given = std::make_shared<std::vector<Candidate>>(std::move(candidates));
    auto claimed = std::make_shared<std::vector<std::optional<TaskRun>>>();
    auto catalog = context_.catalog;
    auto now = context_.clock().now();
    auto premise = context_.premise();
    Random& random = *context_.parts.random;
    std::vector<RunId> ids;
    for (const auto& candidate : *given) ids.push_back(candidate.run.id);
    store::Work work = [given, ids, claimed, catalog, now, premise,
                        &random](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(check_lease(transaction, premise));
        claimed->assign(given->size(), std::nullopt);
        POLYSYNC_TRY(auto runs, transaction.runs(ids));
        std::erase_if(runs, [](const TaskRun& run) { return run.state != RunState::queued; });
        POLYSYNC_TRY(auto limits, read_limits(transaction, *catalog));
        auto state = build_dispatch_state(*catalog, limits, tasks_of(runs));
        POLYSYNC_TRY(auto at, transaction.shared_time(now));
        auto verdicts = engine::plan_dispatch(runs, state, at);
        std::vector<RunNews> news;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < runs.size(); ++i) {
            auto place = std::find_if(given->begin(), given->end(),
                                      [&](const Candidate& c) { return c.run.id == runs[i].id; }) -
                         given->begin();
            const auto& candidate = (*given)[std::size_t(place)];
            // Alone, a run that did not fit into its queue looks like one that waits.
            bool rejected =
                verdicts[i].action == engine::DispatchAction::reject ||
                (verdicts[i].action == engine::DispatchAction::hold && !candidate.rejection.empty());
            if (rejected) {
                auto reason = candidate.rejection.empty() ? verdicts[i].reason : candidate.rejection;
                news.push_back({.run = runs[i].id, .event = engine::LimitRejected{std::move(reason)}});
                places.push_back(SIZE_MAX);
            } else if (verdicts[i].action == engine::DispatchAction::claim && candidate.rejection.empty()) {
                std::string intent = candidate.intent ? write_intent(*candidate.intent) : std::string();
                news.push_back({.run = runs[i].id,
                                .event = engine::Claimed{premise.owner, candidate.token},
                                .intent = std::move(intent),
                                .called_at = now});
                places.push_back(std::size_t(place));
                if (candidate.error) {  // never sent: the attempt ends where it began
                    news.push_back({.run = runs[i].id, .event = engine::Refused{*candidate.error}});
                    places.push_back(SIZE_MAX);
                }
            }
        }
        POLYSYNC_TRY(auto recorded, record_loaded(transaction, *catalog, news, std::move(runs), at, random));
        POLYSYNC_TRY(transaction.put_rate_buckets(changed_buckets(state)));
        for (std::size_t i = 0; i < recorded.size(); ++i)
            if (places[i] != SIZE_MAX && recorded[i].applied && (*given)[places[i]].intent)
                (*claimed)[places[i]] = recorded[i].run;
        return success();
    };
    auto done = co_await write_current(context_, std::move(work), std::move(ids));
    if (!done) co_return done;
    for (std::size_t i = 0; i < claimed->size(); ++i)
        if ((*claimed)[i]) submitter_.start(std::move(*(*claimed)[i]), std::move(*(*given)[i].intent));
    co_return success();
}

}  // namespace polysync::runtime
