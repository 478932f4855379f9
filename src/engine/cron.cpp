#include "engine/cron.h"

#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace polysync::engine {
namespace {

using std::chrono::days;

struct FieldSpec {
    std::string_view name;
    int min, max;
    std::array<std::string_view, 12> words;  // in order, from `first_word`
    int first_word;
};

const FieldSpec minute_field{"minute", 0, 59, {}, 0};
const FieldSpec hour_field{"hour", 0, 23, {}, 0};
const FieldSpec day_field{"day of month", 1, 31, {}, 0};
const FieldSpec month_field{
    "month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, 1};
const FieldSpec weekday_field{"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (true) {
        auto at = text.find_first_of(separators);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

Error bad_field(const FieldSpec& spec, std::string_view text, std::string_view why) {
    return make_error(
        ErrorKind::invalid_input, "invalid_cron",
        fmt::format("cron field '{}' ({}) {}", text.substr(0, 64), spec.name, why),
        fmt::format("It takes *, numbers from {} to {}{}, ranges a-b, steps /n and lists a,b.", spec.min,
                    spec.max, spec.words[0].empty() ? "" : fmt::format(", names such as {}", spec.words[0])));
}

// A number or a name of the field; -1 where it is neither.
int read_value(const FieldSpec& spec, std::string_view text) {
    int value = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status == std::errc() && end == text.data() + text.size() && text[0] != '-') return value;
    for (std::size_t i = 0; i < spec.words.size(); ++i)
        if (!spec.words[i].empty() && spec.words[i] == text) return spec.first_word + int(i);
    return -1;
}

// One item of a list: *, a, a-b, each with /step. Adds its values to `out`.
Status read_item(const FieldSpec& spec, std::string_view item, std::vector<int>& out) {
    auto slash = item.find('/');
    auto range = item.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
        auto text = item.substr(slash + 1);
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), step);
        if (status != std::errc() || end != text.data() + text.size() || step < 1)
            return bad_field(spec, item, "has a step that is no positive number");
    }
    int first = spec.min, last = spec.max;
    if (range != "*") {
        auto hyphen = range.find('-');
        first = range.empty() ? -1 : read_value(spec, range.substr(0, hyphen));
        last = first;
        if (hyphen != std::string_view::npos) {
            auto end = range.substr(hyphen + 1);
            last = end.empty() ? -1 : read_value(spec, end);
        } else if (slash != std::string_view::npos) {
            last = spec.max;  // a/n: from a to the end, as cronie and most schedulers read it
        }
        if (first < spec.min || first > spec.max || last < spec.min || last > spec.max)
            return bad_field(spec, item, "is out of range or no value");
        if (first > last) return bad_field(spec, item, "is a range that ends before it begins");
    }
    for (int value = first; value <= last; value += step) out.push_back(value);
    return success();
}

template <std::size_t Size>
Status read_field(const FieldSpec& spec, std::string_view text, std::bitset<Size>& out) {
    std::vector<int> values;
    for (auto item : split(text, ",")) {
        if (item.empty()) return bad_field(spec, text, "has an empty part");
        POLYSYNC_TRY(read_item(spec, item, values));
    }
    for (int value : values) out.set(std::size_t(&spec == &weekday_field ? value % 7 : value));
    return success();
}

std::string_view expand_word(std::string_view word) {
    constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"}};
    for (auto [name, fields] : words)
        if (name == word) return fields;
    return {};
}

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) {
    constexpr auto shape =
        "A cron expression has five fields: minute hour day-of-month month day-of-week, such as '30 2 * * "
        "1-5', or is "
        "one of @hourly, @daily, @weekly, @monthly, @yearly.";
    if (text.size() > 256)
        return make_error(ErrorKind::invalid_input, "invalid_cron", "the cron expression is too long", shape);
    std::string folded = lower(text);
    std::string_view source = folded;
    if (source.starts_with('@')) {
        source = expand_word(source);
        if (source.empty())
            return make_error(ErrorKind::invalid_input, "invalid_cron",
                              fmt::format("'{}' is no cron word", text), shape);
    }
    std::vector<std::string_view> fields;
    for (auto part : split(source, " \t"))
        if (!part.empty()) fields.push_back(part);
    if (fields.size() != 5)
        return make_error(ErrorKind::invalid_input, "invalid_cron",
                          fmt::format("'{}' has {} fields instead of five", text, fields.size()), shape);

    CronExpression made;
    made.text_ = std::string(text);
    POLYSYNC_TRY(read_field(minute_field, fields[0], made.minutes_));
    POLYSYNC_TRY(read_field(hour_field, fields[1], made.hours_));
    POLYSYNC_TRY(read_field(day_field, fields[2], made.days_));
    POLYSYNC_TRY(read_field(month_field, fields[3], made.months_));
    POLYSYNC_TRY(read_field(weekday_field, fields[4], made.weekdays_));
    made.every_hour_ = fields[1].front() == '*';
    made.any_day_ = fields[2].front() == '*';
    made.any_weekday_ = fields[4].front() == '*';

    // Only the days decide whether it ever fires; every date of a leap cycle that 2000-2027 holds every
    // weekday of.
    for (auto day = std::chrono::local_days(std::chrono::year(2000) / 1 / 1);
         day < std::chrono::local_days(std::chrono::year(2028) / 1 / 1); day += days(1))
        if (made.day_matches(std::chrono::year_month_day(day), std::chrono::weekday(day))) return made;
    return make_error(ErrorKind::invalid_input, "invalid_cron",
                      fmt::format("'{}' can never fire: no such day exists", text), shape);
}

bool CronExpression::day_matches(std::chrono::year_month_day day, std::chrono::weekday weekday) const {
    if (!months_.test(unsigned(day.month()))) return false;
    bool by_day = days_.test(unsigned(day.day()));
    bool by_weekday = weekdays_.test(weekday.c_encoding());
    return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<SystemTime> CronExpression::next_on_day(std::chrono::local_days day, SystemTime after,
                                                      const TimeZone& zone) const {
    std::optional<SystemTime> best;
    auto offer = [&](SystemTime time) {
        if (time > after && (!best || time < *best)) best = time;
    };
    for (unsigned hour = 0; hour < 24; ++hour) {
        if (!hours_.test(hour)) continue;
        for (unsigned minute = 0; minute < 60; ++minute) {
            if (!minutes_.test(minute)) continue;
            auto instants =
                zone.to_instants(LocalTime(day) + std::chrono::hours(hour) + std::chrono::minutes(minute));
            if (instants.in_gap && every_hour_) continue;  // elapsed time has no such hour
            offer(instants.first);
            if (instants.second && every_hour_) offer(*instants.second);
            // Later readings of a day without an overlap are later instants, so the first hit is the answer.
            if (best && !instants.second) return best;
        }
    }
    return best;
}

SystemTime CronExpression::next_after(SystemTime after, const TimeZone& zone) const {
    // A day early: a gap or overlap around midnight may move a reading of the day before past `after`.
    auto day = std::chrono::floor<days>(zone.to_local(after)) - days(1);
    std::optional<SystemTime> best;
    for (int searched = 0; searched < 366 * 41; ++searched, day += days(1)) {
        if (!day_matches(std::chrono::year_month_day(day), std::chrono::weekday(day))) continue;
        if (auto found = next_on_day(day, after, zone)) return *found;
    }
    return SystemTime::max();  // unreachable: parse() found a matching day in every leap cycle
}

}  // namespace polysync::engine
