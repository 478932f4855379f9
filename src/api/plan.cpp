#include "api/plan.h"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "api/catalog_input.h"
#include "definition/definition.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

void compare(const json::value& before, const json::value& after, const std::string& path,
             std::vector<FieldChange>& out) {
    if (before == after) return;
    bool same_number =
        before.is_number() && after.is_number() && before.to_number<double>() == after.to_number<double>();
    if (same_number) return;  // 1.0 comes back from a document as 1
    const auto *old = before.if_object(), *now = after.if_object();
    const auto *old_list = before.if_array(), *now_list = after.if_array();
    if (old && now) {
        auto below = [&](std::string_view name) {
            return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
        };
        for (const auto& [name, value] : *old) {
            const auto* other = now->if_contains(name);
            compare(value, other ? *other : json::value(), below(name), out);
        }
        for (const auto& [name, value] : *now)
            if (!old->contains(name)) compare(json::value(), value, below(name), out);
    } else if (old_list && now_list && old_list->size() == now_list->size()) {
        for (std::size_t i = 0; i < old_list->size(); ++i)
            compare((*old_list)[i], (*now_list)[i], fmt::format("{}[{}]", path, i), out);
    } else {
        out.push_back({path, before, after});
    }
}

json::object to_json(const FieldChange& change) {
    json::object out{{"field", change.field}};
    if (!change.before.is_null()) out["old"] = change.before;
    if (!change.after.is_null()) out["new"] = change.after;
    return out;
}

// What files say of a job and what an import found are kept apart: each changes its own part of what is
// there.
definition::Value merged(const definition::Value& wanted, const Stored* current, bool is_import) {
    const auto* job = std::get_if<JobDefinition>(&wanted);
    const auto* old = current ? std::get_if<JobDefinition>(&current->definition.value) : nullptr;
    if (!job || (is_import && !old)) return wanted;
    JobDefinition out = is_import ? *old : *job;
    out.imported = is_import ? job->imported : old ? old->imported : boost::json::object();
    return out;
}

// Spec 10: Glue's own retries and ours multiply.
void warn_of_retries(const engine::Catalog& catalog, Plan& plan) {
    for (const auto& change : plan.changes) {
        const auto* task = change.wanted ? catalog.task(change.object.id) : nullptr;
        auto job = task ? catalog.jobs.find(task->job) : catalog.jobs.end();
        if (job == catalog.jobs.end() || !task->task.retry.enabled) continue;
        const auto* details = job->second.job.imported.if_contains("details");
        const auto* retries =
            details && details->is_object() ? details->get_object().if_contains("max_retries") : nullptr;
        if (!retries || !retries->is_int64() || retries->get_int64() <= 0) continue;
        auto problem = change.wanted->problem(
            "retry",
            fmt::format(
                "the Glue job has MaxRetries {} of its own: each of the {} attempts may start {} runs",
                retries->get_int64(), task->task.retry.max_attempts, retries->get_int64() + 1));
        plan.warnings.push_back({problem.place(), "retries_multiply", problem.message, {}});
    }
}

class Planner {
  public:
    Planner(const State& state, const Wish& wish, SystemTime now) : state_(state), wish_(wish), now_(now) {
        for (const auto& stored : state.objects) known_[{stored.object.kind, stored.object.name}] = &stored;
    }

    Plan make() {
        for (const auto& definition : wish_.definitions) add(definition);
        for (const auto& key : wish_.removals)
            if (auto found = known_.find(key); found != known_.end()) remove(*found->second);
        if (wish_.prune) prune();
        if (wish_.environment) compare_environment(state_.environment, *wish_.environment);
        std::stable_sort(plan_.changes.begin(), plan_.changes.end(), [](const Change& a, const Change& b) {
            return std::tie(a.object.kind, a.object.name) < std::tie(b.object.kind, b.object.name);
        });
        return std::move(plan_);
    }

