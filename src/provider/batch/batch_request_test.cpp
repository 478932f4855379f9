#include "provider/batch/batch_request.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "provider/batch/batch_definition.h"

namespace polysync::batch {
namespace {

namespace json = boost::json;

constexpr SystemTime now{Millis(1'780'000'000'000)};
const std::string token = "0f8fad5b-d9cb-469f-a165-70867728950e";

ParameterValue value(std::string name, std::string text, DataType type = DataType::string) {
    ParameterValue given;
    given.parameter.name = std::move(name);
    given.parameter.type = type;
    given.value = std::move(text);
    given.source = "-p";
    return given;
}

struct Submit {
    Platform platform;
    SubmitSpec spec;

    explicit Submit(std::string_view attributes = R"({"job_queue":"q"})", std::string_view defaults = "{}") {
        spec.job.external_id = "render";
        spec.token = SubmissionToken(token);
        spec.job.attributes = json::parse(attributes).as_object();
        platform.defaults = json::parse(defaults).as_object();
    }
    SubmissionIntent prepare() const {
        Result<SubmissionIntent> intent = prepare_submit(platform, spec, now);
        EXPECT_TRUE(intent.has_value());
        return intent ? intent.value() : SubmissionIntent();
    }
};

std::string source_of(const SubmissionIntent& intent, std::string_view member) {
    for (const Provenance& origin : intent.provenance)
        if (origin.member == member) return origin.source;
    return "(none)";
}

// BATCH-2
TEST(BatchRequest, QueueFromTheAttributeElseTheDefault) {
    struct Case {
        std::string_view attributes, defaults, queue, source;
    };
    for (const Case& c :
         {Case{R"({"job_queue":"own"})", R"({"default_job_queue":"d"})", "own", "job attribute"},
          Case{"{}", R"({"default_job_queue":"d"})", "d", "platform default"},
          Case{R"({"job_queue":""})", R"({"default_job_queue":"d"})", "d", "platform default"}}) {
        SubmissionIntent intent = Submit(c.attributes, c.defaults).prepare();
        EXPECT_EQ(intent.request.at("jobQueue"), json::value(c.queue));
        EXPECT_EQ(source_of(intent, "jobQueue"), c.source);
    }
    Submit none("{}");
    Result<SubmissionIntent> refused = prepare_submit(none.platform, none.spec, now);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "no_job_queue");
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(refused.error().remedy.find("default_job_queue"), std::string::npos);
}

// BATCH-3, TASK-1
TEST(BatchRequest, TheLeastRequest) {
    Submit submit;
    Parameter inherited;
    inherited.name = "frames";
    inherited.default_value = "10";
    submit.spec.job.parameters.push_back(inherited);
    submit.spec.values = {value("input", "s3://in"), value("count", "3", DataType::integer)};
    SubmissionIntent intent = submit.prepare();
    EXPECT_EQ(
        json::serialize(intent.request),
        R"({"jobName":"Polysync-0f8fad5b-d9cb-469f-a165-70867728950e","jobQueue":"q","jobDefinition":"render",)"
        R"("parameters":{"input":"s3://in","count":"3"}})");
    EXPECT_EQ(intent.operation, "SubmitJob");
    EXPECT_TRUE(intent.warnings.empty());
    EXPECT_TRUE(intent.from_definition.empty());
    EXPECT_EQ(source_of(intent, "jobName"), "generated");
    EXPECT_EQ(source_of(intent, "parameters.input"), "-p");
    EXPECT_LE(job_name(submit.spec.token).size(), 128u);
}

// BATCH-3: everything that AWS takes only at submit.
TEST(BatchRequest, EverythingAtOnce) {
    Submit submit(R"({"job_queue":"q","share_identifier":"team","scheduling_priority_override":0,
        "attempt_duration_seconds":"120","retry_attempts":3,"array_size":4,"tags":{"cost":"x"},"propagate_tags":true,
        "depends_on":[{"jobId":"j1"},{"type":"SEQUENTIAL"}],"command":["echo","Ref::input"],
        "environment":{"MODE":"fast"},"vcpus":"0.5","memory_mib":2048,"gpus":1})");
    SubmissionIntent intent = submit.prepare();
    json::value expected =
        json::parse(R"({"jobName":"Polysync-0f8fad5b-d9cb-469f-a165-70867728950e","jobQueue":"q",
        "jobDefinition":"render","shareIdentifier":"team","schedulingPriorityOverride":0,"arrayProperties":{"size":4},
        "dependsOn":[{"jobId":"j1"},{"type":"SEQUENTIAL"}],"retryStrategy":{"attempts":3},
        "timeout":{"attemptDurationSeconds":120},"propagateTags":true,"tags":{"cost":"x"},
        "containerOverrides":{"command":["echo","Ref::input"],"environment":[{"name":"MODE","value":"fast"}],
        "resourceRequirements":[{"type":"VCPU","value":"0.5"},{"type":"MEMORY","value":"2048"},{"type":"GPU","value":"1"}]}})");
    EXPECT_EQ(json::value(intent.request), expected) << json::serialize(intent.request);
}

