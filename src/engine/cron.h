// Cron expressions (TASK-3): five fields with Vixie cron's day rule, names and the @ words, in an IANA time
// zone.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "engine/time_zone.h"

namespace polysync::engine {

// Immutable; parsed once, asked often.
//
// Grammar: minute hour day-of-month month day-of-week; each a list of *, n, a-b, with an optional /step;
// months jan-dec, days sun-sat (0 and 7 are Sunday), any case; @yearly @annually @monthly @weekly @daily
// @midnight @hourly. Day rule (Vixie): where neither day field starts with '*', a day matches if either
// matches; else if both match. Daylight saving: a reading that a gap skips fires once, at the end of the gap;
// one that an overlap repeats fires once, the first time - unless the hour field is '*' or '*/n', where fires
// follow elapsed time and both hours fire (docs/adr).
class CronExpression {
  public:
    // Errors: invalid_input, naming the field and what it takes; also for an expression that can never fire
    // (30 February).
    [[nodiscard]] static Result<CronExpression> parse(std::string_view text);

    // The first fire strictly after `after`. Always there: parse() refuses expressions without one.
    [[nodiscard]] SystemTime next_after(SystemTime after, const TimeZone& zone) const;

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    [[nodiscard]] bool day_matches(std::chrono::year_month_day day, std::chrono::weekday weekday) const;
    [[nodiscard]] std::optional<SystemTime> next_on_day(std::chrono::local_days day, SystemTime after,
                                                        const TimeZone& zone) const;

    std::string text_;
    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;     // 1-31
    std::bitset<13> months_;   // 1-12
    std::bitset<7> weekdays_;  // 0 = Sunday
    bool any_day_ = false;     // the field starts with '*'
    bool any_weekday_ = false;
    bool every_hour_ = false;  // the hour field starts with '*'
};

}  // namespace polysync::engine
