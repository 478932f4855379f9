#include "test/sim/world.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runtime/propagation.h"
#include "store/sqlite/sqlite_store.h"

namespace polysync::sim {
namespace {

// Passes units on to the real store, and crashes before or after them.
class CrashingStore final : public store::Store {
  public:
    CrashingStore(store::Store& inner, Clock& clock, std::function<bool(std::string_view)> crash_point)
        : inner_(inner), clock_(clock), crash_point_(std::move(crash_point)) {}

    Async<Status> write(store::Work work) override {
        if (crash_point_("store.before_commit")) co_await clock_.sleep_until(SteadyTime::max());
        auto done = co_await inner_.write(std::move(work));
        if (crash_point_("store.after_commit")) co_await clock_.sleep_until(SteadyTime::max());
        co_return done;
    }
    Async<Status> read(store::ReadWork work) override { return inner_.read(std::move(work)); }
    Async<Status> backup(std::string path) override { return inner_.backup(std::move(path)); }
    std::string trouble() const override { return inner_.trouble(); }

  private:
    store::Store& inner_;
    Clock& clock_;
    std::function<bool(std::string_view)> crash_point_;
};

class FakeSource final : public runtime::ProviderSource {
  public:
    explicit FakeSource(std::map<ObjectId, std::unique_ptr<FakePlatform>>& aws) : aws_(aws) {}
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform& platform) override {
        auto& made = providers_[platform.id];
        if (!made) made = make_fake_provider(*aws_.at(platform.id), platform.platform);
        return made;
    }

  private:
    std::map<ObjectId, std::unique_ptr<FakePlatform>>& aws_;
    std::map<ObjectId, std::shared_ptr<Provider>> providers_;
};

}  // namespace

struct World::Process {
    std::unique_ptr<CrashingStore> store;
    std::unique_ptr<FakeSource> source;
    std::unique_ptr<runtime::Runtime> runtime;
    std::unique_ptr<runtime::Operations> operations;
    boost::asio::io_context io;  // last: its coroutines go first, and they refer to all the above
};

World::World(std::uint64_t seed, SystemTime start_time) : clock(start_time), random(seed) {
    auto opened = store::open_sqlite_store({.path = ":memory:", .run_inline = true});
    if (!opened) throw std::runtime_error(opened.error().describe());
    store_ = std::move(opened.value());
    catalog_ = std::make_shared<engine::Catalog>();
}

World::~World() { crash(); }

void World::define(const engine::CatalogInput& input) {
    auto built = engine::build_catalog(input);
    if (!built.catalog)
        throw std::runtime_error(built.problems.front().object.str() + "." + built.problems.front().field +
                                 ": " + built.problems.front().error.message);
    for (const auto& platform : input.platforms) {
        auto& made = aws[platform.id];
        if (made) continue;
        auto kind = kinds.find(platform.id);
        made = std::make_unique<FakePlatform>(kind == kinds.end() ? StartKind::by_list : kind->second, clock,
                                              random, faults);
        made->crash_point = [this](std::string_view where) { may_crash(where); };
    }
    auto before = catalog_;
    catalog_ = built.catalog;
    in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(keep_objects(transaction, input));
        POLYSYNC_TRY(auto version, transaction.definitions_version());
        catalogs_[version] = catalog_;
        runtime::Propagation propagation(transaction, *catalog_, clock.now());
        return propagation.redefined(*before);
    });
    if (!process_ || crashed_) return;
    auto refreshed = std::make_shared<std::optional<Status>>();
    spawn(test::detail::keep_result<Status>(process_->runtime->refresh(), refreshed));
    run_until([&] { return refreshed->has_value(); }, std::chrono::minutes(10));
}

