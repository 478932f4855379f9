// The life of a task run: which event leads from which state to which, and with what consequences
// (docs/state_machine.md). Pure: no clock, no store, no call. runtime/ feeds it and makes its decisions
// durable.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/random.h"
#include "base/result.h"
#include "model/pipeline_run.h"
#include "model/run.h"

namespace polysync::engine {

// -------------------------------------------------------------------------------------------------------
// events

struct Claimed {
    std::string node, token;
};  // the dispatcher took it under every limit
struct Accepted {
    PipelineRun run;
};  // AWS took the submission, or the rescuer found it
struct Refused {
    Error error;
};  // AWS, or our own check, said no: nothing was started
struct NotSubmitted {
    std::string explanation;
};  // the rescuer is sure that nothing was started
struct Unknowable {
    std::string explanation;
};  // nobody can tell whether it was started (SAFE-1)
struct Observed {
    PipelineRun run;
};  // what the watcher saw
struct Vanished {
    std::string explanation;
};  // AWS no longer knows the run
struct CancelRequested {
    CancelCause cause = CancelCause::user;
    std::string by;
};
struct CancelRefused {
    std::string reason;
};  // AWS cannot stop it (Express): the recorded cancel is taken back, in words (TASK-7)
struct LimitRejected {
    std::string reason;
};  // a contention profile's Reject or queue timeout (CON-1)
struct SkipRequested {
    std::string reason;
};  // an edge that cannot be satisfied, or a person
struct MarkedSucceeded {
    std::string outputs, by;
};  // a person's word (TASK-9)

using RunEvent = std::variant<Claimed, Accepted, Refused, NotSubmitted, Unknowable, Observed, Vanished,
                              CancelRequested, CancelRefused, LimitRejected, SkipRequested, MarkedSucceeded>;
[[nodiscard]] std::string_view event_name(const RunEvent& event);  // "claimed", "accepted", …

// -------------------------------------------------------------------------------------------------------
// rules

// One arrow of the diagram. The machine takes no other; a test walks all of them.
struct Transition {
    RunState from;
    std::string_view event;
    RunState to;
};
[[nodiscard]] std::span<const Transition> transitions();

struct RunPolicy {
    RetryPolicy retry;
    std::optional<std::chrono::seconds> queue_timeout;  // how long "not now" may last, from queued_at
                                                        // (PLAT-8)
};

struct Decision {
    TaskRun run;                 // as it is from now on
    std::string message;         // for the history; empty: nothing worth an entry
    bool changed = false;        // anything to write
    bool attempt_ended = false;  // the attempt's row gets its end
    bool ended = false;          // for good: tokens go out
    bool send_cancel = false;    // the canceller has something to do at AWS
};

// What the event does to the run. Fails with conflict where the state takes no such event (a stale answer, a
// second cancel of an ended run): nothing changes then, and the message says why in words for a person.
[[nodiscard]] Result<Decision> decide(const TaskRun& run, const RunEvent& event, const RunPolicy& policy,
                                      SystemTime now, Random& random);

}  // namespace polysync::engine
