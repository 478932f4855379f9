#include "test/conformance/conformance_kit.h"

#include <map>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/curl/curl_client.h"

namespace polysync::conformance {

namespace {

constexpr std::string_view access_key_id = "AKIASANDBOX000000000";
constexpr std::string_view account = "123456789012";
constexpr std::string_view queue = "conformance";

class FixedCredentials final : public aws::CredentialsProvider {
  public:
    explicit FixedCredentials(std::string secret) : credentials_(std::make_shared<aws::Credentials>()) {
        credentials_->access_key_id = access_key_id;
        credentials_->secret_access_key = Secret(std::move(secret));
        credentials_->source = "test";
    }
    Async<Result<std::shared_ptr<const aws::Credentials>>> get() override {
        std::shared_ptr<const aws::Credentials> given = credentials_;
        co_return given;
    }
    void invalidate(const aws::Credentials&) override {}

  private:
    std::shared_ptr<aws::Credentials> credentials_;
};

}  // namespace

const std::vector<Subject>& subjects() {
    static const std::vector<Subject> all{
        {PlatformType::aws_glue, "glue", "glue", "StartJobRun", "ListJobs", "FAILED", "RUNNING",
         "ConcurrentRunsExceededException", false, true},
        {PlatformType::aws_batch, "batch", "batch", "SubmitJob", "DescribeJobQueues", "FAILED", "RUNNING", "",
         false, true},
        {PlatformType::aws_sagemaker, "sagemaker", "sagemaker", "StartPipelineExecution", "ListPipelines",
         "Failed", "Executing", "ResourceLimitExceeded", true, false},
        {PlatformType::aws_step_functions, "stepfunctions", "states", "StartExecution", "ListStateMachines",
         "FAILED", "RUNNING", "ExecutionLimitExceeded", true, false},
    };
    return all;
}

Async<void> TestClock::sleep_until(SteadyTime deadline) {
    if (deadline > steady_) steady_ = deadline;
    co_return;
}

// Adds what nobody knows to every answer, and whatever the test wants.
class World::ChangingHttp final : public http::HttpClient {
  public:
    ChangingHttp(http::HttpClient& below, AnswerChange change) : below_(below), change_(std::move(change)) {}

    Async<Result<http::Response>> send(http::Request request) override {
        Result<http::Response> response = co_await below_.send(std::move(request));
        if (!response) co_return response;
        boost::system::error_code error;
        json::value body = json::parse(response.value().body, error);
        if (error) co_return response;
        change_(body);
        std::string text = json::serialize(body);
        text.reserve(text.size() + 64);
        response.value().body = std::move(text);
        co_return response;
    }

