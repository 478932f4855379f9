// Jobs from what AWS has, over the API.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "test/api/api_kit.h"

namespace polysync::test {
namespace {

namespace json = boost::json;

class ImportApi : public ApiTest {
  protected:
    ImportApi() { discovery.emplace(); }

    static Job job(const std::string& id, int workers = 2, DataType type = DataType::integer) {
        Job out;
        out.external_id = out.name = id;
        out.parameters = {{.name = "--count", .type = type, .default_value = "1"},
                          {.name = "--db-password", .default_value = "hunter2-of-glue"}};
        out.details = {{"number_of_workers", workers}, {"max_capacity", 1.0}};
        return out;
    }
    void aws_has(std::vector<Job> jobs, std::size_t page = 100) {
        discovery->pages.clear();
        for (std::size_t at = 0; at < jobs.size() || at == 0; at += page) {
            JobPage made;
            for (std::size_t i = at; i < std::min(at + page, jobs.size()); ++i) made.jobs.push_back(jobs[i]);
            if (at + page < jobs.size()) made.next = fmt::format("from {}", at + page);
            discovery->pages.emplace_back(std::move(made));
        }
    }
    Answer import(const std::string& body = "{}") { return post("/platforms/p1/import", body); }
};

// GLUE-1: hundreds at once; a preview says the same and saves nothing.
TEST_F(ImportApi, HundredsAtOnceWithAPreview) {
    std::vector<Job> jobs;
    for (int i = 0; i < 350; ++i) jobs.push_back(job(fmt::format("raw/click stream {}", i)));
    aws_has(jobs);
    auto preview = import(R"({"dry_run":true})");
    ASSERT_EQ(preview.status, 200) << preview.text;
    EXPECT_EQ(preview.number_at("/create"), 350);
    EXPECT_EQ(preview.number_at("/discovered"), 350);
    EXPECT_EQ(get("/jobs?name=p1*").at("/items").get_array().size(), 0u);
    aws_has(jobs);
    auto made = import();
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.number_at("/create"), 350);
    auto shown = get("/jobs/p1%2Fraw%2Fclick-stream-7");
    EXPECT_EQ(shown.text_at("/document/external_id"), "raw/click stream 7");
    EXPECT_EQ(shown.text_at("/document/imported/parameters/0/name"), "--count");
    EXPECT_EQ(shown.text.find("hunter2"), std::string::npos) << shown.text;  // SAFE-3
    aws_has(jobs);
    auto again = import();
    EXPECT_EQ(again.number_at("/unchanged"), 350);
    EXPECT_TRUE(again.at("/changes").get_array().empty());
    // Files hold nothing of it, and leave it alone.
    auto exported = get("/export?namespace=p1");
    EXPECT_EQ(exported.text.find("imported"), std::string::npos);
    auto applied = post("/apply", json::serialize(json::object{{"files", exported.at("/files")}}));
    EXPECT_EQ(applied.number_at("/unchanged"), 350) << applied.text;
}

TEST_F(ImportApi, DriftIsToldAndWhatUsersSetStays) {
    aws_has({job("a"), job("b")});
    import();
    auto edited = ask(api::Method::put, "/jobs/p1%2Fa",
                      R"({"platform":"p1","external_id":"a","owner":"me","values":{"--count":"7"},
                          "attributes":{"number_of_workers":9}})");
    ASSERT_EQ(edited.status, 200) << edited.text;
    EXPECT_EQ(edited.number_at("/document/imported/details/number_of_workers"), 2);  // kept
    aws_has({job("a", 4), job("c")});
    auto drift = import();
    ASSERT_EQ(drift.status, 200) << drift.text;
    EXPECT_EQ(drift.number_at("/create"), 1);
    EXPECT_EQ(drift.number_at("/change"), 2);
    EXPECT_EQ(json::serialize(drift.at("/gone")), R"(["p1/b"])");
    EXPECT_EQ(json::serialize(drift.at("/changes/0/fields")),
              R"([{"field":"imported.details.number_of_workers","old":2,"new":4}])");
    auto kept = get("/jobs/p1%2Fa");
    EXPECT_EQ(kept.text_at("/document/values/--count"), "7");
    EXPECT_EQ(kept.text_at("/document/owner"), "me");
    EXPECT_EQ(kept.number_at("/document/attributes/number_of_workers"), 9);
    EXPECT_TRUE(get("/jobs/p1%2Fb").at("/document/imported/gone").get_bool());
    aws_has({job("a", 4), job("b"), job("c")});
    import();
    EXPECT_TRUE(get("/jobs/p1%2Fb").at("/document/imported/gone").is_null());
}

TEST_F(ImportApi, FiltersNamesAndJobsOfFiles) {
    aws_has({job("load-a"), job("load-b"), job("other"), job("load a"), job("nightly-load")});
    auto made = import(R"({"filter":["load*","nightly*"],"namespace":"team/raw"})");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.number_at("/create"), 3);  // the job "load" has nightly-load already
    EXPECT_EQ(made.number_at("/change"), 1);
    EXPECT_FALSE(get("/jobs/load").at("/document/imported").is_null());
    EXPECT_EQ(get("/jobs?namespace=team/raw").at("/items").get_array().size(), 3u);  // names that meet are
                                                                                     // told apart
    aws_has({job("load-b")});
    EXPECT_EQ(import(R"({"filter":"load-b"})").at("/gone").get_array().size(), 0u);
    EXPECT_EQ(post("/platforms/p9/import").status, 404);
    EXPECT_EQ(import(R"({"namespace":"a b"})").text_at("/field"), "namespace");
    discovery->pages = {make_error(ErrorKind::access_denied, "AccessDeniedException", "not for you")};
    EXPECT_EQ(import().text_at("/remedy"), "grant it");
}

// A job whose tasks would no longer be right stays as it is, and the others come in.
TEST_F(ImportApi, AJobThatItsTasksDoNotBearIsLeftOut) {
    aws_has({job("nightly-load", 2, DataType::string), job("x", 2, DataType::string)});
    import();
    auto task = ask(api::Method::put, "/tasks/t", R"({"job":"p1/x","values":{"--count":"many"}})");
    ASSERT_EQ(task.status, 201) << task.text;
    aws_has({job("nightly-load"), job("x")});
    auto made = import();
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.text_at("/refused/0/name"), "p1/x");
    EXPECT_EQ(made.number_at("/change"), 1);
    EXPECT_EQ(get("/jobs/load").text_at("/document/imported/parameters/0/type"), "integer");
}

// Spec 10: Glue's own retries and ours multiply.
TEST_F(ImportApi, RetriesOverThoseOfGlueDrawAWarning) {
    auto retrying = job("r");
    retrying.details["max_retries"] = 2;
    aws_has({retrying});
    import();
    json::object file{{"path", "a.yaml"},
                      {"text", "tasks: [{name: t, job: p1/r, retry: {max_attempts: 3}}]"}};
    auto planned =
        post("/apply", json::serialize(json::object{{"files", json::array{file}}, {"dry_run", true}}));
    ASSERT_EQ(planned.status, 200) << planned.text;
    EXPECT_EQ(planned.text_at("/warnings/0/field"), "a.yaml:1:37");
    EXPECT_EQ(planned.text_at("/warnings/0/detail"),
              "the Glue job has MaxRetries 2 of its own: each of the 3 attempts may start 3 runs");
    auto form = post("/validate",
                     R"({"kind":"task","document":{"name":"t","job":"p1/r","retry":{"max_attempts":2}}})");
    EXPECT_EQ(form.text_at("/warnings/0/field"), "retry") << form.text;
}

}  // namespace
}  // namespace polysync::test
