// How one call goes, beyond its operation and body.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "aws/core/operation.h"

namespace polysync::aws {

// Asked after each attempt's request is signed, right before its first byte goes out: false ends the call
// with ErrorKind::contention, code `lease_lost`, and nothing of that attempt was sent. What pauses the
// process after that lets the signature age, and AWS refuses it then; a call that has leave is not signed
// anew for another clock, since who asks of a lease by a clock that stood still gets a wrong answer. Empty:
// always.
using LeaveToSend = std::function<bool()>;
inline constexpr const char* lease_lost = "lease_lost";

struct CallOptions {
    std::optional<RepeatSafety> repeat;  // instead of the operation's own (Step Functions: by the machine's
                                         // type)
    std::optional<Priority> priority;
    LeaveToSend may_send;
};

[[nodiscard]] inline CallOptions with_leave(LeaveToSend leave) {
    CallOptions options;
    options.may_send = std::move(leave);
    return options;
}

}  // namespace polysync::aws
