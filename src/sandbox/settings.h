// The sandbox's knobs that services read. One object per sandbox, changed by POST /_sandbox/settings and
// /_sandbox/time between calls, never during one: a service keeps a reference and reads what it needs at each
// call.
//
// Times of runs are in sandbox time (CallContext::now), which can run faster than the wall clock. Services
// need no timers: a run's state is a function of its start, these durations and `now`.
#pragma once

#include <chrono>
#include <cstddef>

namespace polysync::sandbox {

// How long a run stays in each phase unless its job says otherwise (a sample job that runs long, a scripted
// outcome).
struct RunDurations {
    std::chrono::milliseconds queued{500};    // Batch SUBMITTED, PENDING and RUNNABLE together; Glue WAITING
    std::chrono::milliseconds starting{500};  // Glue and Batch STARTING
    std::chrono::milliseconds running{2000};  // from RUNNING to the end; split evenly over pipeline steps and
                                              // states
    std::chrono::milliseconds stopping{500};  // Glue STOPPING, SageMaker Stopping
};

// Eventual consistency: what was made less than this long ago (sandbox time) is not yet in lists, and where
// AWS is eventually consistent in describe calls too (Step Functions), not yet there either.
struct Consistency {
    std::chrono::milliseconds list_delay{0};
    std::chrono::milliseconds describe_delay{0};
};

struct Settings {
    RunDurations durations;
    Consistency consistency;
    // Sandbox time passes this many times as fast as the wall clock.
    double time_scale = 1.0;
    // Refuse input members that the AWS model does not know. AWS ignores them; the books count them either
    // way.
    bool strict_members = false;
    // Lifetime of issued temporary credentials where it is not 0; otherwise what the caller asked for.
    std::chrono::seconds credential_lifetime{0};
    // The wall clock that requests are checked against and the Date header shows, minus the machine's.
    std::chrono::milliseconds clock_skew{0};
    // So many of the newest calls are kept whole, for GET /_sandbox/calls.
    std::size_t kept_calls = 0;
};

}  // namespace polysync::sandbox
