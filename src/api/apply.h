// Changing definitions: a plan against the newest state, carried out in one transaction with its check, audit
// and events.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/plan.h"

namespace polysync::api {

inline constexpr std::size_t max_problems = 1'000;  // told at once

struct ApplyOptions {
    bool dry_run = false;
    // Runs first in the transaction (If-Match). Errors: as its own.
    std::function<Status(const State&)> condition;
};

// The response of a plan that holds (for a dry run: that would). `changed` in the transaction that changed.
using PlanAnswer = std::function<Result<Response>(store::ReadTransaction&, const Plan&)>;

// Errors: invalid_input with `call.problems` at their places; conflict where something is in use. The runtime
// knows the new definitions when it returns.
[[nodiscard]] Async<Result<Response>> carry_out(Call& call, Wish wish, ApplyOptions options,
                                                PlanAnswer answer);

}  // namespace polysync::api
