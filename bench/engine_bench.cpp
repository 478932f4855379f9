#include "bench/engine_bench.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/log.h"
#include "base/random.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace polysync::bench {
namespace {

// Objects of one platform have ids that follow each other.
constexpr int kinds = 3;

ObjectId id_of(ObjectId first, int place) { return ObjectId{number(first) + kinds * place}; }

engine::CatalogInput definitions(const Platform& like, int platforms) {
    engine::CatalogInput input;
    input.version = 1;
    for (int place = 0; place < platforms; ++place) {
        Platform platform = like;
        platform.name += std::to_string(place);
        QualifiedName name(platform.name);
        input.platforms.push_back({platform_of(place), name, platform});
        JobDefinition job;
        job.meta.name = QualifiedName("job" + std::to_string(place));
        job.platform = name;
        job.external_id = "nightly-transform";
        input.jobs.push_back({id_of(bench_job, place), 1, job});
        Task task;
        task.meta.name = task_of(place);
        task.job = job.meta.name;
        task.max_active = 1'000'000;
        input.tasks.push_back({id_of(bench_task, place), 1, task});
    }
    return input;
}

Async<void> keep(Async<Status> work, std::optional<Status>& kept) { kept = co_await std::move(work); }

Async<void> stop_runtime(runtime::Runtime& runtime, bool& stopped) {
    co_await runtime.stop(std::chrono::seconds(30));
    stopped = true;
}

}  // namespace

ObjectId platform_of(int place) { return id_of(bench_platform, place); }

QualifiedName task_of(int place) { return QualifiedName("task" + std::to_string(place)); }

void fail(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

void check(const Status& status) {
    if (!status) fail(status.error().describe());
}

class EngineBench::OneProvider final : public runtime::ProviderSource {
  public:
    explicit OneProvider(std::shared_ptr<Provider> provider) : provider_(std::move(provider)) {}
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform&) override { return provider_; }

  private:
    std::shared_ptr<Provider> provider_;
};

EngineBench::EngineBench(const std::string& place, std::shared_ptr<Provider> provider,
                         const Platform& platform, int platforms) {
    log::set_level(log::Level::off);
    bool is_shared = place.starts_with("postgres");
    store_ = is_shared ? take(store::open_postgres_store({.target = take(store::parse_postgres_url(place))}))
                       : take(store::open_sqlite_store({.path = place + "/bench.db"}));
    source_ = std::make_unique<OneProvider>(std::move(provider));
    auto built = engine::build_catalog(definitions(platform, platforms));
    if (!built.catalog) fail(built.problems.front().error.describe());
    catalog_ = built.catalog;
    runtime::RuntimeParts parts;
    parts.store = store_.get();
    parts.clock = &system_clock();
    parts.random = &system_random();
    parts.providers = source_.get();
    parts.catalogs =
        [catalog = catalog_](
            std::int64_t version, const std::vector<store::Object>&,
            const std::map<std::string, std::string>&) -> Result<std::shared_ptr<const engine::Catalog>> {
        auto newest = std::make_shared<engine::Catalog>(*catalog);
        newest->version = version;
        return std::shared_ptr<const engine::Catalog>(std::move(newest));
    };
    parts.shared_store = is_shared;
    parts.node = std::to_string(::getpid());
    runtime_ = runtime::Runtime::make(parts);
    operations_ = runtime::Operations::make(parts, *runtime_);
    // Rows that stand for the definitions: what counts is their ids.
    write([platforms](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(auto there, transaction.objects(std::nullopt));
        if (!there.empty()) return success();  // another node has made them
        for (int i = 0; i < platforms; ++i)
            for (auto [kind, name] : {std::pair{store::ObjectKind::platform, "bench"},
                                      {store::ObjectKind::job, "job"},
                                      {store::ObjectKind::task, "task"}}) {
                store::Object row{
                    .kind = kind, .name = QualifiedName(name + std::to_string(i)), .document = "{}"};
                POLYSYNC_TRY(transaction.put_object(row));
            }
        return success();
    });
}

void EngineBench::spawn(Async<void> work) {
    boost::asio::co_spawn(io_, std::move(work), boost::asio::detached);
}

void EngineBench::run_until(const std::function<bool()>& what) {
    auto until = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    auto work = boost::asio::make_work_guard(io_);
    io_.restart();
    while (!what()) {
        if (std::chrono::steady_clock::now() > until) fail("not done within ten minutes");
        io_.run_one_for(std::chrono::milliseconds(100));
    }
}

void EngineBench::finish(Async<Status> work) {
    std::optional<Status> done;
    spawn(keep(std::move(work), done));
    run_until([&] { return done.has_value(); });
    check(*done);
}

void EngineBench::read(store::ReadWork work) { finish(store_->read(std::move(work))); }
void EngineBench::write(store::Work work) { finish(store_->write(std::move(work))); }
void EngineBench::start() { finish(runtime_->start()); }

void EngineBench::stop() {
    bool stopped = false;
    spawn(stop_runtime(*runtime_, stopped));
    run_until([&] { return stopped; });
}

}  // namespace polysync::bench
