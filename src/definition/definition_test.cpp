#include "definition/definition.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/secret.h"

namespace polysync::definition {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto good = R"(platforms:
  - name: etl
    type: aws_glue
    region: us-east-1
    endpoint: http://127.0.0.1:4570
    auth: {method: access_key, access_key_id: AKIASANDBOX000000000, secret_access_key: "env://GLUE_SECRET"}
    defaults: {worker_type: G.1X, number_of_workers: 2}
)";

// A platform with that `auth` and nothing wrong beside it.
std::string with_auth(const std::string& auth) {
    return "platforms:\n  - name: p\n    type: aws_glue\n    region: us-east-1\n    auth: " + auth + "\n";
}

std::string with_defaults(const std::string& type, const std::string& defaults) {
    return "platforms:\n  - name: p\n    type: " + type +
           "\n    region: us-east-1\n    auth: {method: default_chain}\n    defaults: " + defaults + "\n";
}

std::string errors_of(const std::string& text) { return describe(read(text, "f.yaml").errors); }

// PLAT-1, PLAT-2
TEST(Definition, ReadsTheDocumentedFile) {
    Reading reading = read(good, "polysync.yaml");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    EXPECT_EQ(reading.warnings.size(), 0u);
    ASSERT_EQ(reading.platforms.size(), 1u);
    const Platform& platform = reading.platforms.front();
    EXPECT_EQ(platform.name, "etl");
    EXPECT_EQ(platform.type, PlatformType::aws_glue);
    EXPECT_EQ(platform.region, "us-east-1");
    EXPECT_EQ(platform.endpoint, "http://127.0.0.1:4570");
    EXPECT_EQ(platform.auth.method, AuthMethod::access_key);
    EXPECT_EQ(platform.auth.access_key_id.text, "AKIASANDBOX000000000");
    EXPECT_EQ(platform.auth.secret_access_key.text, "env://GLUE_SECRET");
    EXPECT_EQ(boost::json::serialize(platform.defaults), R"({"worker_type":"G.1X","number_of_workers":2})");
}

TEST(Definition, ReadsJson) {
    Reading reading = read(
        "{\n\t\"platforms\": [{\"name\": \"b\", \"type\": \"aws_batch\", \"region\": \"eu-west-1\",\n"
        "\t\t\"auth\": {\"method\": \"default_chain\"},\n"
        "\t\t\"defaults\": {\"default_job_queue\": \"q\", \"tags\": {\"face\": \"\\uD83D\\uDE00\"}}}]}",
        "f.json");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    EXPECT_EQ(reading.platforms[0].defaults.at("tags").at("face").as_string(), "\xF0\x9F\x98\x80");
}

struct Case {
    std::string text;
    std::string expected;  // part of the report, place included
};

