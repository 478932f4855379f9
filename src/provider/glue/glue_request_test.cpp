#include "provider/glue/glue_request.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "provider/glue/glue_job.h"

namespace polysync::glue {
namespace {

namespace json = boost::json;

constexpr SystemTime now{Millis(1'780'000'000'000)};
const std::string token = "0f8fad5b-d9cb-469f-a165-70867728950e";

ParameterValue value(std::string name, std::string text, DataType type = DataType::string,
                     Direction direction = Direction::input) {
    ParameterValue given;
    given.parameter.name = std::move(name);
    given.parameter.type = type;
    given.parameter.direction = direction;
    given.value = std::move(text);
    given.source = "-p";
    return given;
}

struct Start {
    Platform platform;
    SubmitSpec spec;

    Start() {
        spec.job.external_id = "etl/daily";
        spec.token = SubmissionToken(token);
    }
    Start& attributes(std::string_view text) {
        spec.job.attributes = json::parse(text).as_object();
        return *this;
    }
    Start& defaults(std::string_view text) {
        platform.defaults = json::parse(text).as_object();
        return *this;
    }
    Start& details(std::string_view text) {
        spec.job.details = json::parse(text).as_object();
        return *this;
    }
    Start& with(ParameterValue given) {
        spec.values.push_back(std::move(given));
        return *this;
    }
    SubmissionIntent prepare() const {
        Result<SubmissionIntent> intent = prepare_start(platform, spec, now);
        EXPECT_TRUE(intent.has_value());
        return intent ? intent.value() : SubmissionIntent();
    }
    Error refuse() const {
        Result<SubmissionIntent> intent = prepare_start(platform, spec, now);
        EXPECT_FALSE(intent.has_value());
        return intent ? Error() : intent.error();
    }
};

std::string source_of(const SubmissionIntent& intent, std::string_view member) {
    for (const Provenance& origin : intent.provenance)
        if (origin.member == member) return origin.source;
    return "(none)";
}

bool warns(const SubmissionIntent& intent, std::string_view part) {
    for (const std::string& warning : intent.warnings)
        if (warning.find(part) != std::string::npos) return true;
    return false;
}

// GLUE-3, TASK-1
TEST(GlueRequest, ArgumentsAreWhatTheUserSet) {
    Start start;
    Parameter inherited;
    inherited.name = "--inherited";
    inherited.default_value = "not sent";
    start.spec.job.parameters.push_back(inherited);
    ParameterValue unset = value("--unset", "");
    unset.value.reset();
    start.with(value("source_path", "s3://in"))
        .with(value("--filter", "key=value"))
        .with(value("count", "10", DataType::integer))
        .with(value("both", "x", DataType::string, Direction::input_output))
        .with(value("result", "ignored", DataType::string, Direction::output))
        .with(value("_chain", "internal"))
        .with(value("--_lane", "internal"))
        .with(value("empty", ""))
        .with(unset);
    SubmissionIntent intent = start.prepare();
    EXPECT_EQ(
        json::serialize(intent.request),
        R"({"JobName":"etl/daily","Arguments":{"--source_path":"s3://in","--filter":"key=value","--count":"10",)"
        R"("--both":"x","--empty":"","--polysync-run-token":"0f8fad5b-d9cb-469f-a165-70867728950e"}})");
    EXPECT_EQ(intent.operation, "StartJobRun");
    EXPECT_EQ(intent.outputs.size(), 2u);
    EXPECT_EQ(source_of(intent, "Arguments.--source_path"), "-p");
    EXPECT_EQ(source_of(intent, "Arguments.--polysync-run-token"), "generated");
    EXPECT_EQ(source_of(intent, "(internal) _chain"), "-p (not sent)");
    EXPECT_TRUE(warns(intent, "no outputs"));
}

// GLUE-3, SAFE-5
TEST(GlueRequest, RefusesWhatCanNeverWork) {
    struct Case {
        std::vector<ParameterValue> values;
        std::string_view code;
    };
    for (const Case& c :
         {Case{{value("polysync-run-token", "x")}, "reserved_parameter"},
          Case{{value("--polysync-run-token", "x")}, "reserved_parameter"},
          Case{{value("a", "1"), value("--a", "2")}, "duplicate_parameter"},
          Case{{value("n", "ten", DataType::integer)}, "invalid_parameter_value"},
          Case{{value("", "x")}, "invalid_parameter"}, Case{{value("--", "x")}, "invalid_parameter"}}) {
        Start start;
        start.spec.values = c.values;
        Error error = start.refuse();
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.kind, ErrorKind::invalid_input);
    }
    Start nameless;
    nameless.spec.job.external_id.clear();
    EXPECT_EQ(nameless.refuse().code, "missing_job");
}

TEST(GlueRequest, WarnsOfArgumentsThatGlueKeepsForItself) {
    Start start;
    start.details(R"({"command":"glueetl","non_overridable_arguments":["--fixed"]})");
    SubmissionIntent intent = start.with(value("JOB_NAME", "x")).with(value("fixed", "y")).prepare();
    EXPECT_TRUE(warns(intent, "--JOB_NAME"));
    EXPECT_TRUE(warns(intent, "--fixed"));
}

// GLUE-4: job attribute, else platform default, else the definition.
TEST(GlueRequest, ComputeSettingsResolveOneByOne) {
    Start start;
    start.attributes(R"({"worker_type":"G.2X","timeout_minutes":30,"execution_class":"FLEX"})")
        .defaults(
            R"({"worker_type":"G.1X","number_of_workers":4,"timeout_minutes":60,"job_run_queuing":true})")
        .details(
            R"({"command":"glueetl","worker_type":"G.8X","number_of_workers":9,"version":"4.0","max_retries":1})");
    SubmissionIntent intent = start.prepare();
    EXPECT_EQ(intent.request.at("WorkerType"), "G.2X");
    EXPECT_EQ(intent.request.at("NumberOfWorkers"), 4);
    EXPECT_EQ(intent.request.at("Timeout"), 30);
    EXPECT_EQ(intent.request.at("ExecutionClass"), "FLEX");
    EXPECT_EQ(intent.request.at("JobRunQueuingEnabled"), true);
    EXPECT_FALSE(intent.request.contains("MaxRetries"));
    EXPECT_FALSE(intent.request.contains("GlueVersion"));
    EXPECT_TRUE(intent.from_definition.empty());
    EXPECT_EQ(source_of(intent, "WorkerType"), "job attribute");
    EXPECT_EQ(source_of(intent, "NumberOfWorkers"), "platform default");
    EXPECT_EQ(source_of(intent, "GlueVersion"), "Glue job definition (not sent)");
    EXPECT_EQ(source_of(intent, "MaxRetries"), "Glue job definition (not sent)");
    EXPECT_FALSE(warns(intent, "max_retries"));
}

// GLUE-4
TEST(GlueRequest, InvalidNumbersFallThroughWithAWarning) {
    for (std::string_view bad :
         {R"("0")", R"("-1")", R"("ten")", "0", "-5", "1.5", R"("")", "null", "true", "99999999999"}) {
        Start start;
        start.attributes(R"({"timeout_minutes":)" + std::string(bad) + "}")
            .defaults(R"({"timeout_minutes":"45"})");
        SubmissionIntent intent = start.prepare();
        EXPECT_EQ(intent.request.at("Timeout"), 45) << bad;
        EXPECT_EQ(source_of(intent, "Timeout"), "platform default");
        EXPECT_EQ(intent.warnings.empty(), bad == R"("")" || bad == "null") << bad;
    }
}

// GLUE-4: the version goes along as an argument; max retries are shown and never sent.
TEST(GlueRequest, VersionAndMaxRetries) {
    Start start;
    SubmissionIntent intent = start.attributes(R"({"version":"5.0","max_retries":3})").prepare();
    EXPECT_EQ(intent.request.at("Arguments").at("--glue-version"), "5.0");
    EXPECT_EQ(source_of(intent, "MaxRetries"), "job attribute (not sent)");
    EXPECT_TRUE(warns(intent, "max_retries"));
    EXPECT_EQ(json::serialize(intent.request).find("Retries"), std::string::npos);

    SubmissionIntent own = start.with(value("glue-version", "mine")).prepare();
    EXPECT_EQ(own.request.at("Arguments").at("--glue-version"), "mine");
    EXPECT_TRUE(warns(own, "--glue-version"));
}

aws::glue::Job definition(std::string command, std::string worker_type, std::optional<int> workers,
                          std::optional<double> capacity) {
    aws::glue::Job job;
    job.name = "etl/daily";
    job.command_name = std::move(command);
    job.worker_type = std::move(worker_type);
    job.number_of_workers = workers;
    job.max_capacity = capacity;
    return job;
}

// GLUE-4: one half of the pair is completed from the definition.
TEST(GlueRequest, CompletesWorkersFromTheDefinition) {
    struct Case {
        std::string_view attributes, details;
        std::vector<std::string> from_definition;
        std::string_view type;
        int count;
        std::string_view completed;
    };
    const std::string_view known = R"({"command":"glueetl","worker_type":"Standard","number_of_workers":1})";
    for (const Case& c :
         {Case{R"({"worker_type":"G.2X"})", known, {"NumberOfWorkers"}, "G.2X", 7, "NumberOfWorkers"},
          Case{R"({"number_of_workers":3})", known, {"WorkerType"}, "G.4X", 3, "WorkerType"},
          Case{R"({"worker_type":"G.2X"})",
               "{}",
               {"WorkerType", "NumberOfWorkers"},
               "G.2X",
               7,
               "NumberOfWorkers"},
          Case{R"({"worker_type":"G.2X","number_of_workers":3})",
               "{}",
               {"WorkerType", "NumberOfWorkers"},
               "G.2X",
               3,
               ""}}) {
        Start start;
        SubmissionIntent intent = start.attributes(c.attributes).details(c.details).prepare();
        EXPECT_EQ(intent.from_definition, c.from_definition) << c.attributes;
        Result<SubmissionIntent> completed = complete_start(intent, definition("glueetl", "G.4X", 7, 7.0));
        ASSERT_TRUE(completed.has_value());
        EXPECT_TRUE(completed.value().from_definition.empty());
        EXPECT_EQ(completed.value().request.at("WorkerType"), json::value(c.type));
        EXPECT_EQ(completed.value().request.at("NumberOfWorkers"), c.count);
        if (!c.completed.empty()) {
            EXPECT_EQ(source_of(completed.value(), c.completed), "Glue job definition");
        }
    }
}

// GLUE-4: Python shell and MaxCapacity jobs take no workers.
TEST(GlueRequest, JobsWithoutWorkers) {
    for (const aws::glue::Job& job : {definition("pythonshell", "", std::nullopt, 0.0625),
                                      definition("glueetl", "", std::nullopt, 10.0)}) {
        for (bool is_imported : {true, false}) {
            Start start;
            start.defaults(R"({"worker_type":"G.1X"})").attributes(R"({"number_of_workers":2})");
            if (is_imported) start.spec.job.details = to_job(job).details;
            SubmissionIntent intent = start.prepare();
            EXPECT_EQ(intent.from_definition.empty(), is_imported);
            Result<SubmissionIntent> completed = complete_start(intent, job);
            ASSERT_TRUE(completed.has_value());
            EXPECT_FALSE(completed.value().request.contains("WorkerType"));
            EXPECT_FALSE(completed.value().request.contains("NumberOfWorkers"));
            ASSERT_EQ(completed.value().warnings.size(), 1u);  // of the job attribute; the platform default
                                                               // does not apply
            EXPECT_TRUE(warns(completed.value(), "Python shell"));
            EXPECT_EQ(source_of(completed.value(), "WorkerType"), "(none)");
        }
    }
    // AWS reports a computed MaxCapacity beside workers: such a job has workers.
    EXPECT_TRUE(worker_rules(definition("glueetl", "G.1X", 10, 10.0)).takes_workers);
}

TEST(GlueRequest, APairThatNobodyCompletes) {
    aws::glue::Job bare = definition("glueetl", "", std::nullopt, std::nullopt);
    Start asked;
    Result<SubmissionIntent> refused =
        complete_start(asked.attributes(R"({"worker_type":"G.1X"})").prepare(), bare);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "incomplete_workers");

