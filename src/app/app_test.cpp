// What the program is put together with.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/catalog_input.h"
#include "app/env_file.h"
#include "app/providers.h"
#include "app/samples.h"
#include "app/state_folder.h"
#include "definition/definition.h"

namespace polysync::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(EnvFile, LinesOfNamesAndValues) {  // PLAT-2
    auto read = parse_env_file("# comment\n\nA=1\r\nB_2 = x\nPASSWORD=\"a=b #c\"\nQ='\"'\nEMPTY=\nT=\"", "f");
    EXPECT_EQ(read.error().code, "env_file");  // a blank before '='
    EXPECT_THAT(read.error().message, HasSubstr("line 4"));
    read = parse_env_file("# comment\n\nA=1\r\nPASSWORD=\"a=b #c\"\nQ='\"'\nEMPTY=\nT=\"", "f");
    ASSERT_TRUE(read);
    EXPECT_THAT(read.value(), ElementsAre(Pair("A", "1"), Pair("PASSWORD", "a=b #c"), Pair("Q", "\""),
                                          Pair("EMPTY", ""), Pair("T", "\"")));
}

TEST(EnvFile, NeverRepeatsWhatMayBeASecret) {  // SAFE-3, SAFE-5
    for (std::string text : {"geheim-12345", "=geheim-12345", "1A=geheim-12345", "A B=geheim-12345"}) {
        auto read = parse_env_file("GOOD=1\n" + text, "f");
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().describe(), HasSubstr("f, line 2"));
        EXPECT_THAT(read.error().describe(), Not(HasSubstr("geheim")));
    }
}

TEST(EnvFile, TheEnvironmentWins) {
    auto path = testing::TempDir() + "/polysync-env";
    std::ofstream(path) << "POLYSYNC_TEST_A=file\nPOLYSYNC_TEST_B=file\n";
    ::setenv("POLYSYNC_TEST_A", "shell", 1);
    ASSERT_TRUE(load_env_files({path}));
    EXPECT_STREQ(std::getenv("POLYSYNC_TEST_A"), "shell");
    EXPECT_STREQ(std::getenv("POLYSYNC_TEST_B"), "file");
    EXPECT_EQ(load_env_files({path + "-none"}).error().kind, ErrorKind::invalid_input);
}

TEST(Providers, AreKeptWhileTheDefinitionStands) {
    Connector connector;
    Providers providers(connector);
    engine::CatalogPlatform platform{.id = ObjectId{1}, .name = QualifiedName("etl"), .platform = {}};
    platform.platform.name = "etl";
    platform.platform.region = "eu-west-1";
    platform.platform.auth.access_key_id.text = "AKIA";
    auto first = providers.provider(platform);
    ASSERT_TRUE(first) << first.error().describe();
    auto again = platform;  // as the next catalog has it
    EXPECT_EQ(providers.provider(again).value(), first.value());
    again.platform.defaults["worker_type"] = "G.2X";
    auto changed = providers.provider(again);
    EXPECT_NE(changed.value(), first.value());
    EXPECT_EQ(first.value()->platform().defaults.size(), 0u);  // who uses the old one goes on with it
    again.id = ObjectId{2};
    EXPECT_NE(providers.provider(again).value(), changed.value());
}

TEST(Announcement, IsTakenAwayByItsOwnerOnly) {
    auto home = testing::TempDir() + "/polysync-announcement";
    std::filesystem::remove_all(home);
    ::setenv("XDG_STATE_HOME", home.c_str(), 1);
    auto note = state_folder() + "/server.json";
    {
        auto first = Announcement::make("http://127.0.0.1:1", "/token");
        ASSERT_TRUE(first);
        struct stat about {};
        ASSERT_EQ(::stat(note.c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777, 0600u);
        auto second = Announcement::make("http://127.0.0.1:2", "/token");
        ASSERT_TRUE(second);
        { auto gone = std::move(first.value()); }
        EXPECT_TRUE(std::filesystem::exists(note));
    }
    EXPECT_FALSE(std::filesystem::exists(note));
}

TEST(Samples, AreWholeAndMany) {  // SAFE-5
    std::vector<definition::SourceFile> files;
    for (const auto& file : sample_definitions())
        files.push_back({std::string(file.name), std::string(file.text)});
    auto read = definition::read_files(files);
    for (const auto& problem : read.errors) ADD_FAILURE() << problem.describe();
    for (const auto& problem : read.warnings) ADD_FAILURE() << problem.describe();
    engine::CatalogInput input;
    std::int64_t id = 0;
    for (const auto& definition : read.definitions) api::add_to(input, ObjectId{++id}, 1, definition.value);
    auto built = engine::build_catalog(input);
    for (const auto& problem : built.problems)
        ADD_FAILURE() << problem.object.str() << "." << problem.field << ": " << problem.error.describe();
    ASSERT_TRUE(built.catalog);
    EXPECT_EQ(built.catalog->platforms.size(), 8u);
    EXPECT_EQ(built.catalog->tasks.size(), 32u);
    EXPECT_EQ(built.catalog->profiles.size(), 3u);
}

}  // namespace
}  // namespace polysync::app
