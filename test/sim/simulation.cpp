#include "test/sim/simulation.h"

#include <algorithm>

#include "base/secret.h"
#include "test/sim/definitions.h"
#include "test/sim/invariants.h"
#include "test/sim/people.h"

namespace polysync::sim {
namespace {

// The evening before a spring-forward day in Vienna.
const SystemTime epoch = parse_iso8601("2026-03-28T18:00:00Z").value();
constexpr Millis farthest_clock = std::chrono::minutes(12);
constexpr Millis longest_wait = std::chrono::seconds(150);  // for a step of a slow store

class Simulation {
  public:
    explicit Simulation(const SimulationOptions& options)
        : options_(options),
          world_(options.seed, epoch, nodes_of(options)),
          people_(world_, options.seed),
          back_at_(std::size_t(world_.nodes())) {
        world_.kinds = {{list_platform, StartKind::by_list},
                        {token_platform, StartKind::by_token},
                        {express_platform, StartKind::unknowable}};
        world_.pace = {.housekeeping = std::chrono::seconds(20),
                       .definitions = std::chrono::seconds(40),
                       .lease = std::chrono::seconds(60)};
        world_.secrets = [](const std::string&, const std::string&) -> Result<Secret> {
            register_secret(secret_text);
            return Secret(std::string(secret_text));
        };
        world_.faults = {.lost_after = 0.06,
                         .lost_before = 0.06,
                         .throttled = 0.05,
                         .contention = 0.05,
                         .refused = 0.02,
                         .unreachable = 0.05,
                         .no_cancel = 0.1,
                         .run_fails = 0.1,
                         .run_lost = 0.05,
                         .run_is_slow = 0.02,
                         .stopped = 0.03,
                         .forgotten = 0.02,
                         .list_delay = Millis(std::int64_t(world_.random.next() % 50'000))};
        world_.crash_point = [this](std::string_view where) { return may_crash(where); };
        if (world_.is_shared()) {
            world_.stall_point = [this](std::string_view where) { return stall(where); };
            world_.store_wait = [this](int node, std::string_view what) { return store_wait(node, what); };
            for (int node = 0; node < world_.nodes(); ++node) world_.jump(node, either_way(farthest_clock));
        }
        auto& hooks = engine::test_hooks;
        hooks.fault = options.fault;
        hooks.moved = [this](const TaskRun& before, std::string_view event, const TaskRun& after) {
            witness_.moved(before, event, after, world_.clock);
        };
        world_.define(definitions(options.seed, false));
    }
    ~Simulation() { engine::test_hooks = {}; }

    SimulationReport run() {
        auto busy_end = world_.clock.steady_now() + options_.busy;
        while (world_.clock.steady_now() < busy_end)
            world_.is_shared() ? share_until(busy_end) : live_until(busy_end);
        end_in_peace();
        Expectations expected{.seed = options_.seed,
                              .fires_from = epoch + std::chrono::minutes(45),
                              .fires_until = world_.clock.now() - std::chrono::minutes(70),
                              .settled = world_.clock.now() - options_.quiet / 2};
        world_.in_store([this](store::Transaction& transaction) { return count_lost_leases(transaction); });
        report_.violations = check_invariants(world_, witness_, expected, report_.runs);
        for (const auto& [platform, aws] : world_.aws) report_.starts += int(aws->runs().size());
        report_.transitions = witness_.transitions;
        report_.acts = people_.acts;
        return std::move(report_);
    }

  private:
    // One process: from its start to its crash, or to the deadline.
    void live_until(SteadyTime deadline) {
        world_.start();
        if (!world_.crashed()) {
            world_.spawn(people_.meddle(world_.operations()));
            auto left = std::chrono::duration_cast<Millis>(deadline - world_.clock.steady_now());
            auto half = Millis(std::int64_t(world_.random.next() % std::uint64_t(left.count() + 1)));
            world_.run_for(half);
            if (!world_.crashed() && world_.random.next() % 4 == 0) people_.change_definitions();
            if (!world_.crashed()) world_.run_for(left - half);
        }
        if (world_.crashed()) ++report_.crashes;
        if (!world_.crashed() && world_.random.next() % 2) {
            world_.stop();
        } else {
            world_.crash();
        }
        // Down for a while.
        Millis down(std::int64_t(world_.random.next() % 60'000));
        world_.clock.jump(down);
        if (world_.random.next() % 8 == 0) people_.change_definitions();
    }

    // On a shared store: until something happens to one of the nodes, or nothing does.
    void share_until(SteadyTime deadline) {
        for (int node = 0; node < world_.nodes(); ++node)
            if (!world_.is_running(node) && back_at_[std::size_t(node)] <= world_.clock.steady_now())
                bring_up(node);
        auto until = std::min(deadline, world_.clock.steady_now() + chance(std::chrono::minutes(10)));
        for (int node = 0; node < world_.nodes(); ++node)
            if (!world_.is_running(node)) until = std::min(until, back_at_[std::size_t(node)]);
        auto left = std::chrono::duration_cast<Millis>(until - world_.clock.steady_now());
        if (!world_.crashed()) world_.run_for(std::max(left, Millis(1)));
        for (int node = 0; node < world_.nodes(); ++node) {
            if (!world_.crashed(node)) continue;
            ++report_.crashes;
            take_down(node);
        }
        int node = int(world_.random.next() % std::uint64_t(world_.nodes()));
        if (world_.is_running(node)) mishap(node);
    }

    void mishap(int node) {
        // Up to a few leases long: some are lost, others are not.
        auto time = chance(std::chrono::minutes(world_.random.next() % 4 ? 3 : 15));
        switch (world_.random.next() % 14) {
            case 0:
                ++report_.mishaps["pause"];
                return world_.pause(node, time, world_.random.next() % 3 == 0);
            case 1:
                ++report_.mishaps["cut off"];
                return world_.cut_off(node, time);
            case 2:
                ++report_.mishaps["stop"];
                world_.stop(node);
                return take_down(node);
            case 3:
                return people_.change_definitions();
            case 4:
                ++report_.mishaps["kill"];
                return take_down(node);
            case 5:
                ++report_.mishaps["slow for one"];
                return slow_down(node, time);
            case 6:
                ++report_.mishaps["slow for all"];
                for (int one = 0; one < world_.nodes(); ++one) slow_down(one, time);
                return;
            case 7:
            case 8:
                ++report_.mishaps["clock set"];
                return world_.jump(node, either_way(farthest_clock));
            default:
                return;
        }
    }

    void bring_up(int node) {
        ++starts_[std::size_t(node)];
        world_.start(node);
        if (!world_.crashed(node)) world_.spawn(people_.meddle(world_.operations(node)), node);
    }

    void take_down(int node) {
        world_.crash(node);
        back_at_[std::size_t(node)] =
            world_.clock.steady_now() + chance(std::chrono::minutes(world_.random.next() % 3 ? 1 : 20));
    }

    // The disk or the way to it: each step may take a few seconds, or longer than a lease.
    void slow_down(int node, Millis time) {
        Millis most = std::chrono::seconds(1 + world_.random.next() % 20);
        if (world_.random.next() % 3 == 0) most = longest_wait;
        slow_[std::size_t(node)] = {world_.clock.steady_now() + time, most};
    }

    Millis store_wait(int node, std::string_view what) {
        const auto& [until, most] = slow_[std::size_t(node)];
        if (at_peace_ || world_.clock.steady_now() >= until) return Millis(0);
        return world_.random.next() % (what == "lost" ? 16 : 2) ? Millis(0) : chance(most);
    }

    [[nodiscard]] Millis either_way(Millis most) { return chance(2 * most) - most; }

    [[nodiscard]] Millis chance(Millis most) {
        return Millis(std::int64_t(world_.random.next() % std::uint64_t(most.count())));
    }

    // No crashes and no faults any more: everything comes to its end.
    void end_in_peace() {
        at_peace_ = people_.at_home = true;
        world_.faults = {};
        for (auto& [platform, aws] : world_.aws) aws->is_out = false;
        // Of several nodes some stay lost for ever.
        for (int node = 0; node < world_.nodes(); ++node)
            if (world_.crashed(node) || (node > 0 && world_.random.next() % 2)) world_.crash(node);
        if (!world_.is_running()) {
            ++starts_[0];
            world_.start();
        }
        for (int node = 0; node < world_.nodes(); ++node)
            if (world_.is_running(node)) world_.mend(node);
        world_.run_for(2 * longest_wait);  // what people have asked for is done
        world_.spawn(people_.tidy_up(world_.operations()));
        world_.run_for(options_.quiet);
        for (int node = 0; node < world_.nodes(); ++node) world_.crash(node);
    }

    bool may_crash(std::string_view where) {
        bool seldom = where.starts_with("aws.cancel") || where == "aws.logs";
        double probability = seldom ? 0.05 : options_.crashes;
        if (at_peace_ || world_.random.unit() >= probability) return false;
        ++report_.crash_points[std::string(where)];
        return true;
    }

    // A node takes a term when it starts, and another one when it finds its lease lost.
    Status count_lost_leases(store::Transaction& transaction) {
        POLYSYNC_TRY(auto nodes, transaction.nodes());
        for (const auto& lease : nodes) {
            auto node = std::size_t(lease.node.back() - '0');
            auto lost = int(lease.term) - starts_[node];
            if (lost > 0) report_.mishaps["lease lost"] += lost;
        }
        return success();
    }

    // Between a node's last look at its lease and what it does then.
    Stall stall(std::string_view where) {
        bool often = where == "aws.start.before" || where == "aws.limiter";
        if (at_peace_ || world_.random.unit() >= (often ? 0.04 : 0.001)) return {};
        bool of_machine = world_.random.next() % 3 == 0;
        ++report_.mishaps[of_machine ? "machine stands still" : "stall"];
        return {chance(std::chrono::minutes(world_.random.next() % 2 ? 3 : 40)), of_machine};
    }

    // Of the seeds with one node half are on a store that others may share.
    static Nodes nodes_of(const SimulationOptions& options) {
        auto kind = options.seed / 4 % 6;
        auto count = options.nodes ? options.nodes : std::size_t(1 + kind % 3);
        return {.count = count, .share = kind < 3, .store = options.store};
    }

    SimulationOptions options_;
    World world_;
    People people_;
    std::vector<SteadyTime> back_at_;                                   // by node that is down
    std::vector<std::pair<SteadyTime, Millis>> slow_{back_at_.size()};  // by node: until when, how slow
    std::vector<int> starts_ = std::vector<int>(back_at_.size());
    Witness witness_;
    bool at_peace_ = false;
    SimulationReport report_;
};

}  // namespace

SimulationReport simulate(const SimulationOptions& options) { return Simulation(options).run(); }

}  // namespace polysync::sim
