#include "base/clock.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace polysync {
namespace {

class MachineClock final : public Clock {
  public:
    SystemTime now() const override {
        return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    }
    // std::chrono's own steady clock stands still while the machine is suspended, and leases do not.
    SteadyTime steady_now() const override {
        struct timespec time {};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return SteadyTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    }
    Async<void> sleep_until(SteadyTime deadline) override {
        auto left = std::max(deadline, SteadyTime{}) - steady_now();  // min() is long ago, too
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, left);
        boost::system::error_code ignored;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
};

struct Fields {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<Millis> time;
};

Fields split(SystemTime time) {
    auto day = std::chrono::floor<std::chrono::days>(time);
    return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Millis>(time - day)};
}

// Reads exactly `count` digits at `at` and moves on; -1 where there are none.
int digits(std::string_view text, std::size_t& at, std::size_t count) {
    if (at + count > text.size()) return -1;
    int value = 0;
    auto [end, status] = std::from_chars(text.data() + at, text.data() + at + count, value);
    if (status != std::errc() || end != text.data() + at + count || value < 0 || text[at] == '-') return -1;
    at += count;
    return value;
}

bool literal(std::string_view text, std::size_t& at, char expected) {
    if (at >= text.size() || text[at] != expected) return false;
    ++at;
    return true;
}

}  // namespace

Clock& system_clock() {
    static MachineClock clock;
    return clock;
}

Async<void> ManualClock::sleep_until(SteadyTime deadline) {
    if (deadline > steady_) {
        auto by = std::chrono::ceil<Millis>(deadline - steady_);
        slept_ += by;
        advance(by);
    }
    co_return;
}

void ManualClock::advance(Millis by) {
    steady_ += by;
    now_ += by;
}

std::string format_iso8601(SystemTime time) {
    auto [date, clock] = split(time);
    auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                            unsigned(date.day()), clock.hours().count(), clock.minutes().count(),
                            clock.seconds().count());
    if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
    return text + "Z";
}

std::string format_basic(SystemTime time) {
    auto [date, clock] = split(time);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", int(date.year()), unsigned(date.month()),
                       unsigned(date.day()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

Result<SystemTime> parse_iso8601(std::string_view text) {
    auto bad = [&] {
        return make_error(ErrorKind::invalid_input, "invalid_timestamp",
                          fmt::format("not an ISO 8601 time with zone: '{}'", text.substr(0, 64)));
    };
    std::size_t at = 0;
    int year = digits(text, at, 4);
    if (year < 0 || !literal(text, at, '-')) return bad();
    int month = digits(text, at, 2);
    if (month < 0 || !literal(text, at, '-')) return bad();
    int day = digits(text, at, 2);
    if (day < 0 || !literal(text, at, 'T')) return bad();
    int hour = digits(text, at, 2);
    if (hour < 0 || hour > 23 || !literal(text, at, ':')) return bad();
    int minute = digits(text, at, 2);
    if (minute < 0 || minute > 59 || !literal(text, at, ':')) return bad();
    int second = digits(text, at, 2);
    if (second < 0 || second > 60) return bad();
    std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                     std::chrono::day(unsigned(day))};
    if (!date.ok()) return bad();

    int millis = 0;
    if (literal(text, at, '.')) {
        int scale = 100;
        std::size_t begin = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
            millis += (text[at] - '0') * scale;
        if (at == begin) return bad();
    }
    int offset_minutes = 0;
    if (!literal(text, at, 'Z')) {
        if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return bad();
        int sign = text[at++] == '+' ? 1 : -1;
        int zone_hour = digits(text, at, 2);
        if (zone_hour < 0 || zone_hour > 23) return bad();
        literal(text, at, ':');
        int zone_minute = digits(text, at, 2);
        if (zone_minute < 0 || zone_minute > 59) return bad();
        offset_minutes = sign * (zone_hour * 60 + zone_minute);
    }
    if (at != text.size()) return bad();
    return SystemTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute - offset_minutes) + std::chrono::seconds(second) + Millis(millis);
}

}  // namespace polysync
