#include "sandbox/sample_account.h"

#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sandbox/identity.h"
#include "sandbox/services/service_test_kit.h"
#include "sandbox/services/services.h"

namespace polysync::sandbox {
namespace {

using namespace std::chrono_literals;

struct Sample : testing::Test {
    Settings settings;
    std::vector<std::unique_ptr<Service>> services = make_services(settings);

    Service& service(std::string_view name) {
        const auto it =
            std::find_if(services.begin(), services.end(), [&](auto& each) { return each->name() == name; });
        return **it;
    }
};

TEST_F(Sample, EveryResourceIsAccepted) {
    for (const auto list : {sample_glue(), sample_batch(), sample_sagemaker(), sample_step_functions()}) {
        const auto made = make_services(settings);
        for (const SampleResource& resource : list) {
            JsonObject document = boost::json::parse(resource.document).as_object();
            document[resource.kind == "job"          ? "Name"
                     : resource.kind == "queue"      ? "jobQueueName"
                     : resource.kind == "definition" ? "jobDefinitionName"
                     : resource.kind == "pipeline"   ? "PipelineName"
                                                     : "name"] = resource.name;
            CallContext elsewhere;
            elsewhere.account = "999999999999";
            elsewhere.region = "eu-west-1";
            const ServiceAnswer got = service(resource.service).admin(resource.kind, document, elsewhere);
            EXPECT_EQ(got.error_message, "") << resource.name;
        }
    }
}

TEST_F(Sample, IsThereInEveryRegionOfItsAccountOnly) {
    for (const char* region : {"us-east-1", "ap-southeast-2"}) {
        Caller glue(service("glue"));
        glue.context.region = region;
        EXPECT_EQ(glue.all("ListJobs", "{}", "JobNames", "NextToken", "NextToken").size(),
                  sample_glue().size());
        glue.context.account = "999999999999";
        EXPECT_EQ(glue.all("ListJobs", "{}", "JobNames", "NextToken", "NextToken").size(), 0u);
    }
    Caller states(service("stepfunctions"));
    EXPECT_EQ(states.all("ListStateMachines", "{}", "stateMachines", "nextToken", "nextToken").size(),
              sample_step_functions().size());
    Caller pipelines(service("sagemaker"));
    EXPECT_EQ(pipelines.all("ListPipelines", "{}", "PipelineSummaries", "NextToken", "NextToken").size(),
              sample_sagemaker().size());
    Caller batch(service("batch"));
    EXPECT_EQ(batch.all("DescribeJobQueues", "{}", "jobQueues", "nextToken", "nextToken").size(), 5u);
}

// Each Glue job ends as its description says, within ten minutes of sandbox time.
TEST_F(Sample, GlueJobsEndAsDescribed) {
    Caller glue(service("glue"));
    for (const SampleResource& job : sample_glue()) {
        const ServiceAnswer started =
            glue.call("StartJobRun", boost::json::serialize(JsonObject{{"JobName", job.name}}));
        const std::string shows(job.shows);
        if (shows.starts_with("every start is")) {
            EXPECT_NE(shows.find(started.error_code), std::string::npos);
            continue;
        }
        ASSERT_EQ(started.error_code, "") << job.name;
        glue.pass(11min);
        const Json runs = glue.ok("GetJobRuns", boost::json::serialize(JsonObject{{"JobName", job.name}}));
        const std::string state = string_at(runs, "JobRuns.0.JobRunState");
        const bool fails =
            shows.starts_with("fails") && shows.find("the retry succeeds") == std::string::npos;
        const std::size_t mark = shows.find('`');
        const bool named = shows.find("ends in `") != std::string::npos ||
                           shows.find("somebody else: `") != std::string::npos;
        const std::string wanted = named   ? shows.substr(mark + 1, shows.find('`', mark + 1) - mark - 1)
                                   : fails ? "FAILED"
                                           : "SUCCEEDED";
        EXPECT_EQ(state, wanted) << job.name;
    }
}

// The same calls at the same times give the same answers, ids and tokens included.
TEST_F(Sample, IsRepeatable) {
    struct Step {
        std::string_view service;
        std::string_view operation;
        std::string_view input;
    };
    const Step steps[] = {
        {"glue", "StartJobRun", R"({"JobName":"flaky-inventory-sync"})"},
        {"glue", "GetJobRuns", R"({"JobName":"flaky-inventory-sync"})"},
        {"glue", "ListJobs", R"({"MaxResults":3})"},
        {"batch", "SubmitJob", R"({"jobName":"a","jobQueue":"default-queue","jobDefinition":"shard-reindex",
                                   "arrayProperties":{"size":4}})"},
        {"batch", "ListJobs",
         R"({"jobQueue":"default-queue","filters":[{"name":"JOB_NAME","values":["a"]}]})"},
        {"sagemaker", "StartPipelineExecution",
         R"({"PipelineName":"Recommender-Refresh","ClientRequestToken":"00000000000000000000000000000001"})"},
        {"sagemaker", "ListPipelineExecutions", R"({"PipelineName":"Recommender-Refresh"})"},
        {"stepfunctions", "StartExecution",
         R"({"stateMachineArn":"arn:aws:states:eu-west-1:123456789012:stateMachine:clickstream-enrich"})"},
        {"stepfunctions", "ListStateMachines", R"({"maxResults":2})"},
        {"logs", "FilterLogEvents", R"({"logGroupName":"/aws/vendedlogs/states/clickstream-enrich-Logs"})"},
    };
    std::string first;
    for (const std::uint64_t seed : {7, 7, 8}) {
        services = make_services(settings, seed);
        std::string all;
        Millis passed{0};
        for (int round = 0; round < 3; ++round) {
            for (const Step& step : steps) {
                Caller caller(service(step.service));
                caller.context.now += passed;
                passed += 400ms;
                const ServiceAnswer got = caller.call(step.operation, step.input);
                all += got.error_code + boost::json::serialize(got.body) + "\n";
            }
        }
        if (first.empty()) first = all;
        EXPECT_EQ(all == first, seed == 7);
    }
}

TEST_F(Sample, TheDocumentationListsIt) {
    std::ifstream file(POLYSYNC_SOURCE_DIR "/docs/sandbox-sample-account.md");
    std::stringstream text;
    text << file.rdbuf();
    const std::string tables = sample_tables();
    EXPECT_NE(text.str().find(tables), std::string::npos)
        << "docs/sandbox-sample-account.md must hold these tables:\n\n"
        << tables;
}

}  // namespace
}  // namespace polysync::sandbox