    Start by_default;
    Result<SubmissionIntent> sent =
        complete_start(by_default.defaults(R"({"number_of_workers":5})").prepare(), bare);
    ASSERT_TRUE(sent.has_value());
    EXPECT_FALSE(sent.value().request.contains("NumberOfWorkers"));
    EXPECT_TRUE(warns(sent.value(), "both or neither"));
}

// GLUE-1, GLUE-2
TEST(GlueJob, ImportsParametersButNoneOfGluesOwn) {
    aws::glue::Job job = definition("glueetl", "G.1X", 10, 10.0);
    job.description = "daily load";
    job.max_retries = 2;
    job.timeout_minutes = 480;
    job.glue_version = "4.0";
    job.default_arguments = {{"--job-language", "python"},
                             {"--TempDir", "s3://t"},
                             {"--enable-metrics", ""},
                             {"--_internal", "x"},
                             {"--polysync-run-token", "x"},
                             {"--count", "10"},
                             {"--code", "007"},
                             {"--flag", "true"},
                             {"--Flag", "True"},
                             {"--ratio", "0.5"},
                             {"--when", "1e3"},
                             {"--text", ""}};
    job.non_overridable_arguments = {{"--fixed", "1"}};
    Job imported = to_job(job);
    EXPECT_EQ(imported.external_id, "etl/daily");
    EXPECT_EQ(imported.description, "daily load");
    std::map<std::string, DataType> types;
    for (const Parameter& parameter : imported.parameters) {
        types[parameter.name] = parameter.type;
        EXPECT_EQ(parameter.direction, Direction::input);
        EXPECT_TRUE(parameter.default_value.has_value());
        EXPECT_FALSE(parameter.required);
    }
    std::map<std::string, DataType> expected{{"--count", DataType::integer}, {"--code", DataType::string},
                                             {"--flag", DataType::boolean},  {"--Flag", DataType::string},
                                             {"--ratio", DataType::number},  {"--when", DataType::string},
                                             {"--text", DataType::string}};
    EXPECT_EQ(types, expected);
    EXPECT_EQ(imported.details.at("worker_type"), "G.1X");
    EXPECT_EQ(imported.details.at("number_of_workers"), 10);
    EXPECT_EQ(imported.details.at("version"), "4.0");
    EXPECT_EQ(imported.details.at("timeout_minutes"), 480);
    EXPECT_EQ(imported.details.at("max_retries"), 2);
    EXPECT_TRUE(imported.attributes.empty());
}

}  // namespace
}  // namespace polysync::glue
