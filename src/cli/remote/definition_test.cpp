// apply, plan and export against scripted answers.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/remote/definition_files.h"
#include "test/support/remote_bench.h"

namespace polysync::cli::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr auto plan_answer =
    R"({"dry_run": true, "create": 1, "change": 1, "delete": 1, "unchanged": 3, "changes": [
    {"action": "create", "kind": "task", "name": "sales/orders", "place": "d/a.yaml:3:5"},
    {"action": "change", "kind": "task", "name": "sales/report",
     "fields": [{"field": "priority", "old": 3, "new": 4}, {"field": "deadline", "new": "07:30 UTC"}]},
    {"action": "delete", "kind": "job", "name": "sales/old"}],
    "environment": [{"field": "BUCKET", "old": "a", "new": "b"}], "definitions_version": 7})";
constexpr auto empty_answer = R"({"dry_run": true, "create": 0, "change": 0, "delete": 0, "unchanged": 5,
    "changes": [], "definitions_version": 7})";

// A directory of definitions, and the command line that reads it.
struct Directory : RemoteBench {
    fs::path path = fs::temp_directory_path() / ("polysync_definitions_" + std::to_string(::getpid()));
    Directory() {
        fs::remove(file);
        fs::remove_all(path);
        fs::create_directories(path / "sales/.git");
        fs::create_directories(path / "environments");
        write("b.yaml", "tasks: []");
        write("sales/a.yml", "jobs: []");
        write("sales/.git/hidden.yaml", "x");
        write("notes.txt", "x");
        write("environments/prod.yaml", "BUCKET: b");
        file = path.string();
    }
    ~Directory() { fs::remove_all(path); }
    void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::stringstream text;
        text << std::ifstream(path / name).rdbuf();
        return text.str();
    }
    [[nodiscard]] boost::json::value body(std::size_t index = 0) const {
        return boost::json::parse(asked(index).body);
    }
};

TEST(RemoteDefinitions, PlanShowsChangesAndItsExitCodeTellsOfThem) {
    Directory bench;
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"plan", "--env", "prod", "--prune"}), 2);
    EXPECT_THAT(bench.console.out_text, HasSubstr("+ task sales/orders  d/a.yaml:3:5\n"));
    EXPECT_THAT(
        bench.console.out_text,
        HasSubstr("~ task sales/report\n    priority: 3 -> 4\n    deadline: (none) -> \"07:30 UTC\"\n"));
    EXPECT_THAT(bench.console.out_text,
                HasSubstr("- job sales/old\n~ environment\n    BUCKET: \"a\" -> \"b\"\n"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("1 to create, 1 to change, 1 to delete, 3 unchanged"));
    auto body = bench.body();
    ASSERT_EQ(body.at("files").as_array().size(), 2u);
    EXPECT_EQ(body.at("files").at(0).at("path"), (bench.path / "b.yaml").c_str());
    EXPECT_EQ(body.at("files").at(1).at("text"), "jobs: []");
    EXPECT_EQ(body.at("environment").at("text"), "BUCKET: b");
    EXPECT_EQ(body.at("managed_by"), fs::weakly_canonical(bench.path).c_str());
    EXPECT_EQ(body.at("dry_run"), true);
    EXPECT_EQ(body.at("prune"), true);
    bench.http.answer(200, empty_answer);
    EXPECT_EQ(bench.run({"plan"}), 0);
    EXPECT_EQ(bench.console.out_text, "no changes; 5 unchanged\n");
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"plan", "--json"}), 2);
    EXPECT_EQ(boost::json::parse(bench.console.out_text).at("create"), 1);
}

// SAFE-5: problems with their places; a refused plan is not taken for one with changes.
TEST(RemoteDefinitions, ProblemsAreListedWithTheirPlaces) {
    Directory bench;
    bench.http.answer(
        400, R"({"code": "invalid_request", "detail": "no such job", "field": "b.yaml:3:5", "errors": [
        {"field": "b.yaml:3:5", "code": "x", "detail": "no such job"},
        {"field": "b.yaml:9:1", "code": "x", "detail": "unknown key"}]})");
    EXPECT_EQ(bench.run({"plan"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("b.yaml:3:5: no such job"));
    EXPECT_EQ(bench.console.err_text.find("no such job"), bench.console.err_text.rfind("no such job"));
    EXPECT_THAT(bench.console.err_text, HasSubstr("b.yaml:9:1: unknown key"));
    EXPECT_EQ(bench.run({"plan", "--env", "pord"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("There are: prod."));
}

TEST(RemoteDefinitions, ApplyDoesWhatWasShownWhenConfirmed) {
    Directory bench;
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"apply"}), 2);  // nobody can be asked
    EXPECT_THAT(bench.console.err_text, HasSubstr("changing definitions needs a confirmation"));
    bench.console.terminal = true;
    bench.console.lines = {"n"};
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"apply"}), 2);
    EXPECT_EQ(bench.http.requests().size(), 2u);
    bench.console.lines = {"y"};
    bench.http.answer(200, plan_answer).answer(200, plan_answer);
    EXPECT_EQ(bench.run({"apply"}), 0);
    EXPECT_EQ(bench.body(3).at("if_version"), 7);
    EXPECT_EQ(bench.body(3).at("dry_run"), false);
    bench.http.answer(200, empty_answer);
    EXPECT_EQ(bench.run({"apply"}), 0);  // nothing to ask about
    bench.console.terminal = false;
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"apply", "--yes"}), 0);
    EXPECT_THAT(bench.console.out_text, HasSubstr("1 created, 1 changed, 1 deleted, 3 unchanged"));
    EXPECT_FALSE(bench.body(5).as_object().contains("if_version"));
    bench.http.answer(200, plan_answer);
    EXPECT_EQ(bench.run({"apply", "--dry-run", "--json"}), 0);
}

