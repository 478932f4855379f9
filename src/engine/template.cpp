#include "engine/template.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace polysync::engine {
namespace {

using std::chrono::days;

constexpr std::string_view known_names =
    "interval.start, interval.end, interval.key, run.id, run.attempt, chain.id, task.name, "
    "parents.NAME.outputs.X, env.X";

Error bad_template(std::size_t column, std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, "invalid_template",
                      fmt::format("column {}: {}", column, message),
                      remedy.empty() ? fmt::format("Known: {}.", known_names) : std::move(remedy));
}

std::string zone_offset(Millis offset, bool colon) {
    auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
    return fmt::format("{}{:02}{}{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, colon ? ":" : "",
                       std::abs(minutes) % 60);
}

struct LocalFields {
    std::chrono::year_month_day date;
    std::chrono::weekday weekday;
    std::chrono::hh_mm_ss<Millis> time;
    int day_of_year = 0;
    std::chrono::local_days day;
};

LocalFields local_fields(SystemTime time, const TimeZone& zone) {
    auto local = zone.to_local(time);
    auto day = std::chrono::floor<days>(local);
    std::chrono::year_month_day date(day);
    auto new_year = std::chrono::local_days(date.year() / 1 / 1);
    return {date, std::chrono::weekday(day), std::chrono::hh_mm_ss<Millis>(local - day),
            int((day - new_year).count()) + 1, day};
}

// ISO 8601: the week of a day is that of its Thursday.
std::pair<int, int> iso_week(const LocalFields& fields) {
    auto thursday = fields.day + days(4 - int(fields.weekday.iso_encoding()));
    std::chrono::year_month_day date(thursday);
    int day_of_year = int((thursday - std::chrono::local_days(date.year() / 1 / 1)).count());
    return {int(date.year()), day_of_year / 7 + 1};
}

bool append_conversion(std::string& out, char conversion, SystemTime time, const TimeZone& zone,
                       const LocalFields& fields) {
    constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year = int(fields.date.year());
    unsigned month = unsigned(fields.date.month()), day = unsigned(fields.date.day());
    auto hour = fields.time.hours().count(), minute = fields.time.minutes().count(),
         second = fields.time.seconds().count();
    switch (conversion) {
        case 'Y':
            out += fmt::format("{:04}", year);
            return true;
        case 'y':
            out += fmt::format("{:02}", year % 100);
            return true;
        case 'm':
            out += fmt::format("{:02}", month);
            return true;
        case 'd':
            out += fmt::format("{:02}", day);
            return true;
        case 'j':
            out += fmt::format("{:03}", fields.day_of_year);
            return true;
        case 'H':
            out += fmt::format("{:02}", hour);
            return true;
        case 'M':
            out += fmt::format("{:02}", minute);
            return true;
        case 'S':
            out += fmt::format("{:02}", second);
            return true;
        case 'F':
            out += fmt::format("{:04}-{:02}-{:02}", year, month, day);
            return true;
        case 'T':
            out += fmt::format("{:02}:{:02}:{:02}", hour, minute, second);
            return true;
        case 'z':
            out += zone_offset(zone.offset_at(time), false);
            return true;
        case 's':
            out +=
                fmt::format("{}", std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
            return true;
        case 'a':
            out += weekdays[fields.weekday.c_encoding()];
            return true;
        case 'b':
            out += months[month - 1];
            return true;
        case 'u':
            out += fmt::format("{}", fields.weekday.iso_encoding());
            return true;
        case 'V':
            out += fmt::format("{:02}", iso_week(fields).second);
            return true;
        case 'G':
            out += fmt::format("{:04}", iso_week(fields).first);
            return true;
        case '%':
            out += '%';
            return true;
        default:
            return false;
    }
}

SystemTime shift(SystemTime time, int offset, char unit, const TimeZone& zone) {
    switch (unit) {
        case 'm':
            return time + std::chrono::minutes(offset);
        case 'h':
            return time + std::chrono::hours(offset);
        case 'd':
        case 'w':
            return zone.to_instants(zone.to_local(time) + days(offset * (unit == 'w' ? 7 : 1))).first;
        case 'M': {
            auto local = zone.to_local(time);
            auto day = std::chrono::floor<days>(local);
            auto date = std::chrono::year_month_day(day) + std::chrono::months(offset);
            if (!date.ok())
                date = date.year() / date.month() / std::chrono::last;  // 31 January + 1M: the last of
                                                                        // February
            return zone.to_instants(LocalTime(std::chrono::local_days(date)) + (local - day)).first;
        }
        default:
            return time;
    }
}

// interval.start or interval.end with its offset and format.
Result<Template::IntervalPart> read_interval(std::string_view name, std::size_t column) {
    Template::IntervalPart part;
    auto bar = name.find('|');
    if (bar != std::string_view::npos) {
        part.format = name.substr(bar + 1);
        auto tried = format_time(part.format, SystemTime{}, TimeZone::utc());
        if (!tried || part.format.empty())
            return bad_template(column, fmt::format("'{}' is no format", part.format),
                                "Formats are as strftime's, such as %Y-%m-%d.");
        name = name.substr(0, bar);
    }
    part.at_end = name.starts_with("interval.end");
    auto rest = name.substr(part.at_end ? 12 : 14);
    if (rest.empty()) return part;
    auto bad = [&] {
        return bad_template(column, fmt::format("'{}' is no offset", rest),
                            "Offsets are such as -1d, +2h, -30m, -1w, +1M.");
    };
    if ((rest[0] != '+' && rest[0] != '-') || rest.size() < 3 ||
        std::string_view("mhdwM").find(rest.back()) == std::string_view::npos)
        return bad();
    auto digits = rest.substr(1, rest.size() - 2);
    auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), part.offset);
    if (status != std::errc() || end != digits.data() + digits.size() || part.offset < 0 ||
        part.offset > 100'000)
        return bad();
    if (rest[0] == '-') part.offset = -part.offset;
    part.unit = rest.back();
    return part;
}

