// The time that the processes of a store share, as one of them knows it between its transactions.
#pragma once

#include <atomic>
#include <limits>
#include <optional>

#include "base/clock.h"

namespace polysync::store {

// Goes by the process's steady clock: where somebody sets the machine's calendar, nothing happens. Any
// thread.
class SharedTime {
  public:
    // A transaction that was asked for at `asked` was told `told`, and the answer has just come, at
    // `answered`.
    void note(SystemTime told, SteadyTime asked, SteadyTime answered);
    // None before the first answer.
    [[nodiscard]] std::optional<SystemTime> at(SteadyTime now) const;

  private:
    static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> zero_ms_ = unknown;  // the shared time when the steady clock was at its zero
};

}  // namespace polysync::store
