#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "base/log.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr int beats_per_lease = 6;
// Runs whose owner left no trace between two looks are found all the same.
constexpr int adopts_every = 12;  // beats

// The terms of one name: the newest, and from which one on they were all taken under the same lock.
struct Terms {
    std::int64_t newest = 0, first = 0;
    std::string lock;
    [[nodiscard]] std::string text() const { return fmt::format("{} {} {}", newest, first, lock); }
};

Terms next_terms(const std::string& last, const std::string& lock) {
    Terms terms;
    std::istringstream(last) >> terms.newest >> terms.first >> terms.lock;
    ++terms.newest;
    bool same_lock = !lock.empty() && terms.lock == lock;
    // More than can be in flight still.
    constexpr std::int64_t most_remembered = 1000;
    terms.first = same_lock ? std::max(terms.first, terms.newest - most_remembered) : terms.newest;
    terms.lock = lock;
    return terms;
}

}  // namespace

struct Membership::Beat {
    bool held = false;
    bool somebody_went = false;
    std::vector<store::NodeLease> nodes;
    std::vector<TaskRun> cancels;
};

Async<Status> Membership::join() {
    auto held = context_.lease_for(own_share());
    auto lease = std::make_shared<store::NodeLease>();
    lease->node = context_.parts.node;
    lease->at = context_.clock().now();
    // A process of the same name from before has lost its lease with that; it sends nothing after its own
    // share of it, which is over before anybody takes a look-up for an answer.
    auto terms = std::make_shared<Terms>();
    auto nodes = std::make_shared<std::size_t>(1);
    store::Work work = [lease, terms, nodes,
                        lock = context_.parts.name_lock](store::Transaction& transaction) -> Status {
        auto name = "term/" + lease->node;
        POLYSYNC_TRY(auto last, transaction.setting(name));
        *terms = next_terms(last.value_or(""), lock);
        lease->term = terms->newest;
        POLYSYNC_TRY(transaction.put_setting(name, terms->text()));
        POLYSYNC_TRY(transaction.put_node(*lease));
        POLYSYNC_TRY(auto all, transaction.nodes());
        *nodes = all.size();
        return success();
    };
    auto done = co_await context_.store().write(std::move(work));
    if (!done) co_return done;
    context_.owner = lease->owner();
    tell_nodes(std::max<std::size_t>(*nodes, 1));
    context_.predecessors.clear();
    for (auto term = terms->first; term < terms->newest; ++term) {
        auto before = *lease;
        before.term = term;
        context_.predecessors.insert(before.owner());
    }
    context_.lease = held;
    co_return success();
}

Async<void> Membership::run() {
    bool leaves_some = false;  // others may not take theirs
    for (int beats = 1; !context_.stopping; ++beats) {
        bool goes_on = co_await sleep_unless_stopping(context_, context_.parts.pace.lease / beats_per_lease);
        if (!goes_on) co_return;
        auto beaten = co_await beat();
        if (!beaten) {
            log::error("the node's lease cannot be renewed: {}", beaten.error().describe());
            continue;
        }
        auto& seen = beaten.value();
        bool adopts = seen.somebody_went || leaves_some || beats % adopts_every == 0;
        auto share = seen.somebody_went ? Share::own : Share::all;
        if (!seen.held) {
            log::warn("other nodes have taken over the runs of this one: it begins anew");
            resign();
            auto joined = co_await join();
            if (!joined) {
                log::error("the node cannot take a new lease: {}", joined.error().describe());
                continue;
            }
            adopts = true;
            share = Share::all;
        }
        if (seen.held) start(seen.cancels);
        if (!adopts) continue;
        leaves_some = share == Share::own;
        auto adopted = co_await adopt_(share);
        if (!adopted) log::error("runs of a lost node cannot be adopted: {}", adopted.error().describe());
    }
}

