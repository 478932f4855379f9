#include "test/sim/people.h"

#include "runtime/context.h"
#include "test/sim/definitions.h"

namespace polysync::sim {
namespace {

const std::string who = "sim";

template <class T>
Status status_of(const Result<T>& result) {
    if (result) return success();
    return result.error();
}

}  // namespace

void People::change_definitions() {
    moved_ = !moved_;
    world_.define(definitions(seed_, moved_));
    ++acts["apply"];
}

RunId People::any_run() { return RunId{1 + std::int64_t(world_.random.next() % 40)}; }

Async<void> People::meddle(runtime::Operations& operations) {
    while (true) {
        co_await world_.clock.sleep_for(Millis(20'000 + std::int64_t(world_.random.next() % 400'000)));
        if (at_home) co_return;
        auto done = co_await act(operations);
        if (done) ++acts[act_];
    }
}

Async<Status> People::act(runtime::Operations& operations) {
    auto choice = world_.random.next() % 16;
    if (choice < 8) co_return co_await act_on_run(operations, any_run(), choice);
    if (choice < 13) co_return co_await act_on_task(operations, choice);
    if (choice == 13) co_return co_await fill_back(operations);
    if (choice == 14) {
        act_ = "clock jump";
        bool far = world_.random.next() % 3 == 0;
        auto reach = far ? std::int64_t(900'000) : std::int64_t(5000);
        world_.clock.jump(Millis(std::int64_t(world_.random.next() % std::uint64_t(2 * reach)) - reach));
        co_return success();
    }
    act_ = "outage";
    auto& aws = *world_.aws.at(ObjectId{1 + std::int64_t(world_.random.next() % 3)});
    aws.is_out = !aws.is_out;
    co_return success();
}

Async<Status> People::act_on_run(runtime::Operations& operations, RunId run, std::uint64_t choice) {
    if (choice < 3) {
        act_ = "cancel";
        auto done = co_await operations.cancel(run, who);
        co_return done;
    }
    if (choice < 5) {
        act_ = "rerun";
        runtime::RerunRequest request;
        request.run = run;
        request.scope = runtime::RerunScope(world_.random.next() % 3);
        request.include_succeeded = world_.random.next() % 2 == 0;
        auto done = co_await operations.rerun(request, who);
        co_return status_of(done);
    }
    if (choice == 5) {
        act_ = "mark succeeded";
        boost::json::object outputs{{"rows", 7}};
        auto done = co_await operations.mark_succeeded(run, std::move(outputs), who);
        co_return done;
    }
    if (choice == 6) {
        act_ = "skip";
        auto done = co_await operations.skip(run, "not needed", who);
        co_return done;
    }
    act_ = "cancel chain";
    auto done = co_await operations.cancel_chain(run, who);
    co_return status_of(done);
}

Async<Status> People::act_on_task(runtime::Operations& operations, std::uint64_t choice) {
    if (choice == 8) {
        act_ = "run once";
        runtime::RunOnceRequest request;
        request.task = QualifiedName(world_.random.next() % 2 ? "hourly" : "often");
        request.downstream = world_.random.next() % 2 == 0;
        auto done = co_await operations.run_once(request, who);
        co_return status_of(done);
    }
    if (choice == 9) {
        act_ = "event";
        auto number = std::to_string(world_.random.next() % 10);
        boost::json::object data{{"name", "file-" + number}};
        auto done = co_await operations.put_source_token(QualifiedName("files"), "file-" + number,
                                                         "id-" + number, std::move(data), who);
        co_return status_of(done);
    }
    // Of tasks only one whose fires are not counted is paused. When everything runs again the keys of the
    // pause do too, so that none is missing.
    std::optional<QualifiedName> object;
    auto kind = store::ObjectKind::task;
    if (choice == 11 || !pauses_everything(seed_)) {
        kind = choice == 12 ? store::ObjectKind::task : store::ObjectKind::platform;
        object = QualifiedName(choice == 12 ? "often" : "list");
    }
    bool resumes = world_.random.next() % 2 == 0;
    act_ = resumes ? "resume" : "pause";
    if (resumes) {
        bool run_kept_keys = !object || world_.random.next() % 2 == 0;
        auto done = co_await operations.resume(kind, object, run_kept_keys, who);
        co_return done;
    }
    auto done = co_await operations.pause(kind, object, "", who);
    co_return done;
}

Async<Status> People::fill_back(runtime::Operations& operations) {
    if (world_.random.next() % 3 == 0) {
        act_ = "backfill state";
        auto state = store::BackfillState(world_.random.next() % 3);
        auto id = std::int64_t(1 + world_.random.next() % 2);
        auto done = co_await operations.set_backfill_state(id, state, who);
        co_return done;
    }
    act_ = "backfill";
    runtime::BackfillRequest request;
    request.task = QualifiedName("hourly");
    request.first_key = "2026-03-28T10:00Z";
    request.last_key = "2026-03-28T13:00Z";
    request.selection = world_.random.next() % 2 ? "missing" : "all";
    request.max_active = 2;
    request.downstream = world_.random.next() % 2 == 0;
    request.newest_first = world_.random.next() % 2 == 0;
    auto done = co_await operations.backfill(request, who);
    co_return status_of(done);
}

Async<void> People::tidy_up(runtime::Operations& operations) {
    for (int object = 0; object < 3; ++object) {
        while (true) {
            std::optional<QualifiedName> name;
            auto kind = object == 1 ? store::ObjectKind::platform : store::ObjectKind::task;
            if (object == 1) name = QualifiedName("list");
            if (object == 2) name = QualifiedName("often");
            auto done = co_await operations.resume(kind, name, true, who);
            bool again = !done && (done.error().kind == ErrorKind::transient ||
                                   done.error().code == runtime::definitions_changed);
            if (!again) break;
        }
    }
}

}  // namespace polysync::sim
