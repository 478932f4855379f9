// What must hold after every seed (SAFE-1 to SAFE-6, TASK-3, TASK-5, TASK-6, TASK-8, CON-1 to CON-3).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"
#include "test/sim/world.h"

namespace polysync::sim {

// What was seen while it happened, in the order of events; crashes do not forget it.
struct Witness {
    void moved(const TaskRun& before, std::string_view event, const TaskRun& after,
               const VirtualClock& clock);

    std::map<std::string, int> transitions;
    struct Claim {
        TaskRun run;          // as it is then
        Millis forward{0};    // when, by any calendar (VirtualClock::forward)
        SystemTime latest{};  // nobody's calendar said more
    };
    std::vector<Claim> claims;
    struct TimeOut {
        TaskRun run;
        Millis after{0};  // its claim, at most, by any calendar
    };
    std::vector<TimeOut> timeouts;
    std::map<RunId, Millis> claimed;  // when last, as above
    std::set<RunId> cancelled;        // by people, and not taken back
    std::set<RunId> ever_cancelled;   // by people or a time-out
    std::set<RunId> marked;           // by people: succeeded or skipped
    std::vector<std::string> violations;
};

struct Expectations {
    std::uint64_t seed = 1;
    SystemTime fires_from{}, fires_until{};  // every hour between has its run
    SystemTime settled{};                    // what was made before has ended
};

// All violations, in words.
[[nodiscard]] std::vector<std::string> check_invariants(World& world, const Witness& witness,
                                                        const Expectations& expected, int& runs);

}  // namespace polysync::sim
