// One seed: tasks, a fake AWS with faults, people who meddle, crashes anywhere; and what must hold whatever
// happens (test/sim/README.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/test_hooks.h"
#include "test/sim/world.h"

namespace polysync::sim {

struct SimulationOptions {
    std::uint64_t seed = 1;
    Millis busy = std::chrono::minutes(75);    // time under faults and crashes
    Millis quiet = std::chrono::minutes(150);  // time for everything to end
    engine::Fault fault = engine::Fault::none;
    std::size_t nodes = 0;   // 0: one to three, by the seed
    double crashes = 0.004;  // of the moments at which a process may
    StoreMaker store;        // empty: SQLite in memory
};

struct SimulationReport {
    std::vector<std::string> violations;      // empty: all invariants held
    std::map<std::string, int> transitions;   // "Queued claimed Submitting" → how often
    std::map<std::string, int> crash_points;  // "store.before_commit" → crashes there
    std::map<std::string, int> acts;          // of people: "cancel" → how often it was carried out
    std::map<std::string, int> mishaps;       // of nodes: "pause", "lease lost" → how often
    int crashes = 0, runs = 0, starts = 0, repeats = 0;
};

// Deterministic: the same options give the same report.
[[nodiscard]] SimulationReport simulate(const SimulationOptions& options);

}  // namespace polysync::sim
