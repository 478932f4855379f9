#include "test/sim/world.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runtime/propagation.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store_clock.h"
#include "test/sim/node_store.h"

namespace polysync::sim {
namespace {

class FakeSource final : public runtime::ProviderSource {
  public:
    FakeSource(std::map<ObjectId, std::unique_ptr<FakePlatform>>& aws, Standing& standing, const Clock& clock)
        : aws_(aws), standing_(standing), clock_(clock) {}
    Result<std::shared_ptr<Provider>> provider(const engine::CatalogPlatform& platform) override {
        auto& made = providers_[platform.id];
        if (!made)
            made = make_fake_provider(*aws_.at(platform.id), platform.platform, clock_,
                                      [this](std::string_view where) { (void)standing_.crash_point(where); });
        return made;
    }

  private:
    std::map<ObjectId, std::unique_ptr<FakePlatform>>& aws_;
    Standing& standing_;
    const Clock& clock_;
    std::map<ObjectId, std::shared_ptr<Provider>> providers_;
};

}  // namespace

struct World::Process {
    explicit Process(Standing given) : standing(std::move(given)) {}
    Standing standing;
    std::shared_ptr<std::optional<Status>> started = std::make_shared<std::optional<Status>>();
    std::unique_ptr<NodeStore> store;
    std::unique_ptr<store::StoreClock> clock;
    std::unique_ptr<FakeSource> source;
    std::unique_ptr<runtime::Runtime> runtime;
    std::unique_ptr<runtime::Operations> operations;
    boost::asio::io_context io;  // last: its coroutines go first, and they refer to all the above
};

World::World(std::uint64_t seed, SystemTime start_time, const Nodes& nodes)
    : clock(start_time), random(seed), shared_(nodes.count > 1 || nodes.share), processes_(nodes.count) {
    for (std::size_t i = 0; i < nodes.count; ++i)
        machines_.push_back(std::make_unique<MachineClock>(clock, !shared_));
    auto time = [this] { return clock.now(); };
    auto opened =
        nodes.store
            ? nodes.store(clock)
            : store::open_sqlite_store({.path = ":memory:", .run_inline = true, .time = std::move(time)});
    if (!opened) throw std::runtime_error(opened.error().describe());
    store_ = std::move(opened.value());
    catalog_ = std::make_shared<engine::Catalog>();
}

World::~World() {
    for (int node = 0; node < nodes(); ++node) crash(node);
}

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
    }
    auto before = catalog_;
    catalog_ = built.catalog;
    in_store([&](store::Transaction& transaction) -> Status {
        POLYSYNC_TRY(keep_objects(transaction, input));
        POLYSYNC_TRY(auto version, transaction.definitions_version());
        auto versioned = input;
        versioned.version = version;
        catalogs_[version] = catalog_ = engine::build_catalog(versioned).catalog;
        runtime::Propagation propagation(transaction, *catalog_, clock.now());
        return propagation.redefined(*before);
    });
    int told = 0;
    while (told < nodes() && (!is_running(told) || crashed(told))) ++told;
    if (told == nodes()) return;
    auto refreshed = std::make_shared<std::optional<Status>>();
    spawn(test::detail::keep_result<Status>(runtime(told).refresh(), refreshed), told);
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

bool World::may_crash(int node, std::string_view where) {
    auto& standing = processes_[std::size_t(node)]->standing;
    if (!standing.crashed && crash_point && crash_point(where)) standing.crashed = true;
    if (!standing.crashed && stall_point)
        if (auto stall = stall_point(where); stall.time.count() > 0)
            pause(node, stall.time, stall.of_machine);
    return standing.crashed;
}

bool World::crashed(int node) const {
    const auto& process = processes_[std::size_t(node)];
    if (!process) return false;
    bool refused_to_start = *process->started && !process->started->value();
    return process->standing.crashed || refused_to_start;
}

bool World::crashed() const {
    for (int node = 0; node < nodes(); ++node)
        if (crashed(node)) return true;
    return false;
}

