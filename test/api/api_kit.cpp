#include "test/api/api_kit.h"

#include <cstdlib>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/catalog_input.h"
#include "definition/definition.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/run_async.h"

namespace polysync::test {
namespace {

namespace json = boost::json;

class FakeSource final : public runtime::ProviderSource {
  public:
    FakeSource(std::vector<std::unique_ptr<sim::FakePlatform>>& aws, const Clock& clock,
               std::optional<cli::test::Script>& discovery)
        : aws_(aws), clock_(clock), discovery_(discovery) {}
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform& platform) override {
        if (discovery_) return std::shared_ptr<Provider>(new cli::test::FakeProvider(*discovery_));
        auto index = platform.name.str() == "p1" ? 0u : 1u;
        return sim::make_fake_provider(*aws_[index], platform.platform, clock_);
    }

  private:
    std::vector<std::unique_ptr<sim::FakePlatform>>& aws_;
    const Clock& clock_;
    std::optional<cli::test::Script>& discovery_;
};

// Lines of JSON for check_answers.py: what was asked, and what was answered.
void record(const api::Service& service, const api::Request& request, const api::Response& response) {
    static const char* path = std::getenv("POLYSYNC_API_EXCHANGES");
    if (!path) return;
    api::Headers headers;
    auto admission = service.admit(request, headers);
    json::object line{
        {"method", api::to_string(request.method)}, {"path", request.path},    {"status", response.status},
        {"content_type", response.content_type},    {"request", request.body}, {"response", response.body}};
    if (admission) line["pattern"] = admission.value().match.route->pattern;
    std::ofstream(path, std::ios::app) << json::serialize(line) << "\n";
}

Async<void> handle(api::Service& service, const api::Request& request, api::Response& out, bool& done) {
    out = co_await service.handle(request);
    done = true;
}

Async<void> start(runtime::Runtime& runtime, std::optional<Status>& out) {
    out.emplace(co_await runtime.start());
}

constexpr const char* sample = R"(
owner: data-platform
platforms:
  - {name: p1, type: aws_glue, region: eu-west-1, auth: {method: default_chain}}
  - {name: p2, type: aws_glue, region: eu-west-1, auth: {method: default_chain}}
jobs:
  - {name: load, platform: p1, external_id: nightly-load, parameters: [{name: count, type: integer}]}
  - {name: report, platform: p2, external_id: nightly-report, parameters: [{name: count, type: integer}]}
tasks:
  - {name: etl/hourly, job: load, partition: {grain: hour}, schedules: [{cron: "5 * * * *"}], tags: {team: sales}}
  - {name: etl/other, job: load, partition: {grain: hour}, tags: {team: sales}}
  - name: etl/join
    job: report
    partition: {grain: hour}
    tags: {team: finance}
    dependencies: [{task: etl/hourly}, {task: etl/other}]
  - {name: etl/plain, job: load, tags: {team: sales}}
  - {name: etl/event, job: report, dependencies: [{source: etl/files}], tags: {team: sales}}
profiles:
  - {name: slots, type: concurrency, platforms: [p1], max_concurrent_tasks: 100}
sources:
  - {name: etl/files}
)";

std::vector<store::Object> sample_objects(SystemTime now) {
    std::vector<definition::SourceFile> files{{"sample.yaml", sample}};
    auto reading = definition::read_files(files);
    EXPECT_TRUE(reading.ok()) << definition::describe(reading.errors);
    std::vector<store::Object> out;
    for (const auto& each : reading.definitions)
        out.push_back({.kind = api::kind_of(each.kind()),
                       .name = each.name(),
                       .document = json::serialize(definition::to_document(each.value)),
                       .owner = definition::metadata(each.value).owner,
                       .created_at = now,
                       .updated_at = now});
    return out;
}

}  // namespace

ApiTest::ApiTest() {
    auto opened = store::open_sqlite_store({.path = ":memory:", .run_inline = true});
    store = std::move(opened.value());
    auto objects = sample_objects(clock.now());
    store::Work work = [&](store::Transaction& transaction) -> Status {
        for (const auto& object : objects) {
            POLYSYNC_TRY(auto id, transaction.put_object(object));
            (void)id;
        }
        return success();
    };
    auto stored = run_async(store->write(work));
    EXPECT_TRUE(stored);
    for (int i = 0; i < 2; ++i)
        aws.push_back(std::make_unique<sim::FakePlatform>(sim::StartKind::by_token, clock, random, faults));
    providers = std::make_unique<FakeSource>(aws, clock, discovery);
    runtime::RuntimeParts parts{
        .store = store.get(), .clock = &clock, .random = &random, .providers = providers.get()};
    parts.catalogs = api::catalog_loader();
    runtime = runtime::Runtime::make(parts);
    operations = runtime::Operations::make(parts, *runtime);
    std::optional<Status> started;
    boost::asio::co_spawn(io, start(*runtime, started), boost::asio::detached);
    clock.run(io, clock.steady_now() + std::chrono::minutes(1), [&] { return started.has_value(); });
    EXPECT_TRUE(started && *started);
    service = std::make_unique<api::Service>(api::Parts{.store = store.get(),
                                                        .runtime = runtime.get(),
                                                        .operations = operations.get(),
                                                        .runtime_executor = io.get_executor(),
                                                        .providers = providers.get(),
                                                        .clock = &clock,
                                                        .version = "test",
                                                        .started_at = clock.now()});
}

const json::value& Answer::at(std::string_view pointer) const {
    static const json::value nothing;
    json::error_code error;
    const auto* found = body.find_pointer(pointer, error);
    return found ? *found : nothing;
}

std::string Answer::text_at(std::string_view pointer) const {
    const auto& value = at(pointer);
    return value.is_string() ? std::string(value.get_string()) : std::string();
}

std::int64_t Answer::number_at(std::string_view pointer) const {
    const auto& value = at(pointer);
    return value.is_int64() ? value.get_int64() : -1;
}

std::string Answer::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

Answer ApiTest::ask(api::Method method, std::string target, std::string body, api::Headers headers) {
    api::Request request{
        .method = method, .headers = std::move(headers), .body = std::move(body), .actor = "test"};
    auto mark = target.find('?');
    request.path = "/api/v1" + target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    if (!request.body.empty() && request.header("content-type").empty())
        request.headers.emplace_back("content-type", "application/json");
    api::Response response;
    bool done = false;
    boost::asio::co_spawn(io, handle(*service, request, response, done), boost::asio::detached);
    clock.run(io, clock.steady_now() + std::chrono::minutes(1), [&] { return done; });
    EXPECT_TRUE(done) << request.path;
    record(*service, request, response);
    Answer answer{.status = response.status, .headers = response.headers, .text = response.body};
    json::error_code error;
    answer.body = json::parse(response.body, error);
    return answer;
}

Answer ApiTest::wait_for_end(std::int64_t run) {
    for (int i = 0; i < 2000; ++i) {
        auto answer = get("/runs/" + std::to_string(run));
        if (!answer.text_at("/ended_at").empty()) return answer;
        pass(std::chrono::seconds(5));
    }
    ADD_FAILURE() << "run " << run << " does not end";
    return {};
}

void ApiTest::pass(Millis time) {
    clock.run(io, clock.steady_now() + time, [] { return false; });
}

std::size_t ApiTest::count_runs() { return get("/runs?limit=1000").at("/items").get_array().size(); }

ApiTest::~ApiTest() { clock.drop_sleepers(); }

}  // namespace polysync::test