  private:
    void add(const definition::Definition& wanted) {
        ObjectKey key{kind_of(wanted.kind()), wanted.name()};
        wanted_.insert(key);
        auto found = known_.find(key);
        const Stored* current = found == known_.end() ? nullptr : found->second;
        check(wanted, current);
        Change change{.value = merged(wanted.value, current, wish_.is_import), .wanted = &wanted};
        auto document = definition::to_document(change.value);
        if (current) {
            change.action = ChangeAction::change;
            change.object = current->object;
            change.fields = difference(definition::to_document(current->definition.value), document);
            bool other = !wish_.managed_by.empty() && current->object.managed_by != wish_.managed_by;
            if (other && (wish_.adopt || !change.fields.empty()))
                change.fields.push_back(
                    {"managed_by", optional(current->object.managed_by), optional(wish_.managed_by)});
            if (change.fields.empty()) {
                ++plan_.unchanged;
                if (other) plan_.of_others.push_back(key);
                return;
            }
            ++change.object.version;
        } else {
            change.object = {.id = ObjectId{-1 - std::int64_t(plan_.changes.size())},
                             .kind = key.first,
                             .name = key.second,
                             .created_at = now_};
        }
        change.object.document = json::serialize(document);
        change.object.owner = definition::metadata(change.value).owner;
        change.object.updated_at = now_;
        if (!wish_.managed_by.empty()) change.object.managed_by = wish_.managed_by;
        plan_.changes.push_back(std::move(change));
    }

    static json::value optional(const std::string& text) {
        return text.empty() ? json::value() : json::value(std::string_view(text));
    }

    void check(const definition::Definition& wanted, const Stored* current) {
        if (const auto* platform = std::get_if<definition::PlatformDefinition>(&wanted.value)) {
            if (auto field = definition::clear_text_secret(*platform))
                complain(wanted, *field, "clear_text_secret", "a secret in clear text is not stored",
                         "Write env://NAME or file://PATH; it is resolved when it is needed.");
        }
        const auto* profile = std::get_if<ContentionProfile>(&wanted.value);
        const auto* old = current ? std::get_if<ContentionProfile>(&current->definition.value) : nullptr;
        if (profile && old && profile->type != old->type)
            complain(wanted, "type", "fixed_type",
                     fmt::format("the type of a profile is fixed once saved; '{}' is of type {}",
                                 wanted.name().str(), polysync::to_string(old->type)),
                     "Make a profile of another name, and delete this one.");
    }

    void complain(const definition::Definition& wanted, std::string_view field, std::string code,
                  std::string message, std::string remedy) {
        auto problem = wanted.problem(field, std::move(message));
        plan_.problems.push_back({problem.place(), std::move(code), problem.message, std::move(remedy)});
    }

    void remove(const Stored& stored) {
        plan_.changes.push_back(
            {.action = ChangeAction::remove, .object = stored.object, .value = stored.definition.value});
    }

    void prune() {
        for (const auto& stored : state_.objects)
            if (!wish_.managed_by.empty() && stored.object.managed_by == wish_.managed_by &&
                !wanted_.contains({stored.object.kind, stored.object.name}))
                remove(stored);
    }

    void compare_environment(const runtime::Environment& before, const runtime::Environment& after) {
        json::object old, now;
        for (const auto& [name, value] : before.values) old[name] = value;
        for (const auto& [name, value] : after.values) now[name] = value;
        plan_.environment = difference(old, now);
        plan_.environment_changes = !plan_.environment.empty() || before.name != after.name;
    }

    const State& state_;
    const Wish& wish_;
    SystemTime now_;
    std::map<ObjectKey, const Stored*> known_;
    std::set<ObjectKey> wanted_;
    Plan plan_;
};

}  // namespace

Result<State> read_state(store::ReadTransaction& transaction, const engine::Catalog* known) {
    State state;
    POLYSYNC_TRY(state.version, transaction.definitions_version());
    POLYSYNC_TRY(auto environment, transaction.setting(runtime::environment_setting));
    state.environment = runtime::read_environment(environment.value_or(""));
    POLYSYNC_TRY(auto objects, transaction.objects(std::nullopt));
    state.objects.reserve(objects.size());
    for (auto& object : objects) {
        const auto* task = known && known->version == state.version ? known->task(object.id) : nullptr;
        if (task && task->version == object.version) {
            state.objects.push_back({std::move(object), {task->task, {}, {}}});
            continue;
        }
        POLYSYNC_TRY(auto definition, read_object(object));
        state.objects.push_back({std::move(object), std::move(definition)});
    }
    return state;
}

