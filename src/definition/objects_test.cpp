// Every kind of object: files, documents, the way there and back.
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/definition.h"

namespace polysync::definition {
namespace {

using testing::HasSubstr;

FileReading read_text(const std::string& text) {
    std::vector<SourceFile> files{{"f.yaml", text}};
    return read_files(files);
}

std::string errors_of(const std::string& text) { return describe(read_text(text).errors); }

template <class T>
const T& object(const FileReading& reading, std::string_view name) {
    static const T nothing{};
    for (const auto& definition : reading.definitions)
        if (const auto* value = std::get_if<T>(&definition.value); value && value->meta.name.str() == name)
            return *value;
    ADD_FAILURE() << "no " << name;
    return nothing;
}

std::vector<Value> values_of(const FileReading& reading) {
    std::vector<Value> out;
    for (const auto& definition : reading.definitions) out.push_back(definition.value);
    return out;
}

std::string sample() {
    std::ifstream input(std::string(POLYSYNC_SOURCE_DIR) + "/test/fuzz/corpus/definition/tasks.yaml");
    std::stringstream text;
    text << input.rdbuf();
    return text.str() + R"(platforms:
  - {name: /glue, type: aws_glue, region: us-east-1, auth: {method: default_chain}, description: "x: y"}
)";
}

// TASK-1, TASK-3, TASK-5, TASK-6, TASK-7, TASK-12
TEST(Objects, ATaskSaysAllThatATaskCan) {
    auto reading = read_text(sample());
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    const auto& task = object<Task>(reading, "sales/orders");
    EXPECT_EQ(task.job.str(), "sales/load");
    EXPECT_EQ(task.values.at("--n"), "7");
    EXPECT_EQ(task.values.at("--j"), R"({"a":[1]})");
    EXPECT_EQ(task.values.at("--rows"), "${parents.sales/raw.outputs.rows}");
    EXPECT_EQ(task.schedules.at(0).time_zone, "Europe/Vienna");
    EXPECT_EQ(task.schedules.at(0).misfire, Misfire::catch_up);
    EXPECT_EQ(task.partition.offset, std::chrono::minutes(30));
    ASSERT_EQ(task.dependencies.size(), 3u);
    EXPECT_EQ(task.dependencies[0].on, (std::vector{Outcome::success, Outcome::skipped}));
    EXPECT_EQ(task.dependencies[0].when->comparison, Comparison::greater);
    EXPECT_EQ(task.dependencies[0].when->value, boost::json::value(0));
    EXPECT_EQ(task.dependencies[1].parent.str(), "hr/staff");
    EXPECT_EQ(task.dependencies[1].max_age, std::chrono::hours(24 * 7));
    EXPECT_TRUE(task.dependencies[2].parent_is_source);
    EXPECT_TRUE(task.retry.enabled);  // attempts alone say so
    EXPECT_EQ(task.retry.max_attempts, 3);
    EXPECT_EQ(task.execution_timeout, std::chrono::hours(2));
    EXPECT_EQ(task.overlap, Overlap::skip);
    EXPECT_EQ(task.deadline->local_time, std::chrono::minutes(7 * 60 + 30));
    EXPECT_EQ(task.deadline->time_zone, "Europe/Vienna");
}

// TASK-13, GLUE-4, CON-1, CON-2
TEST(Objects, NamespacesDefaultsAndKinds) {
    auto reading = read_text(sample());
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    const auto& job = object<JobDefinition>(reading, "sales/load");
    EXPECT_EQ(job.platform.str(), "glue");
    EXPECT_EQ(job.meta.owner, "data");
    EXPECT_EQ(job.meta.tags.at("tier"), "gold");
    EXPECT_EQ(boost::json::serialize(job.attributes),
              R"({"number_of_workers":4,"version":"4.0","timeout_minutes":"${env.TIMEOUT}"})");
    EXPECT_EQ(job.parameters.at(1).direction, Direction::output);
    EXPECT_EQ(object<ContentionProfile>(reading, "sales/slots").queue_timeout, std::chrono::minutes(90));
    EXPECT_EQ(object<ContentionProfile>(reading, "sales/rate").limit, 2.5);
    EXPECT_EQ(object<EventSource>(reading, "sales/files").meta.description, "what lands\n  in S3\n");
    EXPECT_EQ(object<PlatformDefinition>(reading, "glue").meta.owner, "data");
}

// Files and documents give back what they were made of.
TEST(Objects, RoundTrips) {
    auto reading = read_text(sample());
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    auto yaml = to_yaml(values_of(reading));
    auto again = read_text(yaml);
    ASSERT_TRUE(again.ok()) << describe(again.errors) << yaml;
    ASSERT_EQ(again.definitions.size(), reading.definitions.size());
    EXPECT_EQ(to_yaml(values_of(again)), yaml);
    for (const auto& definition : reading.definitions) {
        auto document = to_document(definition.value);
        auto back = read_document(definition.kind(), document, DocumentUse::stored);
        ASSERT_TRUE(back.definition) << describe(back.errors) << boost::json::serialize(document);
        EXPECT_EQ(to_document(back.definition->value), document);
    }
    EXPECT_THAT(yaml, HasSubstr("    description: |\n      what lands\n        in S3\n"));
    EXPECT_THAT(yaml, HasSubstr("        on: [success, skipped]\n"));
}

TEST(Objects, DefaultsAreLeftOut) {
    Task task;
    task.meta.name = QualifiedName("a/b");
    task.job = QualifiedName("j");
    EXPECT_EQ(boost::json::serialize(to_document(task)), R"({"name":"a/b","job":"j"})");
    task.retry = {.enabled = false, .max_attempts = 3};
    EXPECT_EQ(boost::json::serialize(to_document(task).at("retry")), R"({"enabled":false,"max_attempts":3})");
}

struct Case {
    std::string text, expected;
};

// SAFE-5
TEST(Objects, RefusesWithPlaceAndWords) {
    const std::string task = "tasks:\n  - name: t\n    job: j\n    ";
    const std::vector<Case> cases{
        {"tasks: [{name: t}]", "f.yaml:1:9: a task lacks \"job\""},
        {task + "dependancies: []",
         "f.yaml:4:5: unknown key \"dependancies\" of a task; did you mean \"dependencies\"?"},
        {task + "retry: {backoff: exponential}",
         "f.yaml:4:22: \"backoff\" cannot be \"exponential\"; did you "
         "mean \"Exponential\"?"},
        {task + "execution_timeout: 90", "f.yaml:4:24: \"execution_timeout\" must be a duration such as"},
        {task + "execution_timeout: 400d", "longer than 366 days"},
        {task + "partition: {offset: 90s}", "must be whole minutes"},
        {task + "partition: {grain: daily}", "f.yaml:4:24: \"grain\" must be none, hour, day, week or month"},
        {task + "dependencies: [{on: success}]", "f.yaml:4:20: a dependency lacks \"task\" (or \"source\")"},
        {task + "dependencies: [{task: a, source: b}]", "has both"},
        {task + "dependencies: [{task: a, on: [failure, failure]}]", "\"on\" names failure twice"},
        {task + "dependencies: {task: a}", "f.yaml:4:19: \"dependencies\" must be a list, not a map"},
        {task + "deadline: 7:30", "\"deadline\" must be a time of day"},
        {task + "max_active: 0", "must be a whole number from 1 to 10000"},
        {task + "values: {a: }", "\"a\" has no value"},
        {task + "attributes: {worker_typ: G.1X}",
         "f.yaml:4:18: unknown attribute \"worker_typ\"; did you mean"},
        {task + "attributes: {number_of_workers: -1}", "f.yaml:4:37: "},
        {"tasks: [{name: t, job: j}, {name: t, job: k}]",
         "f.yaml:1:35: duplicate task name \"t\"; line 1 has it"},
        {"profiles: [{name: p, type: concurrency, limit: 3}]",
         "\"limit\" belongs to profiles of type rate_limit"},
        {"jobs: [{name: j, platform: p, external_id: e, imported: {}}]", "kept by the server"},
        {"owner: x", "the file lacks \"platforms\", \"profiles\""},
        {"sources: [{name: 'a b'}]", "\"name\" must be letters, digits"},
    };
    for (const auto& each : cases) {
        EXPECT_THAT(errors_of(each.text), HasSubstr(each.expected)) << each.text;
        EXPECT_TRUE(read_text(each.text).definitions.empty());
    }
}

TEST(Objects, FilesAreReadTogether) {
    std::vector<SourceFile> files{{"a.yaml", "sources: [{name: x}]"},
                                  {"b.yaml", "sources: [{name: x}, {nam: y}]"}};
    auto reading = read_files(files);
    auto text = describe(reading.errors);
    EXPECT_THAT(text, HasSubstr("b.yaml:1:18: duplicate source name \"x\"; a.yaml:1 has it already"));
    EXPECT_THAT(text, HasSubstr("unknown key \"nam\""));  // all at once
}

// Documents have fields instead of lines; what the engine finds is mapped to them, and to lines of files.
TEST(Objects, ProblemsHavePlaces) {
    auto document =
        boost::json::parse(R"({"name": "t", "job": "j", "schedules": [{"cron": "@daily", "zone": "UTC"}],
        "max_active": "two"})");
    auto reading = read_document(Kind::task, document.as_object());
    ASSERT_FALSE(reading.definition);
    ASSERT_EQ(reading.errors.size(), 2u);
    EXPECT_EQ(reading.errors[0].field, "schedules[0].zone");
    EXPECT_EQ(reading.errors[1].field, "max_active");

