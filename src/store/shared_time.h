// NAIVE
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"

namespace polysync::store {

class SharedTime {
  public:
    explicit SharedTime(const Clock& clock) : clock_(clock) {}

    void note(SystemTime told, SteadyTime) {
        constexpr Millis noise(25);
        auto offset = told - clock_.now();
        if (std::chrono::abs(offset - Millis(offset_ms_.load())) > noise) offset_ms_ = offset.count();
        told_ = true;
    }
    [[nodiscard]] std::optional<SystemTime> now() const {
        if (!told_) return std::nullopt;
        return clock_.now() + Millis(offset_ms_.load());
    }

  private:
    const Clock& clock_;
    std::atomic<std::int64_t> offset_ms_ = 0;
    std::atomic<bool> told_ = false;
};

}  // namespace polysync::store
