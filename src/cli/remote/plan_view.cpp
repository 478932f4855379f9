#include "cli/remote/plan_view.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/utf8.h"
#include "cli/remote/session.h"

namespace polysync::cli {
namespace {

constexpr std::size_t shown_bytes = 120;

// "    priority: 3 → 4"
void print_fields(Output& output, const boost::json::array& fields) {
    for (const auto& item : fields) {
        const auto& field = as_object(item);
        const auto *before = field.if_contains("old"), *after = field.if_contains("new");
        std::string words = before ? short_value(*before) : "(none)";
        words += " -> " + (after ? short_value(*after) : std::string("(none)"));
        output.result(printable(fmt::format("    {}: {}", text_of(field, "field"), words)));
    }
}

void print_change(Output& output, const boost::json::object& change) {
    auto action = text_of(change, "action");
    char sign = action == "create" ? '+' : action == "delete" ? '-' : '~';
    Colour colour = action == "create" ? Colour::green : action == "delete" ? Colour::red : Colour::yellow;
    auto what = printable(fmt::format("{} {} {}", sign, text_of(change, "kind"), text_of(change, "name")));
    auto place = printable(text_of(change, "place"));
    output.result(output.paint(colour, what) +
                  (place.empty() ? "" : "  " + output.paint(Colour::dim, place)));
    print_fields(output, array_of(change, "fields"));
}

}  // namespace

std::string short_value(const boost::json::value& value) {
    std::string text = write_json(value);
    if (text.size() <= shown_bytes) return text;
    return std::string(utf8_prefix(text, shown_bytes)) + "...";
}

bool plan_is_empty(const boost::json::object& plan) {
    return array_of(plan, "changes").empty() && !plan.contains("environment");
}

void print_plan(Output& output, const boost::json::object& plan, bool done) {
    for (const auto& warning : array_of(plan, "warnings")) {
        const auto& one = as_object(warning);
        output.warn(fmt::format("{}: {}", text_of(one, "field"), text_of(one, "detail")));
    }
    for (const auto& change : array_of(plan, "changes")) print_change(output, as_object(change));
    if (plan.contains("environment")) {
        output.result(output.paint(Colour::yellow, "~ environment"));
        print_fields(output, array_of(plan, "environment"));
    }
    if (auto others = array_of(plan, "of_others").size(); others > 0)
        output.note(
            fmt::format("{} objects are the same but managed elsewhere; --adopt takes them over", others));
    auto number = [&](std::string_view name) { return text_of(plan, name); };
    if (plan_is_empty(plan)) {
        output.result(fmt::format("no changes; {} unchanged", number("unchanged")));
    } else if (done) {
        output.result(fmt::format("{} created, {} changed, {} deleted, {} unchanged", number("create"),
                                  number("change"), number("delete"), number("unchanged")));
    } else {
        output.result(fmt::format("{} to create, {} to change, {} to delete, {} unchanged", number("create"),
                                  number("change"), number("delete"), number("unchanged")));
    }
}

}  // namespace polysync::cli
