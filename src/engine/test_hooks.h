// What the simulator needs inside the program: deliberate faults for it to catch, and a look at every
// transition (test/sim/README.md). Only test programs that are built with POLYSYNC_TEST_HOOKS have them;
// everywhere else they are nothing at compile time.
#pragma once

#include <functional>
#include <string_view>

#include "model/run.h"

namespace polysync::engine {

enum class Fault {
    none,
    one_empty_look_up,      // a submission counts as lost after a single empty look-up (SAFE-1)
    submitting_holds_none,  // a run that is being submitted holds no slot (CON-1)
    cursor_before_fire,     // the schedule's cursor is durable before the run that it fires (TASK-3)
    quick_ends_are_silent,  // a run that ended before its first status puts no token (TASK-5)
    cancel_is_forgotten,    // a recorded cancel does not stop the next attempt (TASK-6, TASK-7)
    lease_is_ignored,       // a node sends although others have taken over from it (SAFE-1)
};

#ifdef POLYSYNC_TEST_HOOKS
struct TestHooks {
    Fault fault = Fault::none;
    std::function<void(const TaskRun& before, std::string_view event, const TaskRun& after)> moved;
};
inline thread_local TestHooks test_hooks;
inline bool is_planted(Fault fault) { return test_hooks.fault == fault; }
inline void note_move(const TaskRun& before, std::string_view event, const TaskRun& after) {
    if (test_hooks.moved) test_hooks.moved(before, event, after);
}
#else
constexpr bool is_planted(Fault) { return false; }
constexpr void note_move(const TaskRun&, std::string_view, const TaskRun&) {}
#endif

}  // namespace polysync::engine
