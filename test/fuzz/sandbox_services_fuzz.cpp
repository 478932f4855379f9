// What the simulated services read beside calls that a model has checked: admin documents, definitions of
// pipelines and state machines, filter patterns, page tokens. What an admin call made is then run to its end.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include "sandbox/services/filter_pattern.h"
#include "sandbox/services/page_token.h"
#include "sandbox/services/services.h"

namespace {

using namespace polysync::sandbox;

struct AdminCall {
    int service;  // in the order of make_services
    std::string_view kind;
    std::string_view operation;  // starts what the document made
    std::string_view input;
};
constexpr AdminCall calls[] = {
    {0, "job", "StartJobRun", R"({"JobName":"a","Arguments":{"--k":"v"}})"},
    {0, "outcome", "StartJobRun", R"({"JobName":"customer-dedup"})"},
    {1, "definition", "SubmitJob",
     R"({"jobName":"a","jobQueue":"default-queue","jobDefinition":"a","arrayProperties":{"size":3}})"},
    {1, "queue", "SubmitJob", R"({"jobName":"a","jobQueue":"a","jobDefinition":"gpu-training"})"},
    {2, "pipeline", "StartPipelineExecution",
     R"({"PipelineName":"a","ClientRequestToken":"00000000000000000000000000000001"})"},
    {3, "state_machine", "StartExecution",
     R"({"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:a","name":"n"})"},
    {4, "events", "GetLogEvents", R"({"logGroupName":"a","logStreamName":"a"})"},
};

CallContext context_at(std::int64_t ms) {
    CallContext context;
    context.region = "us-east-1";
    context.now = SandboxTime(std::chrono::milliseconds(ms));
    return context;
}

void run(const AdminCall& call, const boost::json::object& document) {
    static const Settings settings;
    const auto services = make_services(settings);
    Service& service = *services[std::size_t(call.service)];
    constexpr std::int64_t begin = 1'790'000'000'000;
    (void)service.admin(call.kind, document, context_at(begin));
    auto input = boost::json::parse(call.input).as_object();
    auto made = service.handle(call.operation, input, context_at(begin));
    for (const std::int64_t later : {0, 700, 3'000, 600'000}) {
        const CallContext now = context_at(begin + later);
        (void)service.handle("GetJobRuns", {{"JobName", "a"}}, now);
        (void)service.handle("ListStateMachines", {}, now);
        if (made.failed()) continue;
        if (auto* id = made.body.if_contains("jobId"))
            (void)service.handle("DescribeJobs", {{"jobs", {*id}}}, now);
        if (auto* arn = made.body.if_contains("executionArn")) {
            (void)service.handle("GetExecutionHistory", {{"executionArn", *arn}}, now);
        }
        if (auto* arn = made.body.if_contains("PipelineExecutionArn")) {
            (void)service.handle("ListPipelineExecutionSteps", {{"PipelineExecutionArn", *arn}}, now);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t chosen = data[0] % (std::size(calls) + 1);
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (chosen == std::size(calls)) {
        if (const auto pattern = FilterPattern::parse(text))
            (void)pattern.value().matches(R"({"a":{"b":"c"},"n":1})");
        (void)read_page_token(text, "scope", {}, std::chrono::hours(24));
        return 0;
    }
    boost::system::error_code error;
    const auto document = boost::json::parse(text, error);
    if (!error && document.is_object()) run(calls[chosen], document.get_object());
    return 0;
}
