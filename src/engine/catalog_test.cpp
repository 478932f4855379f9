#include "engine/catalog.h"

#include <gtest/gtest.h>

namespace polysync::engine {
namespace {

// A small warehouse: one platform, one job, tasks by name with their parents.
struct Warehouse {
    CatalogInput input;
    std::int64_t next = 100;

    Warehouse() {
        input.version = 7;
        input.platforms.push_back({ObjectId{1}, QualifiedName("etl"), Platform{}});
        JobDefinition job;
        job.meta.name = QualifiedName("etl/load");
        job.platform = QualifiedName("etl");
        job.external_id = "load";
        job.parameters.push_back({.name = "rows", .type = DataType::integer});
        input.jobs.push_back({ObjectId{2}, 1, job});
    }
    Task& task(std::string name, std::vector<std::string> parents = {}, std::string grain = "day") {
        Task made;
        made.meta.name = QualifiedName(std::move(name));
        made.job = QualifiedName("etl/load");
        made.partition.grain = std::move(grain);
        for (auto& parent : parents)
            made.dependencies.push_back({.parent = QualifiedName(std::move(parent))});
        input.tasks.push_back({ObjectId{next++}, 1, std::move(made)});
        return input.tasks.back().task;
    }
    std::vector<std::string> problems() const {
        std::vector<std::string> out;
        for (const auto& problem : build_catalog(input).problems)
            out.push_back(problem.object.str() + " " + problem.field + ": " + problem.error.message);
        return out;
    }
};

TEST(Catalog, LinksTasksBothWays) {  // TASK-4, TASK-5
    Warehouse given;
    given.task("a/raw");
    given.task("a/orders", {"a/raw"});
    given.task("a/customers", {"a/raw"});
    given.task("a/mart", {"a/orders", "a/customers"});
    given.task("b/alone");
    auto result = build_catalog(given.input);
    ASSERT_TRUE(result.catalog) << given.problems().front();
    const auto& catalog = *result.catalog;
    EXPECT_EQ(catalog.version, 7);
    const auto* raw = catalog.task(QualifiedName("a/raw"));
    ASSERT_TRUE(raw);
    EXPECT_EQ(raw->children.size(), 2u);
    EXPECT_EQ(raw->platform, ObjectId{1});
    EXPECT_EQ(catalog.component(raw->id).size(), 4u);
    auto down = catalog.downstream(raw->id);
    ASSERT_EQ(down.size(), 3u);
    EXPECT_EQ(catalog.task(down.back())->task.meta.name.str(), "a/mart");
    EXPECT_EQ(catalog.chain_id({catalog.task(QualifiedName("a/mart"))->id, "live", "2026-09-14", 0}),
              "a/customers@live@2026-09-14");
    EXPECT_EQ(catalog.component(catalog.task(QualifiedName("b/alone"))->id).size(), 1u);
}

TEST(Catalog, CyclesAreRefused) {  // TASK-5
    Warehouse given;
    given.task("a", {"c"});
    given.task("b", {"a"});
    given.task("c", {"b"});
    ASSERT_EQ(given.problems().size(), 1u);
    EXPECT_EQ(given.problems()[0], "a dependencies: depends on itself: a → b → c → a");
    Warehouse self;
    self.task("a", {"a"});
    EXPECT_EQ(self.problems(), std::vector<std::string>{"a dependencies: depends on itself: a → a"});
}

TEST(Catalog, GrainsMustFit) {  // TASK-5
    Warehouse given;
    given.task("hourly", {}, "hour");
    given.task("daily", {"hourly"}, "day");
    ASSERT_EQ(given.problems().size(), 1u);
    EXPECT_NE(given.problems()[0].find("dependencies[0].match"), std::string::npos);
    given.input.tasks[1].task.dependencies[0].match = Match::all_in_interval;
    EXPECT_TRUE(given.problems().empty());
    given.task("monthly", {}, "month")
        .dependencies.push_back({.parent = QualifiedName("weekly"), .match = Match::all_in_interval});
    given.task("weekly", {}, "week");
    EXPECT_EQ(given.problems().size(), 1u);
    given.input.tasks[2].task.dependencies[0].match = Match::latest;
    given.input.tasks[2].task.dependencies[0].max_age = std::chrono::hours(24);
    EXPECT_TRUE(given.problems().empty());
}

TEST(Catalog, EveryMistakeIsToldAtOnce) {  // SAFE-5
    Warehouse given;
    given.task("b");
    auto& task = given.task("a", {"bb"});
    task.job = QualifiedName("etl/lod");
    task.schedules.push_back({.cron = "61 * * * *", .time_zone = "Mars/Base"});
    task.partition.time_zone = "Nowhere";
    task.max_active = 0;
    task.early_freshness = std::chrono::seconds(29);
    task.retry.max_attempts = 0;
    task.values["x"] = "${nope}";
    task.values["y"] = "${env.BUCKET}";
    task.values["z"] = "${parents.b.outputs.o}";
    auto problems = given.problems();
    auto has = [&](std::string_view text) {
        return std::any_of(problems.begin(), problems.end(),
                           [&](const std::string& p) { return p.find(text) != std::string::npos; });
    };
    EXPECT_TRUE(has("job: there is no job 'etl/lod'; did you mean 'etl/load'?"));
    EXPECT_TRUE(has("schedules[0].cron"));
    EXPECT_TRUE(has("schedules[0].time_zone"));
    EXPECT_TRUE(has("time_zone: no time zone is called 'Nowhere'"));
    EXPECT_TRUE(has("max_active: must be at least 1"));
    EXPECT_TRUE(has("early_freshness: must not be below freshness"));
    EXPECT_TRUE(has("retry.max_attempts"));
    EXPECT_TRUE(has("values.x: column 1: '${nope}' is no substitution"));
    EXPECT_TRUE(has("values.y: the environment's values file has no 'BUCKET'"));
    EXPECT_TRUE(has("values.z: reads outputs of 'b', which is no dependency"));
    EXPECT_TRUE(has("dependencies[0].parent: there is no task 'bb'; did you mean 'b'?"));
}

TEST(Catalog, ConstantValuesAreCheckedAgainstTheirType) {  // TASK-1, SAFE-5
    Warehouse given;
    given.task("a").values["rows"] = "many";
    ASSERT_EQ(given.problems().size(), 1u);
    EXPECT_NE(given.problems()[0].find("values.rows"), std::string::npos);
    given.input.tasks[0].task.values["rows"] = "env://ROWS";
    EXPECT_EQ(given.problems().size(), 1u);  // AWS shows parameters
    given.input.tasks[0].task.allow_secret_parameters = true;
    EXPECT_TRUE(given.problems().empty());
    given.input.tasks[0].task.values["rows"] = "${interval.start|%Y}";
    EXPECT_TRUE(given.problems().empty());
    given.input.tasks[0].task.partition.grain = "none";
    EXPECT_EQ(given.problems().size(), 1u);
}

TEST(Catalog, AttributesAreTemplatesToo) {  // TASK-1, SAFE-5
    Warehouse given;
    given.input.jobs[0].job.attributes = {{"command", {"load", "${interval.start|%Y}", "${nonsense}"}}};
    given.task("a").attributes = {{"environment", {{"STAGE", "${env.stage}"}}},
                                  {"note", "${parents.b.outputs.n}"}};
    auto problems = given.problems();
    auto has = [&](std::string_view start) {
        return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
            return problem.find(start) != std::string::npos;
        });
    };
    EXPECT_TRUE(has("attributes.command[2]"));
    EXPECT_TRUE(has("attributes.environment.STAGE: the environment's values file has no 'stage'"));
    EXPECT_TRUE(has("attributes.note: reads outputs of 'b', which is no dependency"));
}

