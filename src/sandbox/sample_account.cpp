#include "sandbox/sample_account.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "sandbox/identity.h"
#include "sandbox/services/input.h"

namespace polysync::sandbox {

namespace {

struct Section {
    std::string_view service;
    std::string_view title;
    std::span<const SampleResource> resources;
};

std::vector<Section> sections() {
    return {{"glue", "AWS Glue jobs", sample_glue()},
            {"batch", "AWS Batch queues and job definitions", sample_batch()},
            {"sagemaker", "Amazon SageMaker pipelines", sample_sagemaker()},
            {"stepfunctions", "AWS Step Functions state machines", sample_step_functions()}};
}

std::string_view name_member(const SampleResource& resource) {
    if (resource.kind == "job") return "Name";
    if (resource.kind == "queue") return "jobQueueName";
    if (resource.kind == "definition") return "jobDefinitionName";
    return resource.kind == "pipeline" ? "PipelineName" : "name";
}

void fill(Service& service, const CallContext& context) {
    if (context.account != sample_account) return;
    CallContext past = context;
    past.now -= std::chrono::days(60);
    for (const Section& section : sections()) {
        if (section.service != service.name()) continue;
        for (const SampleResource& resource : section.resources) {
            JsonObject document = boost::json::parse(resource.document).as_object();
            document[name_member(resource)] = resource.name;
            // Resources are some hours apart, as in an account that has grown.
            past.now += std::chrono::hours(7);
            const ServiceAnswer made = service.admin(resource.kind, document, past);
            if (made.failed()) log::error("sample resource {}: {}", resource.name, made.error_message);
        }
    }
}

}  // namespace

PlaceSetup sample_setup() { return fill; }

std::string sample_tables() {
    std::string tables;
    for (const Section& section : sections()) {
        tables += fmt::format("## {}\n\n| name | what it shows |\n| --- | --- |\n", section.title);
        std::string_view before;
        for (const SampleResource& resource : section.resources) {
            if (resource.name == before) continue;  // a further revision
            before = resource.name;
            const std::string_view queue = resource.kind == "queue" ? "queue: " : "";
            tables += fmt::format("| `{}` | {}{} |\n", resource.name, queue, resource.shows);
        }
        tables += '\n';
    }
    tables.pop_back();
    return tables;
}

}  // namespace polysync::sandbox
