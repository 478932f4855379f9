// Which queued runs may be dispatched now: priorities, task caps and every linked contention profile (TASK-7,
// CON-1 to CON-3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "model/run.h"

namespace polysync::engine {

// A token bucket's fill (CON-2). A leaky bucket is one of capacity 1: dispatches leave it evenly. With
// DeferToNextWindow a token bucket fills at the start of each window instead of bit by bit: what exceeds one
// window's limit goes in the next, oldest first. A leaky bucket's window is the gap between two dispatches.
struct BucketFill {
    double tokens = 0;
    SystemTime at{};
};

// One profile in one scope: a platform, or everything that it is linked to.
struct ProfileUse {
    ObjectId profile{};
    ObjectId platform{};  // 0: global
    const ContentionProfile* rule = nullptr;
    int in_flight = 0;                 // concurrency: runs from Submitting to their end
    std::int64_t waiting = 0;          // runs that this profile holds back, as far as plan_dispatch has come
    std::optional<BucketFill> bucket;  // rate limit: nothing yet means full
    bool bucket_changed = false;       // set by plan_dispatch: to be stored with the claims
};

struct TaskUse {
    int max_active = 1;
    int in_flight = 0;
    bool paused = false;
};

struct PlatformUse {
    bool paused = false;
    std::vector<std::size_t> profiles;  // indices into DispatchState::profiles
};

struct DispatchState {
    bool everything_paused = false;
    std::unordered_map<ObjectId, TaskUse> tasks;
    std::unordered_map<ObjectId, PlatformUse> platforms;
    std::vector<ProfileUse> profiles;
};

enum class DispatchAction { claim, hold, reject };

struct DispatchVerdict {
    DispatchAction action = DispatchAction::hold;
    std::string reason;                    // hold, reject: for people
    std::optional<SystemTime> not_before;  // hold: nothing changes before
};

// Decides over `queued` (any order) as if one by one, higher priority first, then the older, and counts every
// claim at once, so that all of them together keep every limit. A queue that is too long loses its end: the
// lowest priorities, the youngest. `state` is updated by the claims made. Verdicts are in the order of
// `queued`.
[[nodiscard]] std::vector<DispatchVerdict> plan_dispatch(const std::vector<TaskRun>& queued,
                                                         DispatchState& state, SystemTime now);

// The fill at `now` (a clock that went back adds nothing and goes on from where it is), and the earliest time
// at which a whole token is there.
[[nodiscard]] BucketFill refill(const ContentionProfile& rule, std::optional<BucketFill> fill,
                                SystemTime now);
[[nodiscard]] SystemTime next_token(const ContentionProfile& rule, const BucketFill& fill);
// The start of the next window; windows are cut from the epoch on.
[[nodiscard]] SystemTime next_window(const ContentionProfile& rule, SystemTime now);

}  // namespace polysync::engine