// One unit: renews, ends the leases that have run out, and reads what others have left to this node.
Async<Result<Membership::Beat>> Membership::beat() {
    auto held = context_.lease_for(own_share());
    auto seen = std::make_shared<Beat>();
    auto at = context_.clock().now();
    auto expired = expired_nodes(context_.clock().steady_now());
    auto owner = context_.owner;
    store::Work work = [seen, at, expired, owner](store::Transaction& transaction) -> Status {
        *seen = {};
        POLYSYNC_TRY(auto nodes, transaction.nodes());
        for (auto& node : nodes) {
            bool is_gone = std::any_of(expired.begin(), expired.end(), [&](const store::NodeLease& lease) {
                return lease.owner() == node.owner() && lease.beat == node.beat;
            });
            if (node.owner() == owner) {
                seen->held = true;
                ++node.beat;
                node.at = at;
                POLYSYNC_TRY(transaction.put_node(node));
            } else if (is_gone) {
                POLYSYNC_TRY(transaction.delete_node(node.node));
                continue;
            }
            seen->nodes.push_back(node);
        }
        POLYSYNC_TRY(seen->cancels, transaction.recorded_cancels(owner));
        return success();
    };
    auto done = co_await context_.store().write(std::move(work));
    if (!done) co_return done.error();
    if (seen->held) context_.lease = held;
    note(*seen);
    co_return std::move(*seen);
}

std::vector<store::NodeLease> Membership::expired_nodes(SteadyTime now) const {
    std::vector<store::NodeLease> out;
    for (const auto& [name, other] : others_)
        if (now - other.since >= context_.parts.pace.lease) out.push_back(other.lease);
    return out;
}

// What stands still has done so since the first look that saw it there.
void Membership::note(Beat& seen) {
    auto now = context_.clock().steady_now();
    std::map<std::string, Other> others;
    context_.rank = 0;
    for (std::size_t i = 0; i < seen.nodes.size(); ++i) {
        const auto& lease = seen.nodes[i];
        if (lease.owner() == context_.owner) {
            context_.rank = i;
            continue;
        }
        auto known = others_.find(lease.owner());
        bool stands_still = known != others_.end() && known->second.lease.beat == lease.beat;
        others[lease.owner()] = {lease, stands_still ? known->second.since : now};
    }
    tell_nodes(std::max<std::size_t>(seen.nodes.size(), 1));
    for (const auto& [owner, other] : others_)
        if (!others.contains(owner)) seen.somebody_went = true;
    others_ = std::move(others);
}

void Membership::tell_nodes(std::size_t nodes) {
    if (context_.nodes != nodes && context_.parts.on_nodes) context_.parts.on_nodes(nodes);
    context_.nodes = nodes;
}

// Whatever is still under way speaks of runs that are not this node's any more.
void Membership::resign() {
    context_.lease.until = SteadyTime::min();
    watcher_.clear();
    canceller_.clear();
}

// One that is being submitted is cancelled when its answer is here.
void Membership::start(const std::vector<TaskRun>& cancels) {
    for (const auto& run : cancels)
        if (run.state != RunState::submitting) canceller_.start(run);
}

Async<void> Membership::take_cancels() {
    auto owner = context_.owner;
    auto found = std::make_shared<std::vector<TaskRun>>();
    store::ReadWork work = [found, owner](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*found, transaction.recorded_cancels(owner));
        return success();
    };
    auto done = co_await context_.store().read(std::move(work));
    if (done && context_.holds(owner)) start(*found);  // else the next beat finds them
}

Async<void> Membership::leave() {
    context_.lease.until = SteadyTime::min();
    store::Work work = [node = context_.parts.node,
                        owner = context_.owner](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto nodes, transaction.nodes());
        for (const auto& one : nodes)
            if (one.owner() == owner) return transaction.delete_node(node);
        return success();
    };
    auto done = co_await context_.store().write(std::move(work));
    if (!done) log::warn("the node's lease cannot be given back: {}", done.error().describe());
}

Millis Membership::own_share() const { return context_.parts.pace.lease * 2 / 3; }

}  // namespace polysync::runtime