// SAFE-5: unknown keys, wrong types, missing fields, duplicates, each with its place.
TEST(Definition, RefusesWithPlaceAndWords) {
    const std::string head =
        "platforms:\n  - name: p\n    type: aws_glue\n    region: us-east-1\n    auth: {method: "
        "default_chain}\n";
    const std::vector<Case> cases{
        {"", "f.yaml: the file is empty"},
        {"[]", "f.yaml:1:1: the file must be a map, not a list"},
        {"platform: []", "f.yaml:1:1: unknown key \"platform\" of the file; did you mean \"platforms\"?"},
        {"accounts: {}", "f.yaml:1:1: the file lacks \"platforms\""},
        {"platforms: 5", "f.yaml:1:12: \"platforms\" must be a list, not a number"},
        {"platforms:\n  - 7", "f.yaml:2:5: an entry of \"platforms\" must be a map, not a number"},
        {"platforms:\n  - {name: p}", "f.yaml:2:5: a platform lacks \"type\""},
        {"platforms:\n  - {name: p}", "f.yaml:2:5: a platform lacks \"region\""},
        {"platforms:\n  - {name: p}", "f.yaml:2:5: a platform lacks \"auth\""},
        {head + "    regoin: x\n",
         "f.yaml:6:5: unknown key \"regoin\" of a platform; did you mean \"region\"? Known: name, "},
        {head + "    use_fips: yes\n", "f.yaml:6:15: \"use_fips\" must be true or false, not a text"},
        {head + "    endpoint: [a]\n", "f.yaml:6:15: \"endpoint\" must be a text, not a list"},
        {head + "    endpoint: ftp://x\n", "f.yaml:6:15: \"endpoint\" must be a URL"},
        {head + "    defaults: 5\n", "f.yaml:6:15: \"defaults\" must be a map, not a number"},
        {head + "    region: eu-west-1\n", "f.yaml:6:5: duplicate key \"region\"; it is already in line 4"},
        {head +
             "  - name: p\n    type: aws_batch\n    region: us-east-1\n    auth: {method: default_chain}\n",
         "f.yaml:6:11: duplicate platform name \"p\"; line 2 has it already"},
        {"platforms:\n  - name: \"a b\"\n", "f.yaml:2:11: \"name\" must be letters"},
        {"platforms:\n  - name: 5\n", "f.yaml:2:11: \"name\" must be a text, not a number; put it in quotes"},
        {"platforms:\n  - type: aws_glu\n",
         "f.yaml:2:11: unknown platform type \"aws_glu\"; did you mean \"aws_glue\"?"},
        {"platforms:\n  - region: \"\"\n", "f.yaml:2:13: \"region\" must not be empty"},
        {"platforms:\n  - region:\n", "\"region\" must be a text, not nothing"},
        {"platforms:\n  - region: US East\n", "f.yaml:2:13: \"region\" must be an AWS region"},
        {"platforms: [\n", "not valid YAML"},
        {"platforms: []\n---\nplatforms: []\n", "a second document"},
        {"platforms: !!map {? [a] : b}\n", "a key must be a text"},
        {"platforms: !thing []\n", "unknown YAML tag"},
        {"platforms: []\nx: \x01\n", "f.yaml:2:4: a control character"},
        {"platforms: []\nx: \xff\n", "f.yaml:2:4: not UTF-8 text"},
        {"a: *b\n", "not valid YAML"},
        {"a: &a [*a]\n", "an alias inside the part that it names"},
    };
    for (const auto& c : cases) EXPECT_THAT(errors_of(c.text), HasSubstr(c.expected)) << c.text;
}

TEST(Definition, RefusesKeysThatTheMethodDoesNotUse) {
    const std::vector<Case> cases{
        {"default_chain", "f.yaml:5:11: \"auth\" must be a map, not a text"},
        {"{profile: x}", "\"auth\" lacks \"method\". Known: web_identity, access_key"},
        {"{method: acces_key}",
         "f.yaml:5:20: unknown auth method \"acces_key\"; did you mean \"access_key\"?"},
        {"{method: access_key}", "\"auth\" lacks \"access_key_id\", which the method access_key needs"},
        {"{method: access_key}", "\"auth\" lacks \"secret_access_key\""},
        {"{method: assume_role, access_key_id: a, secret_access_key: env://A}", "lacks \"role_arn\""},
        {"{method: assume_role, role_arn: admin}", "\"role_arn\" must be the ARN of a role"},
        {"{method: instance_profile, profile: x}",
         "f.yaml:5:38: \"profile\" is not used by the method instance_profile; it belongs to default_chain"},
        {"{method: default_chain, token_source: file}",
         "\"token_source\" is not used by the method default_chain"},
        {"{method: default_chain, profil: x}",
         "unknown key \"profil\" of \"auth\"; did you mean \"profile\"?"},
        {"{method: web_identity, role_arn: 'arn:aws:iam::123456789012:role/x', tenant_id: t}",
         "\"tenant_id\" is not used by the method web_identity with token_source file; it belongs to "
         "web_identity "
         "(entra_client_secret), web_identity (entra_client_assertion)"},
        {"{method: web_identity, token_source: entra, role_arn: 'arn:aws:iam::123456789012:role/x'}",
         "unknown token source \"entra\""},
        {"{method: web_identity, token_source: entra_client_secret, role_arn: "
         "'arn:aws:iam::123456789012:role/x'}",
         "\"auth\" lacks \"client_secret\""},
        {"{method: web_identity, token_source: azure_managed_identity, role_arn: "
         "'arn:aws:iam::123456789012:role/x'}",
         "azure_managed_identity needs \"resource\" or \"audience\""},
        {"{method: default_chain, assume: x}", "\"assume\" must be a list"},
        {"{method: default_chain, assume: [{role: x}]}", "unknown key \"role\" of an entry of \"assume\""},
        {"{method: default_chain, assume: [{external_id: x}]}", "an entry of \"assume\" lacks \"role_arn\""},
        {"{method: access_key, access_key_id: AKIA, secret_access_key: 'env://A-B'}",
         "must have the form env://NAME"},
        {"{method: access_key, access_key_id: AKIA, secret_access_key: 'vault://x'}", "vault://vault/secret"},
    };
    for (const auto& c : cases) EXPECT_THAT(errors_of(with_auth(c.text)), HasSubstr(c.expected)) << c.text;
}

