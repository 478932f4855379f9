// The sandbox's two clocks. Signatures, credentials and Date headers live on the wall clock (plus a settable
// skew), as clients do; runs live on sandbox time, which starts at the wall clock's and can run faster, stand
// still or be advanced.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "sandbox/service.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

class Times {
  public:
    // Both outlive this.
    Times(Clock& clock, Settings& settings)
        : clock_(&clock),
          settings_(&settings),
          sandbox_base_(clock.now()),
          steady_base_(clock.steady_now()) {}

    [[nodiscard]] SystemTime wall() const { return clock_->now() + settings_->clock_skew; }
    [[nodiscard]] SteadyTime steady() const { return clock_->steady_now(); }
    [[nodiscard]] SandboxTime sandbox() const {
        std::chrono::duration<double, std::milli> elapsed = clock_->steady_now() - steady_base_;
        return sandbox_base_ +
               std::chrono::milliseconds(std::int64_t(elapsed.count() * settings_->time_scale));
    }
    // How long to wait on the wall clock for so much sandbox time; none where it stands still.
    [[nodiscard]] Millis real(Millis sandbox_span) const {
        if (settings_->time_scale <= 0) return Millis(0);
        return Millis(std::int64_t(double(sandbox_span.count()) / settings_->time_scale));
    }

    void advance(Millis by) { sandbox_base_ += by; }
    // 0 stands still. What has passed stays.
    void set_scale(double scale) {
        sandbox_base_ = sandbox();
        steady_base_ = clock_->steady_now();
        settings_->time_scale = scale;
    }

  private:
    Clock* clock_;
    Settings* settings_;
    SandboxTime sandbox_base_;
    SteadyTime steady_base_;
};

}  // namespace polysync::sandbox