void World::start(int node) {
    auto& process = processes_[std::size_t(node)];
    process = std::make_unique<Process>(Standing{
        clock, random, [this, node](std::string_view where) { return may_crash(node, where); },
        [this, node](std::string_view what) { return store_wait ? store_wait(node, what) : Millis(0); }});
    auto& machine = *machines_[std::size_t(node)];
    process->store = std::make_unique<NodeStore>(*store_, process->standing, machine, shared_);
    process->clock = std::make_unique<store::StoreClock>(machine, *process->store);
    process->source = std::make_unique<FakeSource>(aws, process->standing, *process->clock);
    runtime::RuntimeParts parts;
    parts.store = process->store.get();
    parts.clock = process->clock.get();
    parts.random = &random;
    parts.providers = process->source.get();
    parts.secrets = secrets;
    parts.node = "node-" + std::to_string(node);
    parts.shared_store = shared_;
    parts.pace = pace;
    parts.catalogs =
        [this](std::int64_t version, const std::vector<store::Object>&,
               const std::map<std::string, std::string>&) -> Result<std::shared_ptr<const engine::Catalog>> {
        return catalogs_.at(version);
    };
    process->runtime = runtime::Runtime::make(parts);
    process->operations = runtime::Operations::make(parts, *process->runtime);
    auto started = process->started;
    spawn(test::detail::keep_result<Status>(process->runtime->start(), started), node);
    run_until([&] { return started->has_value(); }, std::chrono::minutes(10));
}

void World::stop(int node) {
    if (!is_running(node)) return;
    auto ended = std::make_shared<bool>(false);
    struct Ending {
        static Async<void> run(runtime::Runtime& runtime, std::shared_ptr<bool> done) {
            co_await runtime.stop(std::chrono::minutes(5));
            *done = true;
        }
    };
    spawn(Ending::run(runtime(node), ended), node);
    run_until([&] { return *ended; }, std::chrono::minutes(10));
    crash(node);
}

void World::crash(int node) {
    auto& process = processes_[std::size_t(node)];
    if (!process) return;
    clock.drop_sleepers(process->io);  // while their io_context is there
    process.reset();
}

void World::pause(int node, Millis time, bool of_machine) {
    auto& standing = processes_[std::size_t(node)]->standing;
    auto until = clock.steady_now() + time, already = std::max(clock.steady_now(), standing.paused_until);
    if (until <= already) return;
    standing.paused_until = until;
    if (of_machine) standing.stood_still += std::chrono::floor<Millis>(until - already);
}

// Its clocks go on from where they stood.
void World::wake(int node) {
    auto& standing = processes_[std::size_t(node)]->standing;
    machines_[std::size_t(node)]->has_stood_still(std::exchange(standing.stood_still, Millis(0)));
}

void World::mend(int node) {
    auto& standing = processes_[std::size_t(node)]->standing;
    auto now = clock.steady_now();
    if (standing.paused_until > now)
        standing.stood_still -=
            std::min(standing.stood_still, std::chrono::floor<Millis>(standing.paused_until - now));
    standing.paused_until = standing.cut_off_until = now;
}

void World::cut_off(int node, Millis time) {
    processes_[std::size_t(node)]->standing.cut_off_until = clock.steady_now() + time;
}

void World::jump(int node, Millis by) { machines_[std::size_t(node)]->jump(by); }

void World::stay_down(Millis time) {
    for (int node = 0; node < nodes(); ++node) crash(node);
    run_for(time);
}

void World::run_for(Millis time) {
    run_until([] { return false; }, time);
}

bool World::run_until(const std::function<bool()>& what, Millis most) {
    clock.run([&] { return step(); }, [&] { return next_resumption(); }, clock.steady_now() + most,
              [&] { return crashed() || what(); });
    return !crashed() && what();
}

// One step of one node; false where none has anything to do.
bool World::step() {
    for (int node = 0; node < nodes(); ++node) {
        auto& process = processes_[std::size_t(node)];
        if (!process || clock.steady_now() < process->standing.paused_until) continue;
        wake(node);
        process->io.restart();
        if (process->io.poll_one() > 0) return true;
    }
    return false;
}

// When the next node that is paused goes on.
SteadyTime World::next_resumption() const {
    auto next = SteadyTime::max();
    for (const auto& process : processes_)
        if (process && process->standing.paused_until > clock.steady_now())
            next = std::min(next, process->standing.paused_until);
    return next;
}

runtime::Operations& World::operations(int node) { return *processes_[std::size_t(node)]->operations; }
runtime::Runtime& World::runtime(int node) { return *processes_[std::size_t(node)]->runtime; }

void World::spawn(Async<void> work, int node) {
    boost::asio::co_spawn(processes_[std::size_t(node)]->io, std::move(work), boost::asio::detached);
}

}  // namespace polysync::sim