  private:
    http::HttpClient& below_;
    AnswerChange change_;
};

World::World(const Subject& subject) : subject_(subject) {
    sandbox::SandboxOptions options;
    options.seed = 11;
    auto started = sandbox::Sandbox::start(options);
    EXPECT_TRUE(started.has_value());
    sandbox_ = std::move(started.value());
    auto client = http::make_curl_client({});
    EXPECT_TRUE(client.has_value());
    http_ = std::move(client.value());
    limiters_ = std::make_unique<aws::LimiterRegistry>(wall_);
    admin("POST", "settings", {{"time_scale", 0}, {"strict_members", true}});
    if (subject_.type == PlatformType::aws_batch) admin("POST", "batch/queue", {{"jobQueueName", queue}});
}

World::~World() {
    for (const auto& [name, count] : calls()) {
        auto dot = name.find('.');
        if (name.find(' ') != std::string::npos) continue;  // "(unknown operation)"
        std::string prefix = name.substr(0, dot) == "stepfunctions" ? "states" : name.substr(0, dot);
        called(subject_.type).insert(prefix + ":" + name.substr(dot + 1));
    }
    json::object books = admin("GET", "books");
    EXPECT_TRUE(books.at("unknown_members").as_object().empty())
        << json::serialize(books.at("unknown_members"));
}

std::set<std::string>& World::called(PlatformType type) {
    static std::map<PlatformType, std::set<std::string>> all;
    return all[type];
}

Platform World::platform(const Options& options) const {
    Platform made;
    made.name = "conformance";
    made.type = subject_.type;
    made.region = options.region;
    made.endpoint = sandbox_->endpoint();
    made.auth.method = AuthMethod::access_key;
    made.auth.access_key_id.text = access_key_id;
    made.auth.secret_access_key.text = options.secret;
    made.defaults = options.defaults;
    if (subject_.type == PlatformType::aws_batch) made.defaults["default_job_queue"] = queue;
    return made;
}

std::unique_ptr<Provider> World::provider(Options options) {
    ProviderParts parts;
    parts.platform = platform(options);
    parts.clock = &clock;
    parts.random = &random_;
    aws::ConnectionParts connection;
    connection.platform = parts.platform.name;
    connection.region = parts.platform.region;
    connection.endpoint_of = [url = sandbox_->endpoint(), region = options.region](const aws::Operation&) {
        return Result<aws::Endpoint>(aws::Endpoint{url, region});
    };
    connection.credentials = std::make_shared<FixedCredentials>(options.secret);
    connection.http = http_.get();
    if (options.change) {
        changing_.push_back(std::make_unique<ChangingHttp>(*http_, options.change));
        connection.http = changing_.back().get();
    }
    connection.clock = &wall_;
    connection.random = &random_;
    connection.limiters = limiters_.get();
    parts.connection = aws::Connection::make(std::move(connection));
    switch (subject_.type) {
        case PlatformType::aws_glue:
            return make_glue_provider(std::move(parts));
        case PlatformType::aws_batch:
            return make_batch_provider(std::move(parts));
        case PlatformType::aws_sagemaker:
            return make_sagemaker_provider(std::move(parts));
        case PlatformType::aws_step_functions:
            return make_step_functions_provider(std::move(parts));
    }
    return nullptr;
}

std::string World::external_id(std::string_view name) const {
    if (subject_.type == PlatformType::aws_step_functions)
        return fmt::format("arn:aws:states:us-east-1:{}:stateMachine:{}", account, name);
    return std::string(name);
}

namespace {

json::object job_document(PlatformType type) {
    switch (type) {
        case PlatformType::aws_glue:
            return {{"ExecutionProperty", {{"MaxConcurrentRuns", 1000}}},
                    {"DefaultArguments",
                     {{"--input", "s3://bucket/in"}, {"--count", "10"}, {"--TempDir", "s3://tmp"}}}};
        case PlatformType::aws_batch:
            return {{"parameters", {{"input", "s3://bucket/in"}, {"count", "10"}}},
                    {"containerProperties", {{"command", {"run", "Ref::input", "Ref::count"}}}}};
        case PlatformType::aws_sagemaker:
            return {
                {"PipelineDefinition",
                 {{"Version", "2020-12-01"},
                  {"Parameters",
                   json::array{json::object{
                                   {"Name", "input"}, {"Type", "String"}, {"DefaultValue", "s3://bucket/in"}},
                               json::object{{"Name", "count"}, {"Type", "Integer"}, {"DefaultValue", 10}}}},
                  {"Steps", json::array{json::object{
                                {"Name", "Train"}, {"Type", "Training"}, {"Arguments", json::object()}}}}}}};
        case PlatformType::aws_step_functions:
            return {};
    }
    return {};
}

std::pair<std::string_view, std::string_view> job_kind(PlatformType type) {
    switch (type) {
        case PlatformType::aws_glue:
            return {"glue/job", "Name"};
        case PlatformType::aws_batch:
            return {"batch/definition", "jobDefinitionName"};
        case PlatformType::aws_sagemaker:
            return {"sagemaker/pipeline", "PipelineName"};
        case PlatformType::aws_step_functions:
            return {"stepfunctions/state_machine", "name"};
    }
    return {};
}

}  // namespace

std::string World::add_job(std::string_view name, json::object outcome) {
    auto [kind, name_member] = job_kind(subject_.type);
    json::object document = job_document(subject_.type);
    document[name_member] = name;
    if (!outcome.empty()) document["outcome"] = std::move(outcome);
    admin("POST", kind, document);
    return external_id(name);
}

void World::add_bulk(int count) {
    auto [kind, name_member] = job_kind(subject_.type);
    json::object document = job_document(subject_.type);
    document["count"] = count;
    document["name_prefix"] = "bulk-";
    admin("POST", kind, document);
}

void World::advance(Millis by) {
    clock.advance(by);
    admin("POST", "time", {{"advance_seconds", double(by.count()) / 1000.0}});
}

bool World::simulates(std::string_view service) {
    json::object answer = sandbox_->admin("POST", fmt::format("{}/?", service), {});
    const json::value* error = answer.if_contains("error");
    return !error || error->at("code") != "unknown_service";
}

json::object World::admin(std::string_view method, std::string_view path, const json::object& document) {
    json::object answer = sandbox_->admin(method, path, document);
    EXPECT_FALSE(answer.contains("error")) << path << json::serialize(answer);
    return answer;
}

void World::fault(json::object described) {
    described["service"] = subject_.service;
    admin("POST", "faults", described);
}

void World::clear_faults() { admin("POST", "faults", {{"clear", true}}); }

std::map<std::string, std::int64_t> World::calls() {
    std::map<std::string, std::int64_t> counts;
    json::object books = admin("GET", "books");
    for (const auto& [name, outcomes] : books.at("calls").as_object()) {
        for (const auto& [outcome, count] : outcomes.as_object())
            counts[std::string(name)] += count.to_number<std::int64_t>();
    }
    return counts;
}

std::int64_t World::all_calls() {
    std::int64_t all = 0;
    for (const auto& [name, count] : calls()) all += count;
    return all;
}

std::int64_t World::runs_of(const SubmissionToken& token) {
    json::object books = admin("GET", "books");
    const json::object& submissions = books.at("submissions").as_object();
    const json::value* own = submissions.if_contains(subject_.service);
    std::int64_t runs = 0;
    if (!own) return runs;
    // Tokens are names with the guid in them: "Polysync-<guid>".
    for (const auto& [name, count] : own->as_object()) {
        if (std::string_view(name).find(token.str()) != std::string_view::npos)
            runs += count.to_number<std::int64_t>();
    }
    return runs;
}

SubmitSpec World::spec(const std::string& external_id) const {
    SubmitSpec made;
    made.job.external_id = external_id;
    made.job.name = external_id;
    return made;
}

SubmissionIntent World::intent(Provider& provider, const std::string& external_id,
                               std::vector<ParameterValue> values) {
    SubmitSpec wanted = spec(external_id);
    wanted.token = new_token();
    wanted.values = std::move(values);
    Result<SubmissionIntent> prepared = provider.prepare(wanted);
    EXPECT_TRUE(prepared.has_value()) << (prepared ? "" : prepared.error().describe());
    if (!prepared) return {};
    Result<SubmissionIntent> completed = run(provider.complete(prepared.value()));
    EXPECT_TRUE(completed.has_value()) << (completed ? "" : completed.error().describe());
    return completed ? completed.value() : SubmissionIntent();
}

RunReference World::start(Provider& provider, const std::string& external_id) {
    SubmissionIntent made = intent(provider, external_id);
    Result<PipelineRun> run_started = run(provider.submit(made));
    EXPECT_TRUE(run_started.has_value()) << (run_started ? "" : run_started.error().describe());
    RunReference reference;
    if (run_started) reference.run_id = run_started.value().run_id;
    reference.external_id = external_id;
    return reference;
}

PipelineRun World::status(Provider& provider, const RunReference& reference) {
    std::vector<RunReference> references{reference};
    std::vector<StatusAnswer> answers = run(provider.statuses(references));
    EXPECT_EQ(answers.size(), 1u);
    if (answers.size() != 1) return {};
    EXPECT_TRUE(answers[0].run.has_value()) << (answers[0].run ? "" : answers[0].run.error().describe());
    return answers[0].run ? answers[0].run.value() : PipelineRun();
}

ParameterValue value(std::string name, std::string text, DataType type) {
    ParameterValue given;
    given.parameter.name = std::move(name);
    given.parameter.type = type;
    given.value = std::move(text);
    given.source = "test";
    return given;
}

}  // namespace polysync::conformance