TEST(Catalog, TaskValuesCoverTheJobs) {  // TASK-1
    Warehouse given;
    given.input.jobs[0].job.values = {{"rows", "1"}, {"path", "job"}};
    given.task("a").values["path"] = "task";
    auto result = build_catalog(given.input);
    ASSERT_TRUE(result.catalog);
    const auto& values = result.catalog->task(QualifiedName("a"))->values;
    EXPECT_EQ(values.at("rows").render({}).value(), "1");
    EXPECT_EQ(values.at("path").render({}).value(), "task");
}

TEST(Catalog, ProfilesAreLinkedToPlatforms) {  // CON-3
    Warehouse given;
    ContentionProfile profile;
    profile.meta.name = QualifiedName("slots");
    profile.platforms = {QualifiedName("etl"), QualifiedName("elt")};
    given.input.profiles.push_back({ObjectId{50}, profile});
    EXPECT_EQ(given.problems(), std::vector<std::string>{
                                    "slots platforms[1]: there is no platform 'elt'; did you mean 'etl'?"});
    given.input.profiles[0].profile.platforms.pop_back();
    auto result = build_catalog(given.input);
    ASSERT_TRUE(result.catalog);
    EXPECT_EQ(result.catalog->platforms.at(ObjectId{1}).profiles, std::vector<ObjectId>{ObjectId{50}});
    given.input.profiles[0].profile.max_concurrent_tasks = 0;
    EXPECT_EQ(given.problems().size(), 1u);
}

TEST(Catalog, SourcesAreParentsToo) {  // TASK-14
    Warehouse given;
    EventSource source;
    source.meta.name = QualifiedName("files");
    given.input.sources.push_back({ObjectId{60}, source});
    auto& task = given.task("a", {}, "none");
    task.dependencies.push_back({.parent = QualifiedName("files"), .parent_is_source = true});
    auto result = build_catalog(given.input);
    ASSERT_TRUE(result.catalog);
    EXPECT_EQ(result.catalog->sources.at(ObjectId{60}).children.size(), 1u);
    EXPECT_TRUE(result.catalog->task(QualifiedName("a"))->has_triggering_edges());
}

}  // namespace
}  // namespace polysync::engine