// GLUE-4, BATCH-2: defaults by the platform type's schema.
TEST(Definition, ChecksDefaults) {
    const std::vector<Case> cases{
        {with_defaults("aws_glue", "{worker_typ: G.1X}"),
         "f.yaml:6:16: aws_glue has no platform default 'worker_typ'; did you mean"},
        {with_defaults("aws_glue", "{number_of_workers: 0}"),
         "f.yaml:6:35: platform default 'number_of_workers' must be an integer"},
        {with_defaults("aws_batch", "{job_queue: q}"), "aws_batch has no platform default 'job_queue'"},
    };
    for (const auto& c : cases) EXPECT_THAT(errors_of(c.text), HasSubstr(c.expected)) << c.text;
}

// GLUE-4: what becomes a text is the text in the file.
TEST(Definition, KeepsNumbersAsTheyAreWritten) {
    Reading glue =
        read(with_defaults("aws_glue", "{version: 4.0, number_of_workers: 2, job_run_queuing: True}"), "f");
    ASSERT_TRUE(glue.ok()) << describe(glue.errors);
    EXPECT_EQ(boost::json::serialize(glue.platforms[0].defaults),
              R"({"version":"4.0","number_of_workers":2,"job_run_queuing":true})");
    Reading batch = read(with_defaults("aws_batch", "{tags: {cost: 007, share: 0.50, on: true}}"), "f");
    ASSERT_TRUE(batch.ok()) << describe(batch.errors);
    EXPECT_EQ(boost::json::serialize(batch.platforms[0].defaults),
              R"({"tags":{"cost":"007","share":"0.50","on":"true"}})");
}

TEST(Definition, ReportsAllErrorsInOrder) {
    Reading reading = read("platforms:\n  - name: 1\n    type: x\n    regio: y\n  - name: p\n", "f.yaml");
    EXPECT_TRUE(reading.platforms.empty());
    ASSERT_GE(reading.errors.size(), 6u);
    for (std::size_t i = 1; i < reading.errors.size(); ++i) {
        EXPECT_LE(reading.errors[i - 1].mark.line, reading.errors[i].mark.line);
    }
}

// PLAT-2, SAFE-3
TEST(Definition, WarnsOfClearTextAndNeverRepeatsIt) {
    Reading reading = read(
        with_auth("{method: access_key, access_key_id: AKIA, secret_access_key: wJalrXUtnFEMI}"), "f.yaml");
    ASSERT_TRUE(reading.ok());
    ASSERT_EQ(reading.warnings.size(), 1u);
    EXPECT_THAT(reading.warnings[0].describe(),
                HasSubstr("f.yaml:5:72: \"secret_access_key\" is in clear text"));
    EXPECT_THAT(reading.warnings[0].describe(), Not(HasSubstr("wJalrXUtnFEMI")));
    EXPECT_EQ(redact("x wJalrXUtnFEMI y"), "x [redacted] y");

    for (const char* value : {"[Geheimnis77]", "{a: Geheimnis77}", "987654321987"}) {
        std::string report = errors_of(with_auth(
            "{method: access_key, access_key_id: A, secret_access_key: " + std::string(value) + "}"));
        EXPECT_THAT(report, HasSubstr("\"secret_access_key\" must be a text"));
        EXPECT_THAT(report, Not(testing::AnyOf(HasSubstr("Geheimnis77"), HasSubstr("987654321987"))));
    }
    std::string report =
        errors_of(std::string(good) + "    x: 1\n  - {name: q, endpoint: \"https://joe:Passwort99@host\"}\n");
    EXPECT_THAT(report, HasSubstr("must not hold a user name or password"));
    EXPECT_THAT(report, Not(HasSubstr("Passwort99")));
}

