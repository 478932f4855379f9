#include "engine/template.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

TemplateContext context() {
    TemplateContext made;
    made.zone = TimeZone::find("Europe/Vienna").value();
    made.interval = parse_key({Grain::day, made.zone}, "2026-09-14").value();
    made.run_id = "4711";
    made.chain_id = "etl/orders@live@2026-09-14";
    made.task_name = "etl/orders";
    made.attempt = 2;
    made.environment = {{"BUCKET", "s3://prod"}};
    made.parent_output = [](std::string_view parent, std::string_view output) -> std::optional<std::string> {
        if (parent == "etl/raw" && output == "path") return "s3://raw/x";
        return std::nullopt;
    };
    return made;
}

TEST(Template, Substitutes) {  // TASK-1
    struct Row {
        const char* text;
        const char* rendered;
    } rows[] = {{"plain", "plain"},
                {"", ""},
                {"${interval.start|%Y-%m-%d}", "2026-09-14"},
                {"${interval.end-1d|%F}", "2026-09-14"},
                {"${interval.start}", "2026-09-14T00:00:00+02:00"},
                {"${interval.end}", "2026-09-15T00:00:00+02:00"},
                {"${interval.start+2h|%H:%M}", "02:00"},
                {"${interval.start-30m|%F %T}", "2026-09-13 23:30:00"},
                {"${interval.start-1w|%G-W%V-%u %a}", "2026-W37-1 Mon"},
                {"${interval.start+1M|%F}", "2026-10-14"},
                {"${interval.start|%s}", "1789336800"},
                {"${interval.key}", "2026-09-14"},
                {"y=${interval.start|%Y}/m=${interval.start|%m}", "y=2026/m=09"},
                {"${run.id}-${run.attempt}", "4711-2"},
                {"${chain.id} ${task.name}", "etl/orders@live@2026-09-14 etl/orders"},
                {"${env.BUCKET}/in", "s3://prod/in"},
                {"${parents.etl/raw.outputs.path}", "s3://raw/x"},
                {"$${not.a.name} $5 {x}", "${not.a.name} $5 {x}"}};
    for (const auto& row : rows) {
        auto parsed = Template::parse(row.text);
        ASSERT_TRUE(parsed) << row.text << parsed.error().message;
        auto rendered = parsed.value().render(context());
        ASSERT_TRUE(rendered) << row.text << rendered.error().message;
        EXPECT_EQ(rendered.value(), row.rendered);
    }
}

TEST(Template, CalendarOffsetsCrossDaylightSaving) {  // TASK-1
    auto given = context();
    given.interval = parse_key({Grain::day, given.zone}, "2026-03-30").value();
    EXPECT_EQ(Template::parse("${interval.start-1d}").value().render(given).value(),
              "2026-03-29T00:00:00+01:00");
    EXPECT_EQ(Template::parse("${interval.start-24h}").value().render(given).value(),
              "2026-03-28T23:00:00+01:00");
    given.interval = parse_key({Grain::day, given.zone}, "2026-01-31").value();
    EXPECT_EQ(Template::parse("${interval.start+1M|%F}").value().render(given).value(), "2026-02-28");
}

TEST(Template, MistakesAreRefusedWithTheirPlace) {  // SAFE-5
    struct Row {
        const char* text;
        const char* message;
    } rows[] = {{"a ${run.idd}", "column 3: '${run.idd}' is no substitution"},
                {"${interval.start", "column 1: '${' is never closed"},
                {"${interval.start-1x}", "column 1: '-1x' is no offset"},
                {"${interval.start|%Q}", "column 1: '%Q' is no format"},
                {"${interval.start|}", "column 1: '' is no format"},
                {"${parents.x.output.y}", "column 1: '${parents.x.output.y}' is no substitution"},
                {"${env.}", "column 1: '${env.}' is no substitution"},
                {"${}", "column 1: '${}' is no substitution"}};
    for (const auto& row : rows) {
        auto parsed = Template::parse(row.text);
        ASSERT_FALSE(parsed) << row.text;
        EXPECT_EQ(parsed.error().message, row.message);
        EXPECT_FALSE(parsed.error().remedy.empty());
    }
}

TEST(Template, MissingValuesAreErrors) {  // TASK-1, SAFE-5
    auto bare = context();
    bare.interval.reset();
    for (auto text :
         {"${interval.start}", "${interval.key}", "${env.NONE}", "${parents.etl/raw.outputs.none}"})
        EXPECT_FALSE(Template::parse(text).value().render(bare)) << text;
}

TEST(Template, SaysWhatItReads) {  // TASK-1
    auto parsed = Template::parse("${parents.a/b.outputs.x}${env.E}").value();
    EXPECT_EQ(parsed.parents(), std::vector<std::string>{"a/b"});
    EXPECT_EQ(parsed.environment_names(), std::vector<std::string>{"E"});
    EXPECT_FALSE(parsed.needs_interval());
    EXPECT_TRUE(Template::parse("${interval.key}").value().needs_interval());
    EXPECT_TRUE(Template::parse("x$${").value().is_constant());
}

}  // namespace
}  // namespace polysync::engine
