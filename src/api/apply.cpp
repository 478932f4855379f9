#include "api/apply.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "api/catalog_input.h"
#include "base/log.h"
#include "runtime/operation_steps.h"
#include "runtime/propagation.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using store::ObjectKind;

// What the unit works with; it may run more than once, so that all it finds goes here anew each time.
struct Unit {
    Wish wish;
    ApplyOptions options;
    PlanAnswer answer;
    std::string actor;
    SystemTime now{};
    std::shared_ptr<const engine::Catalog> known;  // the runtime's
    std::vector<FieldProblem> problems;
    bool changed = false;

    [[nodiscard]] Result<Plan> plan(store::ReadTransaction& transaction, State& state);
    [[nodiscard]] Result<Response> rehearse(store::ReadTransaction& transaction);
    [[nodiscard]] Result<Response> perform(store::Transaction& transaction);

  private:
    [[nodiscard]] Status check_use(store::ReadTransaction& transaction, Plan& plan) const;
    [[nodiscard]] Result<std::string> use_of(store::ReadTransaction& transaction,
                                             const store::Object& object) const;
    [[nodiscard]] Status refuse(const Plan& plan);
    [[nodiscard]] Status store_changes(store::Transaction& transaction, Plan& plan) const;
    [[nodiscard]] Status record(store::Transaction& transaction, const Plan& plan) const;
    [[nodiscard]] std::shared_ptr<const engine::Catalog> catalog_of(const State& state) const;
};

// A run, or a backfill, that still needs the object; empty: none.
Result<std::string> Unit::use_of(store::ReadTransaction& transaction, const store::Object& object) const {
    store::RunFilter filter{
        .states = {RunState::queued, RunState::submitting, RunState::starting, RunState::running}};
    if (object.kind == ObjectKind::task) {
        filter.tasks = {object.id};
        POLYSYNC_TRY(auto backfills, transaction.backfills(store::BackfillState::active));
        for (const auto& backfill : backfills)
            if (backfill.task == object.id) return fmt::format("backfill {} is active", backfill.id);
    } else if (object.kind == ObjectKind::platform) {
        filter.platforms = {object.id};
    } else {
        return std::string();
    }
    POLYSYNC_TRY(auto page, transaction.list_runs(filter, {.cursor = {}, .limit = 1}));
    if (page.runs.empty()) return std::string();
    return fmt::format("run {} is {}", number(page.runs.front().id), to_string(page.runs.front().state));
}

// Runs are known to AWS by what their platform's type and region say: with another one nobody finds them
// again.
bool moves_platform(const Change& change) {
    return change.object.kind == ObjectKind::platform &&
           std::any_of(change.fields.begin(), change.fields.end(), [](const FieldChange& field) {
               return field.field == "type" || field.field == "region";
           });
}

// Spec 10: delete or prune with active runs is refused.
Status Unit::check_use(store::ReadTransaction& transaction, Plan& plan) const {
    for (const auto& change : plan.changes) {
        bool removed = change.action == ChangeAction::remove;
        if (!removed && !moves_platform(change)) continue;
        POLYSYNC_TRY(auto use, use_of(transaction, change.object));
        if (use.empty()) continue;
        auto place = removed ? subject_of(change.object.kind, change.object.name)
                             : change.wanted->problem("region", {}).place();
        plan.problems.push_back({std::move(place), "still_active",
                                 fmt::format("{} '{}' cannot {}: {}", store::to_string(change.object.kind),
                                             change.object.name.str(),
                                             removed ? "be deleted" : "get another type or region", use),
                                 "Wait for its runs to end, or cancel them first."});
    }
    return success();
}

Status Unit::refuse(const Plan& plan) {
    problems = plan.problems;
    if (problems.size() > max_problems) problems.resize(max_problems);
    if (problems.empty()) return success();
    const auto& first = problems.front();
    bool in_use =
        first.code == "still_active" || (first.code == "breaks_another" && wish.definitions.empty());
    return make_error(in_use ? ErrorKind::conflict : ErrorKind::invalid_input, first.code, first.detail,
                      first.remedy);
}

Result<Plan> Unit::plan(store::ReadTransaction& transaction, State& state) {
    POLYSYNC_TRY(state, read_state(transaction, known.get()));
    if (options.condition) {
        POLYSYNC_TRY(options.condition(state));
    }
    auto made = make_plan(state, wish, now);
    POLYSYNC_TRY(check_use(transaction, made));
    return made;
}

Result<Response> Unit::rehearse(store::ReadTransaction& transaction) {
    State state;
    POLYSYNC_TRY(auto made, plan(transaction, state));
    if (!made.empty()) (void)check_plan(state, wish, made);
    POLYSYNC_TRY(refuse(made));
    return answer(transaction, made);
}

