// The sandbox's sample account holds every documented failure: each of them comes with its reason and a
// remedy (PLAT-6).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/conformance/conformance_kit.h"

namespace polysync::conformance {
namespace {

using namespace std::chrono_literals;

std::string some_value(const Parameter& parameter) {
    if (!parameter.allowed_values.empty()) return parameter.allowed_values.front();
    switch (parameter.type) {
        case DataType::integer:
        case DataType::number:
            return "1";
        case DataType::boolean:
            return "true";
        case DataType::json:
            return "{}";
        default:
            return "x";
    }
}

class SampleAccount : public testing::TestWithParam<Subject> {
  protected:
    World world{GetParam()};
    std::unique_ptr<Provider> provider = world.provider();

    std::vector<Job> discover_all() {
        std::vector<Job> jobs;
        std::string next;
        do {
            Result<JobPage> page = world.run(provider->discover(next));
            EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().describe());
            if (!page) break;
            for (Job& job : page.value().jobs) jobs.push_back(std::move(job));
            next = page.value().next;
        } while (!next.empty());
        return jobs;
    }
    Result<PipelineRun> start(const Job& job) {
        SubmitSpec spec;
        spec.job = job;
        spec.token = world.new_token();
        for (const Parameter& parameter : job.parameters) {
            if (!parameter.required) continue;
            spec.values.push_back({parameter, some_value(parameter), "test"});
        }
        POLYSYNC_TRY(auto prepared, provider->prepare(spec));
        POLYSYNC_TRY(auto completed, world.run(provider->complete(prepared)));
        return world.run(provider->submit(completed));
    }
};

TEST_P(SampleAccount, EveryFailureHasAReasonAndARemedy) {
    std::vector<RunReference> runs;
    for (const Job& job : discover_all()) {
        Result<PipelineRun> started = start(job);
        if (started) {
            runs.push_back({started.value().run_id, job.external_id, {}});
            runs.back().submitted_at = world.clock.now();
            continue;
        }
        EXPECT_FALSE(started.error().remedy.empty()) << job.external_id << ": " << started.error().describe();
        EXPECT_NE(started.error().kind, ErrorKind::invalid_input)
            << job.external_id << ": " << started.error().describe();
    }
    ASSERT_FALSE(runs.empty());
    world.advance(30min);
    int failures = 0;
    for (int i = 0; i < 5; ++i) (void)world.run(provider->statuses(runs));  // Glue's own retries
    std::vector<StatusAnswer> answers = world.run(provider->statuses(runs));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        ASSERT_TRUE(answers[i].run.has_value())
            << runs[i].external_id << ": " << answers[i].run.error().describe();
        const PipelineRun& run = answers[i].run.value();
        bool is_waiting = run.aws_status == "RUNNABLE";
        EXPECT_TRUE(is_terminal(run.status) || is_waiting) << runs[i].external_id << " is " << run.aws_status;
        EXPECT_FALSE(run.monitor_url.empty());
        if (run.status != PipelineRunStatus::failed && !is_waiting) continue;
        ++failures;
        EXPECT_FALSE(run.remedy.empty())
            << runs[i].external_id << " " << run.aws_status << ": " << run.message;
        EXPECT_EQ(run.remedy.find('{'), std::string::npos) << run.remedy;
        bool says_why = !run.message.empty() || run.aws_status == "TIMEOUT" || run.aws_status == "EXPIRED" ||
                        run.aws_status == "ERROR";
        EXPECT_TRUE(says_why) << runs[i].external_id << " " << run.aws_status;
    }
    EXPECT_GT(failures, 3);
}

INSTANTIATE_TEST_SUITE_P(AllPlatforms, SampleAccount, testing::ValuesIn(subjects()),
                         [](const testing::TestParamInfo<Subject>& one) { return one.param.service; });

}  // namespace
}  // namespace polysync::conformance