// Rows of what can be paused and looked up; without documents, since catalogs are kept by version. The store
// gives ids in order: those between are taken and given back.
Status World::keep_objects(store::Transaction& transaction, const engine::CatalogInput& input) {
    std::map<ObjectId, std::pair<store::ObjectKind, QualifiedName>> wanted;
    for (const auto& one : input.platforms) wanted[one.id] = {store::ObjectKind::platform, one.name};
    for (const auto& one : input.sources) wanted[one.id] = {store::ObjectKind::source, one.source.meta.name};
    for (const auto& one : input.tasks) wanted[one.id] = {store::ObjectKind::task, one.task.meta.name};
    POLYSYNC_TRY(auto known, transaction.objects(std::nullopt));
    for (const auto& object : known) {
        if (!wanted.contains(object.id)) {
            POLYSYNC_TRY(transaction.delete_object(object.id, clock.now()));
        }
    }
    for (const auto& [id, what] : wanted) {
        store::Object row{.kind = what.first,
                          .name = what.second,
                          .document = "{}",
                          .created_at = clock.now(),
                          .updated_at = clock.now()};
        POLYSYNC_TRY(auto there, transaction.object(row.kind, row.name));
        if (there) {
            row.id = there->id;
            row.version = there->version + 1;
            POLYSYNC_TRY(transaction.put_object(row));
            continue;
        }
        while (number(last_object_) + 1 < number(id)) {
            store::Object filler = row;
            filler.name = QualifiedName("filler");
            POLYSYNC_TRY(last_object_, transaction.put_object(filler));
            POLYSYNC_TRY(transaction.delete_object(last_object_, clock.now()));
        }
        POLYSYNC_TRY(last_object_, transaction.put_object(row));
        if (last_object_ != id) return make_error(ErrorKind::internal, "id", "the id is taken");
    }
    return success();
}

bool World::may_crash(std::string_view where) {
    if (!crashed_ && crash_point && crash_point(where)) crashed_ = true;
    return crashed_;
}

void World::start() {
    crashed_ = false;
    process_ = std::make_unique<Process>();
    process_->store = std::make_unique<CrashingStore>(
        *store_, clock, [this](std::string_view where) { return may_crash(where); });
    process_->source = std::make_unique<FakeSource>(aws);
    runtime::RuntimeParts parts;
    parts.store = process_->store.get();
    parts.clock = &clock;
    parts.random = &random;
    parts.providers = process_->source.get();
    parts.secrets = secrets;
    parts.pace = pace;
    parts.catalogs =
        [this](std::int64_t version, const std::vector<store::Object>&,
               const std::map<std::string, std::string>&) -> Result<std::shared_ptr<const engine::Catalog>> {
        return catalogs_.at(version);
    };
    process_->runtime = runtime::Runtime::make(parts);
    process_->operations = runtime::Operations::make(parts, *process_->runtime);
    auto started = std::make_shared<std::optional<Status>>();
    spawn(test::detail::keep_result<Status>(process_->runtime->start(), started));
    run_until([&] { return started->has_value(); }, std::chrono::minutes(10));
}

void World::stop() {
    if (!process_) return;
    auto ended = std::make_shared<bool>(false);
    struct Ending {
        static Async<void> run(runtime::Runtime& runtime, std::shared_ptr<bool> done) {
            co_await runtime.stop(std::chrono::minutes(5));
            *done = true;
        }
    };
    spawn(Ending::run(*process_->runtime, ended));
    run_until([&] { return *ended; }, std::chrono::minutes(10));
    crash();
}

void World::crash() {
    clock.drop_sleepers();  // while their io_context is there
    process_.reset();
}

void World::stay_down(Millis time) {
    crash();
    boost::asio::io_context nobody;
    clock.run(nobody, clock.steady_now() + time, [] { return false; });
}

void World::run_for(Millis time) {
    run_until([] { return false; }, time);
}

bool World::run_until(const std::function<bool()>& what, Millis most) {
    bool came = false;
    clock.run(process_->io, clock.steady_now() + most, [&] { return crashed_ || (came = what()); });
    return came;
}

runtime::Operations& World::operations() { return *process_->operations; }
runtime::Runtime& World::runtime() { return *process_->runtime; }

void World::spawn(Async<void> work) {
    boost::asio::co_spawn(process_->io, std::move(work), boost::asio::detached);
}

}  // namespace polysync::sim
