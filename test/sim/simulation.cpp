#include "test/sim/simulation.h"

#include "base/secret.h"
#include "test/sim/definitions.h"
#include "test/sim/invariants.h"
#include "test/sim/people.h"

namespace polysync::sim {
namespace {

// The evening before a spring-forward day in Vienna.
const SystemTime epoch = parse_iso8601("2026-03-28T18:00:00Z").value();

class Simulation {
  public:
    explicit Simulation(const SimulationOptions& options)
        : options_(options), world_(options.seed, epoch), people_(world_, options.seed) {
        world_.kinds = {{list_platform, StartKind::by_list},
                        {token_platform, StartKind::by_token},
                        {express_platform, StartKind::unknowable}};
        world_.pace = {.housekeeping = std::chrono::seconds(20), .definitions = std::chrono::seconds(40)};
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
        auto& hooks = engine::test_hooks;
        hooks.fault = options.fault;
        hooks.moved = [this](const TaskRun& before, std::string_view event, const TaskRun& after) {
            witness_.moved(before, event, after, world_.clock.forward());
        };
        world_.define(definitions(options.seed, false));
    }
    ~Simulation() { engine::test_hooks = {}; }

    SimulationReport run() {
        auto busy_end = world_.clock.steady_now() + options_.busy;
        while (world_.clock.steady_now() < busy_end) live_until(busy_end);
        end_in_peace();
        Expectations expected{.seed = options_.seed,
                              .fires_from = epoch + std::chrono::minutes(45),
                              .fires_until = world_.clock.now() - std::chrono::minutes(70),
                              .settled = world_.clock.now() - options_.quiet / 2};
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

    // No crashes and no faults any more: everything comes to its end.
    void end_in_peace() {
        at_peace_ = true;
        world_.faults = {};
        for (auto& [platform, aws] : world_.aws) aws->is_out = false;
        world_.start();
        world_.spawn(people_.tidy_up(world_.operations()));
        world_.run_for(options_.quiet);
        world_.crash();
    }

    bool may_crash(std::string_view where) {
        double probability = where.starts_with("aws.cancel") ? 0.05 : 0.004;  // cancels are few
        if (at_peace_ || world_.random.unit() >= probability) return false;
        ++report_.crash_points[std::string(where)];
        return true;
    }

    SimulationOptions options_;
    World world_;
    People people_;
    Witness witness_;
    bool at_peace_ = false;
    SimulationReport report_;
};

}  // namespace

SimulationReport simulate(const SimulationOptions& options) { return Simulation(options).run(); }

}  // namespace polysync::sim