    auto many = boost::json::parse(R"({"name": "p", "type": "aws_glue", "region": "us-east-1",
        "auth": {"method": "default_chain"}, "for_each": {"region": ["us-east-1"]}})");
    EXPECT_EQ(read_document(Kind::platform, many.as_object()).errors.at(0).field, "for_each");

    auto files = read_text(
        "tasks:\n  - name: t\n    job: j\n    values:\n      a.b: x\n    dependencies: [{task: p}]\n");
    ASSERT_TRUE(files.ok()) << describe(files.errors);
    const auto& task = files.definitions.at(0);
    EXPECT_EQ(task.problem("dependencies[0].parent", "m").describe(), "f.yaml:6:27: m");
    EXPECT_EQ(task.problem("dependencies[0].match", "m").describe(), "f.yaml:6:20: m");
    EXPECT_EQ(task.problem("values.a.b", "m").describe(), "f.yaml:5:12: m");
    EXPECT_EQ(task.problem("retry.max_delay", "m").describe(), "f.yaml:2:5: m");
    auto stored = read_document(Kind::task, to_document(task.value));
    EXPECT_EQ(stored.definition->problem("dependencies[0].parent", "m").describe(),
              "dependencies[0].task: m");
}

// SAFE-3
TEST(Objects, SecretsInClearTextAreFoundAndHidden) {
    auto reading = read_text(R"(platforms:
  - name: p
    type: aws_glue
    region: us-east-1
    auth: {method: access_key, access_key_id: AKIA, secret_access_key: clear-text-of-objects}
)");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    const auto& platform = object<PlatformDefinition>(reading, "p");
    EXPECT_EQ(clear_text_secret(platform), "auth.secret_access_key");
    EXPECT_EQ(to_document(platform).at("auth").at("secret_access_key"), "[redacted]");
}

