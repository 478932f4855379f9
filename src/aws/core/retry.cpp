#include "aws/core/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/nearest.h"

namespace polysync::aws {
namespace {

constexpr int quota_capacity = 500;
constexpr int retry_cost = 14;
constexpr int throttled_cost = 5;
constexpr double base_s = 0.05;
constexpr double throttled_base_s = 1.0;
constexpr double max_delay_s = 20.0;
constexpr Millis hint_margin{5000};

}  // namespace

RetryAction StandardRetryPolicy::decide(const FailedAttempt& failed) const {
    // Neither of these two needs an attempt to be left: each happens once in a call, and the refusal was a
    // definite one.
    if (failed.retry == RetryClass::expired_credentials ||
        (failed.retry == RetryClass::unknown_credentials && failed.temporary_credentials)) {
        return failed.refreshed_before ? RetryAction::give_up : RetryAction::refresh_credentials;
    }
    bool fate_known = failed.retry != RetryClass::transient;
    if (!fate_known && failed.repeat == RepeatSafety::start) return RetryAction::give_up;
    if (failed.attempt >= settings_.max_attempts) return RetryAction::give_up;
    if (failed.skew_found && settings_.correct_clock_skew && !failed.skew_corrected_before)
        return RetryAction::at_once;
    bool worth_it = failed.retry == RetryClass::throttled || failed.retry == RetryClass::transient ||
                    failed.retry == RetryClass::not_sent;
    return worth_it ? RetryAction::back_off : RetryAction::give_up;
}

Millis StandardBackoff::delay(int retry, bool throttled, std::optional<Millis> hint) {
    double base = throttled ? throttled_base_s : base_s;
    double seconds = random_.unit() * std::min(std::ldexp(base, std::clamp(retry, 0, 30)), max_delay_s);
    Millis delay(static_cast<long long>(seconds * 1000));
    if (!hint) return delay;
    return std::max(delay, std::min(*hint, delay + hint_margin));
}

std::optional<int> RetryQuota::take(bool throttled) {
    int cost = throttled ? throttled_cost : retry_cost;
    if (tokens_ < cost) return std::nullopt;
    tokens_ -= cost;
    return cost;
}

void RetryQuota::on_success(std::optional<int> last_cost) {
    tokens_ = std::min(quota_capacity, tokens_ + last_cost.value_or(1));
}

Result<RetrySettings> read_retry_settings(std::string_view mode, std::string_view max_attempts,
                                          std::string_view disable_clock_skew_correction) {
    RetrySettings settings;
    if (mode == "legacy") {
        settings.max_attempts = 5;
    } else if (!mode.empty() && mode != "standard" && mode != "adaptive") {
        const std::string known[] = {"standard", "adaptive", "legacy"};
        std::string near = nearest_word(mode, known);
        return make_error(
            ErrorKind::invalid_input, "invalid_retry_mode", "unknown retry mode '" + std::string(mode) + "'",
            near.empty() ? "Use standard, adaptive or legacy." : "Did you mean '" + near + "'?");
    }
    if (!max_attempts.empty()) {
        int attempts = 0;
        auto [end, status] =
            std::from_chars(max_attempts.data(), max_attempts.data() + max_attempts.size(), attempts);
        bool is_number = status == std::errc() && end == max_attempts.data() + max_attempts.size();
        if (!is_number || attempts < 1 || attempts > 100)
            return make_error(
                ErrorKind::invalid_input, "invalid_max_attempts",
                "the number of attempts must be 1 to 100, not '" + std::string(max_attempts) + "'");
        settings.max_attempts = attempts;
    }
    settings.correct_clock_skew = disable_clock_skew_correction != "true" &&
                                  disable_clock_skew_correction != "TRUE" &&
                                  disable_clock_skew_correction != "True";
    return settings;
}

}  // namespace polysync::aws