std::shared_ptr<const engine::Catalog> Unit::catalog_of(const State& state) const {
    if (known && known->version == state.version) return known;
    engine::CatalogInput input{.version = state.version, .environment = state.environment.values};
    for (const auto& stored : state.objects)
        add_to(input, stored.object.id, stored.object.version, stored.definition.value);
    auto built = engine::build_catalog(input);
    return built.catalog ? built.catalog : known;
}

// Puts what is new and changed, deletes what goes; the plan's new objects get their ids.
Status Unit::store_changes(store::Transaction& transaction, Plan& plan) const {
    for (auto& change : plan.changes) {
        auto& object = change.object;
        if (change.action == ChangeAction::remove) {
            POLYSYNC_TRY(transaction.delete_object(object.id, now));
            POLYSYNC_TRY(transaction.delete_pause(object.id));
            if (object.kind == ObjectKind::task) {
                POLYSYNC_TRY(transaction.delete_schedule_cursors(object.id, 0));
            }
            continue;
        }
        auto row = object;
        if (change.action == ChangeAction::create) row.id = ObjectId{};
        POLYSYNC_TRY(object.id, transaction.put_object(row));
    }
    if (plan.environment_changes)
        return transaction.put_setting(runtime::environment_setting,
                                       runtime::write_environment(*wish.environment));
    return success();
}

Status Unit::record(store::Transaction& transaction, const Plan& plan) const {
    std::vector<store::Event> events;
    for (const auto& change : plan.changes) {
        auto subject = subject_of(change.object.kind, change.object.name);
        json::object document{{"action", to_string(change.action)}, {"version", change.object.version}};
        events.push_back({.at = now,
                          .type = fmt::format("{}.changed", store::to_string(change.object.kind)),
                          .subject = subject,
                          .document = json::serialize(document)});
        json::array fields;
        for (const auto& field : change.fields) fields.emplace_back(field.field);
        if (!fields.empty()) document["fields"] = std::move(fields);
        if (!change.object.managed_by.empty()) document["managed_by"] = change.object.managed_by;
        POLYSYNC_TRY(runtime::append_audit(transaction, now, actor, std::string(to_string(change.action)),
                                           std::move(subject), document));
    }
    if (plan.environment_changes) {
        json::array names;
        for (const auto& field : plan.environment) names.emplace_back(field.field);
        json::object document{{"name", wish.environment->name}, {"fields", std::move(names)}};
        events.push_back({.at = now,
                          .type = "environment.changed",
                          .subject = "environment",
                          .document = json::serialize(document)});
        POLYSYNC_TRY(runtime::append_audit(transaction, now, actor, "change", "environment", document));
    }
    return transaction.append_events(events);
}

Result<Response> Unit::perform(store::Transaction& transaction) {
    changed = false;
    State state;
    POLYSYNC_TRY(auto made, plan(transaction, state));
    POLYSYNC_TRY(refuse(made));
    if (made.empty()) return answer(transaction, made);
    POLYSYNC_TRY(store_changes(transaction, made));
    auto after = check_plan(state, wish, made);
    POLYSYNC_TRY(refuse(made));
    changed = true;
    POLYSYNC_TRY(record(transaction, made));
    if (auto before = catalog_of(state)) {
        runtime::Propagation propagation(transaction, *after, now);
        POLYSYNC_TRY(propagation.redefined(*before));
    }
    return answer(transaction, made);
}

Async<Status> refresh(runtime::Runtime& runtime) { co_return co_await runtime.refresh(); }

}  // namespace

Async<Result<Response>> carry_out(Call& call, Wish wish, ApplyOptions options, PlanAnswer answer) {
    auto unit = std::make_shared<Unit>();
    unit->wish = std::move(wish);
    unit->options = std::move(options);
    unit->answer = std::move(answer);
    unit->actor = call.request.actor;
    unit->now = call.parts.clock->now();
    unit->known = call.parts.runtime->catalog();
    Result<Response> made = Response{};
    if (unit->options.dry_run) {
        auto out = std::make_shared<Response>();
        store::ReadWork work = [unit, out](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*out, unit->rehearse(transaction));
            return success();
        };
        auto done = co_await call.parts.store->read(std::move(work));
        if (done) made = std::move(*out);
        if (!done) made = done.error();
    } else {
        std::function<Result<Response>(store::Transaction&)> work =
            [unit](store::Transaction& transaction) -> Result<Response> {
            return unit->perform(transaction);
        };
        made = co_await call.write(std::move(work));
    }
    call.problems = unit->problems;
    if (!made || !unit->changed) co_return made;
    auto known = co_await call.on_runtime(refresh(*call.parts.runtime));
    // They are stored: the runtime looks again by itself.
    if (!known) log::warn("the new definitions are not in use yet: {}", known.error().describe());
    co_return made;
}

}  // namespace polysync::api
