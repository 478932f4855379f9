#include "provider/glue/glue_names.h"

#include <gtest/gtest.h>

namespace polysync::glue {
namespace {

// GLUE-5: job names may contain '/'.
TEST(GlueNames, RunIdsSplitAtTheLastSlash) {
    struct Case {
        std::string_view text, job, run;
    };
    for (const Case& c :
         {Case{"etl/jr_1", "etl", "jr_1"}, Case{"team/etl/daily/jr_2", "team/etl/daily", "jr_2"},
          Case{"a b/\xC3\xA4/jr_3_attempt_1", "a b/\xC3\xA4", "jr_3_attempt_1"}}) {
        Result<RunId> id = split_run_id(c.text);
        ASSERT_TRUE(id.has_value()) << c.text;
        EXPECT_EQ(id.value().job_name, c.job);
        EXPECT_EQ(id.value().run_id, c.run);
        EXPECT_EQ(join_run_id(id.value().job_name, id.value().run_id), c.text);
    }
    for (std::string_view bad : {"", "jr_1", "/jr_1", "etl/", "/"}) {
        Result<RunId> id = split_run_id(bad);
        ASSERT_FALSE(id.has_value()) << bad;
        EXPECT_EQ(id.error().kind, ErrorKind::invalid_input);
    }
}

// GLUE-2, GLUE-3
TEST(GlueNames, ParametersMatchWithAndWithoutDashes) {
    EXPECT_EQ(argument_key("source"), "--source");
    EXPECT_EQ(argument_key("--source"), "--source");
    EXPECT_TRUE(same_parameter("source", "--source"));
    EXPECT_FALSE(same_parameter("source", "--Source"));
    EXPECT_TRUE(is_internal("_chain"));
    EXPECT_TRUE(is_internal("--_chain"));
    EXPECT_FALSE(is_internal("a_b"));
}

// GLUE-2
TEST(GlueNames, GluesOwnArguments) {
    for (std::string_view name :
         {"--job-language", "job-bookmark-option", "--enable-metrics", "--TempDir", "TempDir", "--conf",
          "--JOB_NAME", "--extra-py-files", "--custom-logGroup-prefix", "--write-shuffle-files-to-s3",
          "--additional-python-modules"}) {
        EXPECT_TRUE(is_special_argument(name)) << name;
    }
    for (std::string_view name : {"--source_path", "--tempdir", "--", "", "--enable"})
        EXPECT_FALSE(is_special_argument(name)) << name;
    EXPECT_TRUE(is_forbidden_argument("--JOB_NAME"));
    EXPECT_FALSE(is_forbidden_argument("--TempDir"));
}

}  // namespace
}  // namespace polysync::glue