TEST(RemoteDefinitions, OneFileIsPartOfItsDirectory) {
    Directory bench;
    bench.file = (bench.path / "b.yaml").string();
    bench.http.answer(200, empty_answer);
    EXPECT_EQ(bench.run({"apply", "--yes", "--managed-by", "sales"}), 0);
    EXPECT_EQ(bench.body().at("managed_by"), "sales");
    EXPECT_EQ(bench.run({"apply", "--prune"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("--prune needs the whole directory"));
    bench.file = (bench.path / "none.yaml").string();
    EXPECT_EQ(bench.run({"apply"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("none.yaml cannot be read"));
    bench.file = (bench.path / "environments/..").string();
    fs::remove(bench.path / "b.yaml");
    fs::remove_all(bench.path / "sales");
    EXPECT_EQ(bench.run({"apply"}), 2);
    EXPECT_THAT(bench.console.err_text, HasSubstr("holds no definition files"));
}

TEST(RemoteDefinitions, ExportWritesFilesAndStaysInItsDirectory) {
    Directory bench;
    constexpr auto answer =
        R"({"definitions_version": 3, "files": [{"path": "sales/definitions.yaml", "text": "tasks: []\n"}],
        "environment": {"name": "prod", "path": "environments/prod.yaml", "text": "A: b\n"}})";
    bench.http.answer(200, answer);
    EXPECT_EQ(bench.run({"export", "-o", (bench.path / "out").string()}), 0);
    EXPECT_THAT(bench.asked().url, HasSubstr("/export?layout=namespaces"));
    EXPECT_EQ(bench.read("out/sales/definitions.yaml"), "tasks: []\n");
    EXPECT_EQ(bench.read("out/environments/prod.yaml"), "A: b\n");
    bench.http.answer(200, answer);
    EXPECT_EQ(bench.run({"export", "-n", "sales"}), 0);
    EXPECT_EQ(bench.console.out_text, "tasks: []\n");
    for (const char* path : {"../x.yaml", "/tmp/x.yaml", "a/../../x.yaml"})
        EXPECT_FALSE(write_definition_file(bench.path.string(), path, "x")) << path;
}

TEST(RemoteDefinitions, ImportTellsDrift) {
    RemoteBench bench;
    bench.http.answer(
        200, R"({"dry_run": true, "create": 1, "change": 1, "delete": 0, "unchanged": 3, "discovered": 5,
        "changes": [{"action": "create", "kind": "job", "name": "etl/new"}, {"action": "change", "kind": "job",
        "name": "etl/load", "fields": [{"field": "imported.details.worker_type", "old": "G.1X", "new": "G.2X"}]}],
        "gone": ["etl/old"], "refused": [], "definitions_version": 7})");
    EXPECT_EQ(
        bench.run({"job", "import", "etl", "--filter", "n*", "--filter", "l*", "-n", "raw", "--dry-run"}), 0);
    EXPECT_THAT(bench.asked().url, HasSubstr("/api/v1/platforms/etl/import"));
    EXPECT_EQ(boost::json::parse(bench.asked().body),
              boost::json::parse(R"({"dry_run": true, "filter": ["n*", "l*"], "namespace": "raw"})"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("+ job etl/new\n~ job etl/load\n"));
    EXPECT_THAT(bench.console.out_text, HasSubstr("    imported.details.worker_type: \"G.1X\" -> \"G.2X\""));
    EXPECT_THAT(bench.console.err_text, HasSubstr("job etl/old is gone at AWS"));
    bench.http.answer(
        200, R"({"create": 0, "change": 0, "delete": 0, "unchanged": 1, "discovered": 1, "changes": [],
        "gone": [], "refused": [{"name": "etl/load", "detail": "task 't' would no longer work"}]})");
    EXPECT_EQ(bench.run({"job", "import", "etl"}), 4);
    EXPECT_THAT(bench.console.err_text, HasSubstr("job etl/load is left as it is: task 't'"));
}

}  // namespace
}  // namespace polysync::cli::test
