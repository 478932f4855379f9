#include "aws/core/http_date.h"

namespace polysync::aws {
namespace {

// Two digits; -1 where there are none.
int two(std::string_view text, std::size_t at) {
    auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -100; };
    int value = digit(at) * 10 + digit(at + 1);
    return value < 0 ? -1 : value;
}

}  // namespace

std::optional<SystemTime> parse_http_date(std::string_view text) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',' || text[19] != ':' ||
        text[22] != ':')
        return std::nullopt;
    int day = two(text, 5), century = two(text, 12), year = two(text, 14);
    int hour = two(text, 17), minute = two(text, 20), second = two(text, 23);
    std::size_t month = months.find(text.substr(8, 3));
    if (day < 0 || century < 0 || year < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
    if (month == std::string_view::npos || month % 3 != 0 || hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    std::chrono::year_month_day date{std::chrono::year(century * 100 + year),
                                     std::chrono::month(unsigned(month / 3 + 1)),
                                     std::chrono::day(unsigned(day))};
    if (!date.ok()) return std::nullopt;
    return SystemTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

}  // namespace polysync::aws