TEST(Definition, WarnsOfAnUnusedExternalId) {
    Reading reading = read(
        with_auth(
            "{method: web_identity, role_arn: 'arn:aws-us-gov:iam::123456789012:role/a/b', external_id: e}"),
        "f");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    ASSERT_EQ(reading.warnings.size(), 1u);
    EXPECT_THAT(reading.warnings[0].message, HasSubstr("\"external_id\" is not used"));
    EXPECT_EQ(reading.platforms[0].auth.external_id, "e");
}

// PLAT-2
TEST(Definition, MakesOnePlatformPerPair) {
    Reading reading = read(R"(
accounts: {prod: "111111111111", test: 012345678901}
platforms:
  - name: etl-${account}-${region}
    type: aws_batch
    for_each: {account: all, region: [us-east-1, eu-central-1]}
    auth:
      method: default_chain
      assume: [{role_arn: "arn:aws:iam::${account_id}:role/polysync-${region}", external_id: "x-${account}"}]
    defaults: {default_job_queue: "${region}-${other}", tags: {account: "${account}"}}
)",
                           "f.yaml");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    ASSERT_EQ(reading.platforms.size(), 4u);
    const Platform& last = reading.platforms[3];
    EXPECT_EQ(last.name, "etl-test-eu-central-1");
    EXPECT_EQ(last.region, "eu-central-1");
    EXPECT_EQ(last.auth.assume.at(0).role_arn, "arn:aws:iam::012345678901:role/polysync-eu-central-1");
    EXPECT_EQ(last.auth.assume.at(0).external_id, "x-test");
    EXPECT_EQ(last.defaults.at("default_job_queue").as_string(), "eu-central-1-${other}");
    EXPECT_EQ(last.defaults.at("tags").at("account").as_string(), "test");
}

TEST(Definition, RefusesABadForEach) {
    auto entry = [](const std::string& for_each, const std::string& name) {
        return "accounts: {prod: '111111111111'}\nplatforms:\n  - name: " + name +
               "\n    type: aws_glue\n    region: us-east-1\n    auth: {method: default_chain}\n    "
               "for_each: " +
               for_each + "\n";
    };
    const std::vector<Case> cases{
        {entry("{}", "x"), "\"for_each\" lacks \"account\" or \"region\""},
        {entry("{acount: all}", "x"), "unknown key \"acount\" of \"for_each\"; did you mean \"account\"?"},
        {entry("{account: prd}", "x"),
         "f.yaml:7:25: \"prd\" is neither in \"accounts\" nor an account id of 12 digits; did you mean "
         "\"prod\"?"},
        {entry("{account: []}", "x"), "\"for_each.account\" must not be empty"},
        {entry("{account: [prod, prod]}", "x"), "stands twice"},
        {entry("{account: [prod, '222222222222']}", "x"),
         "f.yaml:3:11: for_each makes several platforms named \"x\""},
        {entry("{account: prod}", "x-${region}"), "\"${region}\" needs \"region\" in \"for_each\""},
        {entry("{account: prod}", "x-${acount}"),
         "unknown placeholder \"${acount}\"; did you mean \"account\"?"},
        {"accounts: [1]\nplatforms: []\n", "an entry of \"accounts\" must be an account id of 12 digits"},
        {"platforms:\n  - {name: \"a-${account}\"}\n", "\"${account}\" needs \"account\" in \"for_each\""},
    };
    for (const auto& c : cases) EXPECT_THAT(errors_of(c.text), HasSubstr(c.expected)) << c.text;
}

TEST(Definition, BoundsWhatItReads) {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        std::string before = "*a" + std::to_string(i - 1);
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 9; ++j) laughs += before + ", ";
        laughs += before + "]\n";
    }
    EXPECT_THAT(errors_of(laughs), HasSubstr("more than 100000 values, aliases expanded"));
    EXPECT_THAT(errors_of(std::string(100, '[') + std::string(100, ']')),
                HasSubstr("nested deeper than 24 levels"));
    EXPECT_THAT(errors_of(std::string(200000, '[')),
                testing::AnyOf(HasSubstr("nested"), HasSubstr("not valid")));
    EXPECT_THAT(errors_of(std::string(2 * 1024 * 1024, ' ')), HasSubstr("larger than 1048576 bytes"));
    EXPECT_THAT(describe(read_file("/nonexistent/x.yaml").errors),
                HasSubstr("/nonexistent/x.yaml: cannot be read"));
    EXPECT_FALSE(read_file("/").ok());
}

