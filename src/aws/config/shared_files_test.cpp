#include "aws/config/shared_files.h"

#include <gtest/gtest.h>

#include "aws/config/settings.h"
#include "base/secret.h"
#include "test/support/fake_environment.h"

namespace polysync::aws {
namespace {

using polysync::test::FakeEnvironment;

TEST(ConfigText, GrammarOfTheSharedFiles) {
    struct Case {
        const char* name;
        const char* text;
        const char* section;
        const char* key;
        const char* value;
    };
    for (const Case& given : {
             Case{"plain", "[a]\nk = v\n", "a", "k", "v"},
             Case{"byte order mark, CRLF", "\xEF\xBB\xBF[a]\r\nk = v\r\n", "a", "k", "v"},
             Case{"no final line break", "[a]\nk=v", "a", "k", "v"},
             Case{"keys ignore case", "[a]\nREGION = x\n", "a", "region", "x"},
             Case{"value with '='", "[a]\nk = a=b==\n", "a", "k", "a=b=="},
             Case{"comment lines", "# c\n; c\n[a]\n# c\n  ; c\nk = v\n", "a", "k", "v"},
             Case{"comment behind a value", "[a]\nk = v # c\n", "a", "k", "v"},
             Case{"'#' inside a value", "[a]\nk = v#w;x\n", "a", "k", "v#w;x"},
             Case{"only a comment", "[a]\nk = ; c\n", "a", "k", ""},
             Case{"comment behind a section", "[ a ] ; c\nk = v\n", "a", "k", "v"},
             Case{"continued", "[a]\nk = v\n  w\n\n  x # c\n", "a", "k", "v\nw\nx"},
             Case{"all keys indented", "[a]\n  j = u\n  k = v\n", "a", "k", "v"},
             Case{"the last one wins", "[a]\nk = u\n[b]\n[a]\nk = v\n", "a", "k", "v"},
             Case{"section names keep their case", "[A]\nk = v\n[a]\nk = u\n", "A", "k", "v"},
             Case{"blanks around", "[a]\n k\t=\t v \t\n", "a", "k", "v"},
         }) {
        std::vector<std::string> problems;
        auto sections = parse_config_text(given.text, "f", problems);
        EXPECT_EQ(sections[given.section].value(given.key), given.value) << given.name;
        EXPECT_TRUE(problems.empty()) << given.name << ": " << problems.front();
    }
}

TEST(ConfigText, Blocks) {
    std::vector<std::string> problems;
    auto sections = parse_config_text(
        "[services local]\nsfn =\n  ENDPOINT_URL = http://h:1  # c\n  other = x\nregion = y\n", "f",
        problems);
    const ConfigSection& section = sections["services local"];
    EXPECT_EQ(section.blocks.at("sfn").at("endpoint_url"), "http://h:1");
    EXPECT_EQ(section.blocks.at("sfn").at("other"), "x");
    EXPECT_EQ(section.value("region"), "y");
    EXPECT_FALSE(section.has("sfn"));
    EXPECT_FALSE(section.has("missing"));
    EXPECT_TRUE(problems.empty());
}

TEST(ConfigText, WhatCannotBeReadIsNamedButNotQuoted) {
    struct Case {
        const char* text;
        const char* problem;
    };
    for (const Case& given : {Case{"k = v\n", "f:1:"}, Case{"[a]\nhunter2secret\n", "f:2:"},
                              Case{"[a\nk = v\n", "f:1:"}, Case{"[]\n", "f:1:"}, Case{"[a] b\n", "f:1:"},
                              Case{"[a]\n= v\n", "f:2:"}, Case{"[a]\nk =\n  no equals sign\n", "f:3:"}}) {
        std::vector<std::string> problems;
        (void)parse_config_text(given.text, "f", problems);
        ASSERT_FALSE(problems.empty()) << given.text;
        EXPECT_EQ(problems[0].substr(0, 4), given.problem);
        EXPECT_EQ(problems[0].find("hunter2secret"), std::string::npos);
    }
    std::vector<std::string> many;
    (void)parse_config_text(std::string(200'000, '\n') + std::string(1000, 'x') + "\nx\nx\n", "f", many);
    EXPECT_EQ(many.size(), 3u);
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "bad\n";
    (void)parse_config_text(lines, "f", many);
    EXPECT_LE(many.size(), 20u);
}

TEST(SharedFiles, BothFilesMakeOneProfile) {
    FakeEnvironment environment;
    environment.files["/home/test/.aws/config"] =
        "[default]\nregion = plain\n[profile default]\noutput = json\n[profile etl]\nregion = eu-west-1\n"
        "aws_access_key_id = FROMCONFIG\n[profile \"with blank\"]\nregion = a\n[profile 'single']\nregion = "
        "b\n[naked]\nregion = c\n"
        "[sso-session corp]\nsso_region = d\n[services local]\nglue =\n  endpoint_url = http://h:1\n";
    environment.files["/home/test/.aws/credentials"] =
        "[etl]\naws_access_key_id = FROMCREDENTIALS\naws_secret_access_key = "
        "shared-file-secret\n[only]\naws_access_key_id = X\n";
    SharedFiles files = load_shared_files(environment);
    EXPECT_TRUE(files.problems.empty());
    EXPECT_EQ(files.profile("default")->value("region"), "");  // [profile default] beats [default]
    EXPECT_EQ(files.profile("default")->value("output"), "json");
    EXPECT_EQ(files.profile("etl")->value("region"), "eu-west-1");
    EXPECT_EQ(files.profile("etl")->value("aws_access_key_id"), "FROMCREDENTIALS");
    EXPECT_NE(files.profile("with blank"), nullptr);
    EXPECT_NE(files.profile("single"), nullptr);
    EXPECT_NE(files.profile("only"), nullptr);
    EXPECT_EQ(files.profile("naked"), nullptr);  // a config section without prefix is ignored
    EXPECT_EQ(files.profile("ETL"), nullptr);
    EXPECT_EQ(files.sso_sessions.at("corp").value("sso_region"), "d");
    EXPECT_EQ(files.services.at("local").blocks.at("glue").at("endpoint_url"), "http://h:1");
    EXPECT_EQ(redact("shared-file-secret"), "[redacted]");  // SAFE-3
}

TEST(SharedFiles, PathsComeFromTheEnvironmentAndMissingFilesAreEmpty) {
    FakeEnvironment environment;
    EXPECT_TRUE(load_shared_files(environment).profiles.empty());
    environment.variables["AWS_CONFIG_FILE"] = "~/other";
    environment.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/etc/creds";
    environment.files["/home/test/other"] = "[profile a]\nregion = x\n";
    environment.files["/etc/creds"] = "[b]\nregion = y\n";
    SharedFiles files = load_shared_files(environment);
    EXPECT_NE(files.profile("a"), nullptr);
    EXPECT_NE(files.profile("b"), nullptr);
    environment.files["/etc/creds"] = std::string(max_config_bytes + 1, ' ');
    files = load_shared_files(environment);
    ASSERT_EQ(files.problems.size(), 1u);
    EXPECT_NE(files.problems[0].find("/etc/creds"), std::string::npos);
}

class SettingsTest : public ::testing::Test {
  protected:
    Result<Settings> read(std::string_view profile = {}) {
        return read_settings(environment_, load_shared_files(environment_), profile);
    }
    void config(std::string text) { environment_.files["/home/test/.aws/config"] = std::move(text); }
    FakeEnvironment environment_;
};

TEST_F(SettingsTest, ProfileByPrecedence) {
    config(
        "[profile code]\nregion = r-code\n[profile env]\nregion = r-env\n[profile old]\nregion = "
        "r-old\n[default]\nregion = r-default\n");
    EXPECT_EQ(read().value().region, "r-default");
    environment_.variables["AWS_DEFAULT_PROFILE"] = "old";
    EXPECT_EQ(read().value().region, "r-old");
    environment_.variables["AWS_PROFILE"] = "env";
    EXPECT_EQ(read().value().region, "r-env");
    EXPECT_EQ(read("code").value().region, "r-code");
    environment_.variables["AWS_DEFAULT_REGION"] = "r-variable";
    EXPECT_EQ(read().value().region, "r-variable");
    environment_.variables["AWS_REGION"] = "r-first";
    EXPECT_EQ(read().value().region, "r-first");
    EXPECT_EQ(read().value().profile, "env");
}

TEST_F(SettingsTest, UnknownProfileNamesTheNearest) {
    config("[profile production]\nregion = x\n");
    auto missing = read("producton");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
    EXPECT_NE(missing.error().remedy.find("production"), std::string::npos);
    EXPECT_NE(missing.error().message.find("/home/test/.aws/config"), std::string::npos);
    environment_.variables["AWS_PROFILE"] = "zzz";
    missing = read();
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("AWS_PROFILE"), std::string::npos);
}

TEST_F(SettingsTest, FlagsAndWords) {
    config(
        "[default]\nuse_fips_endpoint = TRUE\nretry_mode = standard\nmax_attempts = 7\nca_bundle = "
        "/ca\nsts_regional_endpoints = legacy\n");
    auto settings = read();
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings.value().use_fips, true);
    EXPECT_EQ(settings.value().use_dual_stack, std::nullopt);
    EXPECT_EQ(settings.value().retry_mode, "standard");
    EXPECT_EQ(settings.value().max_attempts, "7");
    EXPECT_EQ(settings.value().ca_bundle, "/ca");
    EXPECT_TRUE(settings.value().sts_global_endpoint);
    environment_.variables["AWS_USE_FIPS_ENDPOINT"] = "false";
    EXPECT_EQ(read().value().use_fips, false);
    environment_.variables["AWS_USE_DUALSTACK_ENDPOINT"] = "yes";
    auto refused = read();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("AWS_USE_DUALSTACK_ENDPOINT"), std::string::npos);
}

// aws-facts 11.3: each source removed in turn shows the next.
TEST_F(SettingsTest, CustomEndpointsByPrecedence) {
    config(
        "[default]\nendpoint_url = http://profile\nservices = local\n[services local]\nsfn =\n  endpoint_url "
        "= http://service\n"
        "secrets_manager =\n  endpoint_url = http://secrets\n");
    environment_.variables["AWS_ENDPOINT_URL_SFN"] = "http://variable-of-service";
    environment_.variables["AWS_ENDPOINT_URL"] = "http://variable";
    EXPECT_EQ(read().value().endpoints.find("SFN"), "http://variable-of-service");
    EXPECT_EQ(read().value().endpoints.find("GLUE"), "http://variable");
    environment_.variables.erase("AWS_ENDPOINT_URL_SFN");
    EXPECT_EQ(read().value().endpoints.find("SFN"), "http://variable");  // beats the service's entry in the
                                                                         // file
    environment_.variables.erase("AWS_ENDPOINT_URL");
    EXPECT_EQ(read().value().endpoints.find("SFN"), "http://service");
    EXPECT_EQ(read().value().endpoints.find("SECRETS_MANAGER"), "http://secrets");
    EXPECT_EQ(read().value().endpoints.find("GLUE"), "http://profile");
    environment_.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
    EXPECT_EQ(read().value().endpoints.find("SFN"), "");
    EXPECT_EQ(read().value().endpoints.find("GLUE"), "");
}

}  // namespace
}  // namespace polysync::aws
