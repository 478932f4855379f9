// What a set of definitions would change: pure, so that a dry run, a validation and an application agree.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "api/problem.h"
#include "definition/objects.h"
#include "engine/catalog.h"
#include "runtime/environment.h"
#include "store/store.h"

namespace polysync::api {

struct Stored {
    store::Object object;
    definition::Definition definition;
};

// All definitions at one version.
struct State {
    std::int64_t version = 0;
    std::vector<Stored> objects;
    runtime::Environment environment;
};
// `known`, if it is of the same version, saves reading the tasks' documents.
[[nodiscard]] Result<State> read_state(store::ReadTransaction& transaction,
                                       const engine::Catalog* known = nullptr);

using ObjectKey = std::pair<store::ObjectKind, QualifiedName>;

// What a request wants to be so.
struct Wish {
    std::vector<definition::Definition> definitions;
    std::vector<ObjectKey> removals;
    std::optional<runtime::Environment> environment;
    std::string managed_by;  // the directory of the definitions; empty: by hand
    bool prune = false;      // remove what that directory manages and no longer defines
    bool adopt = false;      // take over what others manage
    // Jobs of an import: of those that are there only the imported part changes. Otherwise that part stays.
    bool is_import = false;
};

struct FieldChange {
    std::string field;                 // "schedules[0].cron"
    boost::json::value before, after;  // null: absent
};

enum class ChangeAction { create, change, remove };
[[nodiscard]] std::string_view to_string(ChangeAction action);  // "create", "change", "delete"

struct Change {
    ChangeAction action = ChangeAction::create;
    store::Object object;  // as it is to be stored (remove: as it is); a new one has a negative id until then
    definition::Value value;                         // the same
    const definition::Definition* wanted = nullptr;  // of the wish; null: remove
    std::vector<FieldChange> fields;                 // change
};

struct Plan {
    std::vector<Change> changes;  // by kind, then name
    std::size_t unchanged = 0;
    std::vector<ObjectKey> of_others;  // unchanged ones that the wish's directory does not manage
    bool environment_changes = false;
    std::vector<FieldChange> environment;
    std::vector<FieldProblem> problems;  // with the rules that need the old state
    std::vector<FieldProblem> warnings;

    [[nodiscard]] bool empty() const { return changes.empty() && !environment_changes; }
    [[nodiscard]] std::size_t count(ChangeAction action) const;
};

// `state` and `wish` outlive it.
[[nodiscard]] Plan make_plan(const State& state, const Wish& wish, SystemTime now);

// The state that the plan leads to, as the engine checks it; its problems are added to the plan's, at the
// places of the wish. Null where there is one.
[[nodiscard]] std::shared_ptr<const engine::Catalog> check_plan(const State& state, const Wish& wish,
                                                                Plan& plan);

// The difference of two documents, member by member.
[[nodiscard]] std::vector<FieldChange> difference(const boost::json::value& before,
                                                  const boost::json::value& after);

[[nodiscard]] std::string subject_of(store::ObjectKind kind, const QualifiedName& name);  // "task/etl/orders"

// {create, change, delete, unchanged, changes, …}
[[nodiscard]] boost::json::object plan_json(const Plan& plan);

}  // namespace polysync::api