TEST(Definition, MergesMaps) {
    Reading reading = read(R"(
platforms:
  - &base {name: a, type: aws_glue, region: us-east-1, auth: {method: default_chain}}
  - {<<: *base, name: b}
)",
                           "f.yaml");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    ASSERT_EQ(reading.platforms.size(), 2u);
    EXPECT_EQ(reading.platforms[1].name, "b");
    EXPECT_EQ(reading.platforms[1].region, "us-east-1");
}

TEST(Definition, WritesWhatItReads) {
    Reading reading = read(std::string(good) + R"(  - name: w
    type: aws_step_functions
    region: cn-north-1
    use_fips: true
    auth:
      method: web_identity
      token_source: entra_client_secret
      role_arn: arn:aws-cn:iam::123456789012:role/x
      tenant_id: "t: #'\"\\"
      client_id: c
      client_secret: clear-text-secret
      assume: [{role_arn: "arn:aws-cn:iam::123456789012:role/y", session_name: s}]
    defaults: {trace_header: "Root=1-5"}
)",
                           "f.yaml");
    ASSERT_TRUE(reading.ok()) << describe(reading.errors);
    auto wrap = [](const Reading& from) {
        std::vector<Value> values;
        for (const auto& platform : from.platforms)
            values.push_back(PlatformDefinition{{.name = QualifiedName(platform.name)}, platform});
        return values;
    };
    std::string text = to_yaml(wrap(reading), ClearText::keep);
    Reading again = read(text, "again.yaml");
    ASSERT_TRUE(again.ok()) << describe(again.errors) << text;
    EXPECT_EQ(to_yaml(wrap(again), ClearText::keep), text);
    EXPECT_EQ(again.platforms[1].auth.tenant_id, "t: #'\"\\");
    EXPECT_EQ(again.platforms[1].auth.client_secret.text, "clear-text-secret");
    std::string shown = to_yaml(wrap(reading));
    EXPECT_THAT(shown, Not(HasSubstr("clear-text-secret")));
    EXPECT_THAT(shown, HasSubstr("env://GLUE_SECRET"));
    EXPECT_EQ(to_yaml({}), "platforms: []\n");
}

std::string file_text(const std::filesystem::path& path) {
    std::ifstream input(path);
    std::stringstream text;
    text << input.rdbuf();
    return text.str();
}

// The file is what json_schema() says; POLYSYNC_WRITE_DOCS=1 writes it anew.
TEST(Definition, TheSchemaOfEditorsIsTheCodes) {
    std::filesystem::path path = std::filesystem::path(POLYSYNC_SOURCE_DIR) / "docs/polysync.schema.json";
    if (std::getenv("POLYSYNC_WRITE_DOCS")) std::ofstream(path) << json_schema();
    EXPECT_EQ(file_text(path), json_schema());
}

// Every block of the format's documentation that is marked as yaml loads, or fails as its first line says.
TEST(Definition, TheDocumentedExamplesLoad) {
    std::string text = file_text(std::filesystem::path(POLYSYNC_SOURCE_DIR) / "docs/definition.md");
    std::size_t blocks = 0;
    for (std::size_t at = text.find("```yaml\n"); at != std::string::npos; at = text.find("```yaml\n", at)) {
        at += 8;
        std::string block = text.substr(at, text.find("```\n", at) - at);
        std::vector<SourceFile> files{{"block", block}};
        FileReading reading = read_files(files);
        constexpr std::string_view refused = "# refused: ";
        if (block.starts_with(refused)) {
            EXPECT_THAT(describe(reading.errors),
                        HasSubstr(block.substr(refused.size(), block.find('\n') - refused.size())));
        } else {
            EXPECT_TRUE(reading.ok()) << describe(reading.errors) << block;
        }
        ++blocks;
    }
    EXPECT_GE(blocks, 5u);
}

}  // namespace
}  // namespace polysync::definition