std::string_view to_string(ChangeAction action) {
    constexpr std::string_view words[] = {"create", "change", "delete"};
    return words[std::size_t(action)];
}

std::size_t Plan::count(ChangeAction action) const {
    return std::size_t(std::count_if(changes.begin(), changes.end(),
                                     [&](const Change& change) { return change.action == action; }));
}

Plan make_plan(const State& state, const Wish& wish, SystemTime now) {
    return Planner(state, wish, now).make();
}

std::shared_ptr<const engine::Catalog> check_plan(const State& state, const Wish& wish, Plan& plan) {
    engine::CatalogInput input;
    input.version = state.version;
    input.environment = wish.environment ? wish.environment->values : state.environment.values;
    std::set<ObjectId> changed;
    for (const auto& change : plan.changes) {
        changed.insert(change.object.id);
        if (change.action != ChangeAction::remove)
            add_to(input, change.object.id, change.object.version, change.value);
    }
    for (const auto& stored : state.objects)
        if (!changed.contains(stored.object.id))
            add_to(input, stored.object.id, stored.object.version, stored.definition.value);
    auto built = engine::build_catalog(input);
    std::map<ObjectKey, const definition::Definition*> wanted;
    for (const auto& definition : wish.definitions)
        wanted[{kind_of(definition.kind()), definition.name()}] = &definition;
    for (auto& problem : built.problems) {
        auto kind = store::parse_object_kind(problem.kind).value_or(store::ObjectKind::task);
        auto found = wanted.find({kind, problem.object});
        if (found != wanted.end()) {
            auto placed = found->second->problem(problem.field, problem.error.message);
            plan.problems.push_back(
                {placed.place(), problem.error.code, placed.message, problem.error.remedy});
        } else {
            plan.problems.push_back({subject_of(kind, problem.object), "breaks_another",
                                     fmt::format("{} '{}' would no longer work: {}: {}", problem.kind,
                                                 problem.object.str(), problem.field, problem.error.message),
                                     problem.error.remedy});
        }
    }
    if (!plan.problems.empty()) return nullptr;
    warn_of_retries(*built.catalog, plan);
    return std::move(built.catalog);
}

std::vector<FieldChange> difference(const json::value& before, const json::value& after) {
    std::vector<FieldChange> out;
    compare(before, after, {}, out);
    return out;
}

std::string subject_of(store::ObjectKind kind, const QualifiedName& name) {
    return fmt::format("{}/{}", store::to_string(kind), name.str());
}

json::object plan_json(const Plan& plan) {
    json::array changes, others;
    for (const auto& change : plan.changes) {
        json::object row{{"action", to_string(change.action)},
                         {"kind", store::to_string(change.object.kind)},
                         {"name", change.object.name.str()}};
        if (change.wanted && !change.wanted->file.empty())
            row["place"] = change.wanted->problem({}, {}).place();
        if (change.action == ChangeAction::change) {
            json::array fields;
            for (const auto& field : change.fields) fields.push_back(to_json(field));
            row["fields"] = std::move(fields);
        }
        changes.push_back(std::move(row));
    }
    for (const auto& [kind, name] : plan.of_others) others.emplace_back(subject_of(kind, name));
    json::object out{{"create", plan.count(ChangeAction::create)},
                     {"change", plan.count(ChangeAction::change)},
                     {"delete", plan.count(ChangeAction::remove)},
                     {"unchanged", plan.unchanged},
                     {"changes", std::move(changes)}};
    if (!others.empty()) out["of_others"] = std::move(others);
    if (plan.environment_changes) {
        json::array fields;
        for (const auto& field : plan.environment) fields.push_back(to_json(field));
        out["environment"] = std::move(fields);
    }
    return out;
}

}  // namespace polysync::api
