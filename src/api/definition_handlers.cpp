// Writing definitions: apply of files, one object at a time, validation, export (SAFE-5, TASK-13, CON-3).
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/apply.h"
#include "api/catalog_input.h"
#include "api/export_files.h"
#include "api/objects.h"
#include "definition/definition.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using store::ObjectKind;

constexpr std::size_t max_files = 10'000;
constexpr std::size_t max_file_bytes = 1024 * 1024;

void add_problems(Call& call, const std::vector<definition::Problem>& problems) {
    for (const auto& problem : problems) {
        if (call.problems.size() == max_problems) return;
        call.problems.push_back({problem.place(), "invalid_definition", problem.message, {}});
    }
}

json::array warnings_json(const std::vector<definition::Problem>& warnings) {
    json::array out;
    for (const auto& warning : warnings)
        out.push_back(json::object{{"field", warning.place()}, {"detail", warning.message}});
    return out;
}

json::array with_warnings_of(const Plan& plan, json::array list) {
    for (const auto& warning : plan.warnings)
        list.push_back(json::object{{"field", warning.field}, {"detail", warning.detail}});
    return list;
}

// ---------------------------------------------------------------------------------------------- files

std::vector<definition::SourceFile> read_files(Call& call, Fields& fields) {
    std::vector<definition::SourceFile> files;
    const auto* list = fields.array("files", max_files);
    for (std::size_t i = 0; list && i < list->size(); ++i) {
        const auto* entry = (*list)[i].if_object();
        if (!entry) {
            fields.complain(fmt::format("files[{}]", i), "wrong_type",
                            "a file is an object of path and text");
            continue;
        }
        Fields file(*entry, call.problems, Fields::Source::body, fmt::format("files[{}].", i));
        auto path = file.required_text("path", 1024);
        files.push_back({std::move(path), file.text("text", max_file_bytes).value_or("")});
        file.finish();
    }
    return files;
}