// What the user declares stands over what the import found; a file holds neither what was imported.
TEST(Objects, ImportedParametersLieUnderDeclaredOnes) {
    auto document = boost::json::parse(R"({"name": "j", "platform": "p", "external_id": "e",
        "parameters": [{"name": "b", "type": "integer"}],
        "imported": {"parameters": [{"name": "a", "default": "1"}, {"name": "--b"}]}})");
    auto job = std::get<JobDefinition>(
        read_document(Kind::job, document.as_object(), DocumentUse::stored).definition->value);
    ASSERT_EQ(job.parameters.size(), 1u);
    auto made = effective(job);
    ASSERT_EQ(made.parameters.size(), 2u);
    EXPECT_EQ(made.parameters[0].name, "a");
    EXPECT_EQ(made.parameters[1].type, DataType::integer);
    std::vector<Value> values{job};
    EXPECT_THAT(to_yaml(values), testing::Not(HasSubstr("imported")));
    auto sent = read_document(Kind::job, document.as_object(), DocumentUse::request);
    EXPECT_TRUE(std::get<JobDefinition>(sent.definition->value).imported.empty());
}

TEST(Objects, EnvironmentsAreFlat) {
    auto reading = read_environment({"e.yaml", "BUCKET: prod\nWORKERS: 4\nVERSION: 4.0\n"});
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    EXPECT_EQ(reading.values.at("VERSION"), "4.0");
    EXPECT_THAT(
        describe(read_environment({"e.yaml", "A: {b: c}\nx-y: 1"}).errors),
        testing::AllOf(HasSubstr("e.yaml:1:4: \"A\" must be a text"), HasSubstr("e.yaml:2:1: a name must")));
}

}  // namespace
}  // namespace polysync::definition