// BATCH-3: blank for a queue without fair share.
TEST(BatchRequest, BlankFairShareIsNotSent) {
    SubmissionIntent intent =
        Submit(R"({"job_queue":"q","share_identifier":"","scheduling_priority_override":null})").prepare();
    EXPECT_FALSE(intent.request.contains("shareIdentifier"));
    EXPECT_FALSE(intent.request.contains("schedulingPriorityOverride"));
}

TEST(BatchRequest, RefusesAndWarns) {
    Submit twice;
    twice.spec.values = {value("a", "1"), value("a", "2")};
    EXPECT_EQ(prepare_submit(twice.platform, twice.spec, now).error().code, "duplicate_parameter");
    Submit wrong;
    wrong.spec.values = {value("n", "x", DataType::integer)};
    EXPECT_EQ(prepare_submit(wrong.platform, wrong.spec, now).error().code, "invalid_parameter_value");

    Submit missing;
    Parameter placeholder;
    placeholder.name = "input";
    placeholder.required = true;
    missing.spec.job.parameters.push_back(placeholder);
    ASSERT_EQ(missing.prepare().warnings.size(), 1u);
    EXPECT_NE(missing.prepare().warnings[0].find("Ref::input"), std::string::npos);

    Submit multinode(R"({"job_queue":"q","memory_mib":2048})");
    multinode.spec.job.details = json::parse(R"({"structure":"multinode"})").as_object();
    ASSERT_EQ(multinode.prepare().warnings.size(), 1u);

    Submit large;
    large.spec.values = {value("blob", std::string(31 * 1024, 'x'))};
    ASSERT_EQ(large.prepare().warnings.size(), 1u);
}

aws::batch::JobDefinition definition(std::string name, int revision) {
    aws::batch::JobDefinition made;
    made.name = std::move(name);
    made.revision = revision;
    return made;
}

// BATCH-1
TEST(BatchDefinition, HighestRevisionOfEachName) {
    HighestRevisions highest;
    for (auto [name, revision] : {std::pair{"a", 2}, {"b", 1}, {"a", 10}, {"a", 9}})
        highest.add(definition(name, revision));
    ASSERT_EQ(highest.by_name().size(), 2u);
    EXPECT_EQ(highest.by_name().at("a").revision, 10);
    EXPECT_EQ(to_job(highest.by_name().at("a")).external_id, "a");
    EXPECT_EQ(to_job(highest.by_name().at("a"), "a:10").external_id, "a:10");
}

// BATCH-1: defaults, and every Ref::name of any command that has none.
TEST(BatchDefinition, ParametersFromDefaultsAndPlaceholders) {
    aws::batch::JobDefinition made = definition("render", 3);
    made.parameters = {{"codec", "mp4"}};
    made.uses_node_properties = true;
    made.containers.resize(2);
    made.containers[0].command = {"ffmpeg", "-i", "Ref::input", "-c", "Ref::codec"};
    made.containers[0].image = "ecr/render";
    made.containers[1].command = {"sh", "-c", "run Ref::input > /out/Ref::output-1.txt"};
    Job job = to_job(made);
    std::map<std::string, bool> required;
    for (const Parameter& parameter : job.parameters) required[parameter.name] = parameter.required;
    EXPECT_EQ(required, (std::map<std::string, bool>{{"codec", false}, {"input", true}, {"output-1", true}}));
    EXPECT_EQ(job.details.at("structure"), "multinode");
    EXPECT_EQ(job.details.at("revision"), 3);
    EXPECT_EQ(job.details.at("image"), "ecr/render");
}

TEST(BatchDefinition, Placeholders) {
    using V = std::vector<std::string>;
    for (const auto& [text, names] : {std::pair<std::string_view, V>{"Ref::a", {"a"}},
                                      {"Ref::a/Ref::b_c", {"a", "b_c"}},
                                      {"--x=Ref::y.txt", {"y"}},
                                      {"Ref::", {}},
                                      {"Ref:: a", {}},
                                      {"ref::a", {}},
                                      {"", {}}}) {
        EXPECT_EQ(placeholders(text), names) << text;
    }
}

// BATCH-1: name:revision or a full ARN pins.
TEST(BatchDefinition, References) {
    struct Case {
        std::string_view id, name;
        bool is_pinned;
    };
    for (const Case& c :
         {Case{"render", "render", false}, Case{"render:4", "render", true},
          Case{"arn:aws:batch:us-east-1:123456789012:job-definition/render:4", "render", true},
          Case{"arn:aws:batch:us-east-1:123456789012:job-definition/render", "render", false},
          Case{"arn:aws:batch:us-east-1:123456789012:job-queue/render", "", false},
          Case{"render:x", "render:x", false}}) {
        DefinitionReference reference = parse_definition_reference(c.id);
        EXPECT_EQ(reference.name, c.name) << c.id;
        EXPECT_EQ(reference.is_pinned, c.is_pinned) << c.id;
    }
}

}  // namespace
}  // namespace polysync::batch