std::optional<runtime::Environment> read_environment(Call& call, Fields& fields) {
    const auto* entry = fields.object("environment");
    if (!entry) return std::nullopt;
    Fields file(*entry, call.problems, Fields::Source::body, "environment.");
    runtime::Environment out{.name = file.required_text("name", 128), .values = {}};
    bool is_name = std::all_of(out.name.begin(), out.name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (!is_name || out.name.starts_with('.'))
        file.complain("name", "wrong_value", "environments are named by letters, digits, '-', '_' and '.'");
    auto path = file.text("path", 1024).value_or(fmt::format("environments/{}.yaml", out.name));
    auto reading = definition::read_environment({path, file.text("text", max_file_bytes).value_or("")});
    file.finish();
    add_problems(call, reading.errors);
    out.values = std::move(reading.values);
    return out;
}

// files and environment, for apply and validate.
definition::FileReading read_wish(Call& call, Fields& fields, Wish& wish) {
    auto files = read_files(call, fields);
    wish.environment = read_environment(call, fields);
    if (!call.problems.empty()) return {};
    auto reading = definition::read_files(files);
    add_problems(call, reading.errors);
    wish.definitions = std::move(reading.definitions);
    return reading;
}

// The plan that was shown is the one that is carried out.
std::function<Status(const State&)> still_at(std::int64_t version) {
    return [=](const State& state) -> Status {
        if (state.version == version) return success();
        return make_error(
            ErrorKind::conflict, "version_mismatch",
            fmt::format("the definitions are at version {} by now, not {}", state.version, version),
            "Look at a new plan.");
    };
}

Async<Result<Response>> apply(Call& call) {
    Wish wish;
    ApplyOptions options;
    auto fields = call.body_fields();
    auto reading = read_wish(call, fields, wish);
    wish.managed_by = fields.text("managed_by", 1024).value_or("");
    wish.prune = fields.boolean("prune", false);
    wish.adopt = fields.boolean("adopt", false);
    options.dry_run = fields.boolean("dry_run", false);
    if (auto version = fields.integer("if_version", 0, INT64_MAX)) options.condition = still_at(*version);
    fields.finish();
    if (!call.body.contains("files") && !wish.environment) fields.missing("files");
    if ((wish.prune || wish.adopt) && wish.managed_by.empty()) fields.missing("managed_by");
    POLYSYNC_CO_TRY(call.check());
    bool dry_run = options.dry_run;
    PlanAnswer answer = [dry_run, warnings = warnings_json(reading.warnings)](
                            store::ReadTransaction& transaction, const Plan& plan) -> Result<Response> {
        auto out = plan_json(plan);
        out["dry_run"] = dry_run;
        auto all = with_warnings_of(plan, warnings);
        if (!all.empty()) out["warnings"] = std::move(all);
        POLYSYNC_TRY(auto version, transaction.definitions_version());
        out["definitions_version"] = version;
        return json_response(200, out);
    };
    co_return co_await carry_out(call, std::move(wish), std::move(options), std::move(answer));
}

// ---------------------------------------------------------------------------------------------- validate

// A document of one object, as a form edits it.
std::vector<definition::Problem> read_single(Call& call, Fields& fields, Wish& wish) {
    auto word = fields.choice("kind", {"platform", "profile", "job", "task", "source"});
    const auto* document = fields.object("document");
    if (!word) fields.missing("kind");
    if (!document || !word) return {};
    auto reading = definition::read_document(kind_of(*store::parse_object_kind(*word)), *document);
    add_problems(call, reading.errors);
    if (reading.definition) wish.definitions.push_back(std::move(*reading.definition));
    return std::move(reading.warnings);
}

json::object verdict(const std::vector<FieldProblem>& problems, json::array warnings) {
    json::array list;
    for (const auto& problem : problems) {
        json::object row{{"field", problem.field}, {"code", problem.code}, {"detail", problem.detail}};
        if (!problem.remedy.empty()) row["remedy"] = problem.remedy;
        list.push_back(std::move(row));
    }
    json::object out{{"valid", list.empty()}, {"problems", std::move(list)}};
    if (!warnings.empty()) out["warnings"] = std::move(warnings);
    return out;
}

Async<Result<Response>> validate(Call& call) {
    Wish wish;
    auto fields = call.body_fields();
    std::vector<definition::Problem> warnings;
    std::size_t before = call.problems.size();
    if (call.body.contains("document")) {
        warnings = read_single(call, fields, wish);
    } else {
        warnings = read_wish(call, fields, wish).warnings;
    }
    // Definitions that cannot be read are the answer; a request that cannot, is refused.
    std::vector<FieldProblem> found;
    std::copy_if(call.problems.begin() + std::ptrdiff_t(before), call.problems.end(),
                 std::back_inserter(found),
                 [](const FieldProblem& problem) { return problem.code == "invalid_definition"; });
    std::erase_if(call.problems,
                  [](const FieldProblem& problem) { return problem.code == "invalid_definition"; });
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    auto list = warnings_json(warnings);
    if (!found.empty()) co_return json_response(200, verdict(found, std::move(list)));
    PlanAnswer answer = [list](store::ReadTransaction&, const Plan& plan) -> Result<Response> {
        return json_response(200, verdict({}, with_warnings_of(plan, list)));
    };
    ApplyOptions options{.dry_run = true, .condition = {}};
    auto made = co_await carry_out(call, std::move(wish), std::move(options), std::move(answer));
    if (!made && !call.problems.empty()) {
        found = std::move(call.problems);
        call.problems.clear();
        co_return json_response(200, verdict(found, std::move(list)));
    }
    co_return made;
}

// ---------------------------------------------------------------------------------------------- export

Async<Result<Response>> export_all(Call& call) {
    auto fields = call.query_fields();
    auto name_space = fields.text("namespace").value_or("");
    bool one_file = fields.choice("layout", {"namespaces", "one"}).value_or("namespaces") == "one";
    POLYSYNC_CO_TRY(call.check());
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto state, read_state(transaction));
        *out = export_files(state, name_space, one_file);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

// ---------------------------------------------------------------------------------------------- one object

// If-Match and If-None-Match against the newest version.
std::function<Status(const State&)> condition_of(const Call& call, ObjectKind kind, const QualifiedName& name,
                                                 bool must_exist) {
    std::string match(call.request.header("if-match")), none_match(call.request.header("if-none-match"));
    return [=](const State& state) -> Status {
        std::int64_t version = 0;
        for (const auto& stored : state.objects)
            if (stored.object.kind == kind && stored.object.name == name) version = stored.object.version;
        if (version == 0 && must_exist)
            return make_error(ErrorKind::not_found, "unknown_object",
                              fmt::format("there is no {} '{}'", store::to_string(kind), name.str()));
        bool fits = match.empty() || (version > 0 && (match == "*" || match == etag_of(version)));
        bool is_new =
            none_match.empty() || (none_match == "*" ? version == 0 : none_match != etag_of(version));
        if (fits && is_new) return success();
        return make_error(
            ErrorKind::conflict, "version_mismatch",
            version == 0
                ? fmt::format("{} '{}' does not exist", store::to_string(kind), name.str())
                : fmt::format("{} '{}' is of version {} by now", store::to_string(kind), name.str(), version),
            "Read it again, and make the change on what it is now.");
    };
}

template <ObjectKind kind>
Async<Result<Response>> put(Call& call) {
    QualifiedName name(call.path[0]);
    auto document = call.body;
    if (!document.contains("name")) document["name"] = name.str();
    auto reading = definition::read_document(kind_of(kind), document);
    add_problems(call, reading.errors);
    if (reading.definition && reading.definition->name() != name)
        call.problems.push_back({"name", "other_name", "is not the name in the path",
                                 "Names stay; make a new object and delete the old one."});
    POLYSYNC_CO_TRY(call.check());
    Wish wish;
    wish.definitions.push_back(std::move(*reading.definition));
    PlanAnswer answer = [name](store::ReadTransaction& transaction, const Plan& plan) -> Result<Response> {
        POLYSYNC_TRY(auto object, require_object(transaction, kind, name));
        return object_response(transaction, plan.count(ChangeAction::create) > 0 ? 201 : 200, object);
    };
    ApplyOptions options{.dry_run = false, .condition = condition_of(call, kind, name, false)};
    co_return co_await carry_out(call, std::move(wish), std::move(options), std::move(answer));
}

template <ObjectKind kind>
Async<Result<Response>> remove(Call& call) {
    QualifiedName name(call.path[0]);
    Wish wish;
    wish.removals.emplace_back(kind, name);
    PlanAnswer answer = [](store::ReadTransaction&, const Plan&) -> Result<Response> {
        return Response{.status = 204, .content_type = {}};
    };
    ApplyOptions options{.dry_run = false, .condition = condition_of(call, kind, name, true)};
    co_return co_await carry_out(call, std::move(wish), std::move(options), std::move(answer));
}

template <ObjectKind kind>
void add_routes(std::vector<Route>& out) {
    std::string word(store::to_string(kind)), title = word;
    title[0] = char(title[0] - 32);
    std::string path = fmt::format("/{}s/{{name}}", word);
    out.push_back({.method = Method::put,
                   .pattern = path,
                   .handler = put<kind>,
                   .id = "put" + title,
                   .tag = word + "s",
                   .summary = fmt::format("Creates or replaces a {}.", word),
                   .body = "Document",
                   .status = 201,
                   .answer = "Object",
                   .conditional = true});
    out.push_back(
        {.method = Method::del,
         .pattern = path,
         .handler = remove<kind>,
         .id = "delete" + title,
         .tag = word + "s",
         .summary = fmt::format("Deletes a {}; refused while it is used or its runs are active.", word),
         .status = 204,
         .conditional = true});
}

}  // namespace

std::vector<Route> definition_routes() {
    std::vector<Route> out{
        {.method = Method::post,
         .pattern = "/apply",
         .handler = apply,
         .id = "apply",
         .tag = "definitions",
         .summary =
             "Makes the definitions be as these files say, in one transaction, or says what would change.",
         .body = "ApplyRequest",
         .answer = "Plan",
         .large_body = true},
        {.method = Method::post,
         .pattern = "/validate",
         .handler = validate,
         .id = "validate",
         .tag = "definitions",
         .summary = "Checks files, or one document, against everything that is there, without saving.",
         .body = "ValidateRequest",
         .answer = "Verdict",
         .large_body = true},
        {.method = Method::get,
         .pattern = "/export",
         .handler = export_all,
         .id = "export",
         .tag = "definitions",
         .summary = "All definitions as files; applied again they change nothing.",
         .query = {{"namespace", R"({"type":"string"})", "Those in this namespace and below it."},
                   {"layout", R"({"enum":["namespaces","one"],"type":"string"})",
                    "A file per namespace (default), or one for all."}},
         .answer = "Export"},
    };
    for_each_kind([&]<ObjectKind kind>() { add_routes<kind>(out); });
    return out;
}

}  // namespace polysync::api