Result<Template::Part> read_name(std::string_view name, std::size_t column) {
    using Name = Template::Name;
    constexpr std::pair<std::string_view, Name> names[] = {{"interval.key", Name::interval_key},
                                                           {"run.id", Name::run_id},
                                                           {"run.attempt", Name::run_attempt},
                                                           {"chain.id", Name::chain_id},
                                                           {"task.name", Name::task_name}};
    for (auto [word, value] : names)
        if (word == name) return Template::Part(value);
    if (name.starts_with("interval.start") || name.starts_with("interval.end")) {
        POLYSYNC_TRY(auto part, read_interval(name, column));
        return Template::Part(std::move(part));
    }
    if (name.starts_with("env.") && name.size() > 4)
        return Template::Part(Template::EnvironmentPart{std::string(name.substr(4))});
    if (name.starts_with("parents.")) {
        auto rest = name.substr(8);
        auto at = rest.find(".outputs.");
        if (at != std::string_view::npos && at > 0 && at + 9 < rest.size())
            return Template::Part(
                Template::ParentPart{std::string(rest.substr(0, at)), std::string(rest.substr(at + 9))});
    }
    return bad_template(column, fmt::format("'${{{}}}' is no substitution", name.substr(0, 64)));
}

}  // namespace

Result<std::string> format_time(std::string_view format, SystemTime time, const TimeZone& zone) {
    auto fields = local_fields(time, zone);
    std::string out;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            out += format[i];
        } else if (++i == format.size() || !append_conversion(out, format[i], time, zone, fields)) {
            return make_error(ErrorKind::invalid_input, "invalid_format",
                              fmt::format("'{}' is no time format", format));
        }
    }
    return out;
}

Result<Template> Template::parse(std::string_view text) {
    Template made;
    std::string literal;
    auto flush = [&] {
        if (!literal.empty()) made.parts_.emplace_back(std::move(literal));
        literal.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at).starts_with("$${")) {
            literal += "${";
            at += 3;
        } else if (text.substr(at).starts_with("${")) {
            auto close = text.find('}', at);
            if (close == std::string_view::npos)
                return bad_template(at + 1, "'${' is never closed", "Write $${ for a literal ${.");
            POLYSYNC_TRY(auto part, read_name(text.substr(at + 2, close - at - 2), at + 1));
            flush();
            made.parts_.push_back(std::move(part));
            at = close + 1;
        } else {
            literal += text[at++];
        }
    }
    flush();
    return made;
}

bool Template::is_constant() const {
    return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.index() == 0; });
}

std::vector<std::string> Template::parents() const {
    std::vector<std::string> out;
    for (const auto& part : parts_)
        if (const auto* parent = std::get_if<ParentPart>(&part)) out.push_back(parent->parent);
    return out;
}

std::vector<std::string> Template::environment_names() const {
    std::vector<std::string> out;
    for (const auto& part : parts_)
        if (const auto* name = std::get_if<EnvironmentPart>(&part)) out.push_back(name->name);
    return out;
}

bool Template::needs_interval() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
        const auto* name = std::get_if<Name>(&part);
        return std::holds_alternative<IntervalPart>(part) || (name && *name == Name::interval_key);
    });
}

namespace {

Error no_value(std::string message) {
    return make_error(ErrorKind::invalid_input, "template_without_value", std::move(message));
}

struct Renderer {
    const TemplateContext& context;

    Result<std::string> operator()(const std::string& literal) const { return literal; }
    Result<std::string> operator()(Template::Name name) const {
        switch (name) {
            case Template::Name::interval_key:
                if (!context.interval) return no_value("${interval.key}: the run has no interval");
                return context.interval->key;
            case Template::Name::run_id:
                return context.run_id;
            case Template::Name::run_attempt:
                return std::to_string(context.attempt);
            case Template::Name::chain_id:
                return context.chain_id;
            case Template::Name::task_name:
                return context.task_name;
        }
        return std::string();
    }
    Result<std::string> operator()(const Template::IntervalPart& part) const {
        if (!context.interval)
            return no_value(
                "${interval…}: the run has no interval; give its task a grain, or the run an interval");
        auto time = shift(part.at_end ? context.interval->end : context.interval->start, part.offset,
                          part.unit, context.zone);
        if (!part.format.empty()) return format_time(part.format, time, context.zone);
        POLYSYNC_TRY(auto text, format_time("%FT%T", time, context.zone));
        return text + zone_offset(context.zone.offset_at(time), true);
    }
    Result<std::string> operator()(const Template::ParentPart& part) const {
        auto value = context.parent_output ? context.parent_output(part.parent, part.output) : std::nullopt;
        if (!value)
            return no_value(fmt::format("${{parents.{}.outputs.{}}}: the parent's run has no such output",
                                        part.parent, part.output));
        return *value;
    }
    Result<std::string> operator()(const Template::EnvironmentPart& part) const {
        auto found = context.environment.find(part.name);
        if (found == context.environment.end())
            return no_value(
                fmt::format("${{env.{}}}: the environment's values file has no '{}'", part.name, part.name));
        return found->second;
    }
};

}  // namespace

Result<std::string> Template::render(const TemplateContext& context) const {
    std::string out;
    for (const auto& part : parts_) {
        POLYSYNC_TRY(auto text, std::visit(Renderer{context}, part));
        out += text;
    }
    return out;
}

}  // namespace polysync::engine
