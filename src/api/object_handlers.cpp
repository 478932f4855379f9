// Platforms, jobs, tasks, profiles and sources: list, show, versions.
#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "api/objects.h"
#include "api/views.h"
#include "base/nearest.h"

namespace polysync::api {
namespace {

namespace json = boost::json;
using store::ObjectKind;

struct ObjectFilter {
    std::optional<std::string> namespace_name, owner, tag, name, managed_by;
    std::string after;  // a name

    [[nodiscard]] bool passes(const store::Object& object) const {
        const auto& full = object.name.str();
        if (!after.empty() && full <= after) return false;
        if (namespace_name && !namespace_name->empty() && !full.starts_with(*namespace_name + "/"))
            return false;
        if (owner && object.owner != *owner) return false;
        if (managed_by && object.managed_by != *managed_by) return false;
        if (name && !matches_glob(*name, full)) return false;
        return !tag || has_tag(object);
    }

  private:
    [[nodiscard]] bool has_tag(const store::Object& object) const {
        auto document = stored_json(object.document);
        const auto* tags = document.get_object().if_contains("tags");
        if (!tags || !tags->is_object()) return false;
        auto colon = tag->find(':');
        const auto* value = tags->get_object().if_contains(std::string_view(*tag).substr(0, colon));
        if (!value) return false;
        return colon == std::string::npos ||
               (value->is_string() && value->get_string() == tag->substr(colon + 1));
    }
};

template <ObjectKind kind>
Async<Result<Response>> list(Call& call) {
    auto fields = call.query_fields();
    auto page = read_page(fields, store::to_string(kind));
    ObjectFilter filter{.namespace_name = fields.text("namespace"),
                        .owner = fields.text("owner"),
                        .tag = fields.text("tag"),
                        .name = fields.text("name"),
                        .managed_by = fields.text("managed_by"),
                        .after = page.cursor};
    POLYSYNC_CO_TRY(call.check());
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto objects, transaction.objects(kind));
        POLYSYNC_TRY(auto pauses, transaction.pauses());
        json::array items;
        std::string next, last;
        for (const auto& object : objects) {
            if (!filter.passes(object)) continue;
            if (int(items.size()) == page.limit) {
                next = write_cursor(store::to_string(kind), last);
                break;
            }
            last = object.name.str();
            items.push_back(object_json(object, pause_of(pauses, object.id)));
        }
        *out = page_json(std::move(items), next);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

template <ObjectKind kind>
Async<Result<Response>> show(Call& call) {
    QualifiedName name(call.path[0]);
    auto response = std::make_shared<Response>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto object, require_object(transaction, kind, name));
        POLYSYNC_TRY(*response, object_response(transaction, 200, object));
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    if (call.request.header("if-none-match") == etag_of(*response)) {
        response->status = 304;
        response->body.clear();
    }
    co_return std::move(*response);
}

template <ObjectKind kind>
Async<Result<Response>> versions(Call& call) {
    QualifiedName name(call.path[0]);
    auto fields = call.query_fields();
    auto page = read_page(fields, "versions");
    POLYSYNC_CO_TRY(call.check());
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto object, require_object(transaction, kind, name));
        auto version = object.version;
        if (!page.cursor.empty())
            version = std::min<std::int64_t>(version, std::atoll(page.cursor.c_str()) - 1);
        json::array items;
        std::string next;
        for (; version >= 1; --version) {
            if (int(items.size()) == page.limit) {
                next = write_cursor("versions", std::to_string(version + 1));
                break;
            }
            POLYSYNC_TRY(auto old, transaction.object_version(object.id, version));
            if (old) items.push_back(object_json(*old, nullptr));
        }
        *out = page_json(std::move(items), next);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

template <ObjectKind kind>
Async<Result<Response>> show_version(Call& call) {
    QualifiedName name(call.path[0]);
    POLYSYNC_CO_TRY(auto version, call.path_number(1, "version"));
    auto out = std::make_shared<json::object>();
    store::ReadWork work = [=](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(auto object, require_object(transaction, kind, name));
        POLYSYNC_TRY(auto old, transaction.object_version(object.id, version));
        if (!old)
            return make_error(
                ErrorKind::not_found, "unknown_version",
                fmt::format("{} '{}' has no version {}", store::to_string(kind), name.str(), version));
        *out = object_json(*old, nullptr);
        return success();
    };
    POLYSYNC_CO_TRY(co_await call.parts.store->read(std::move(work)));
    co_return json_response(200, *out);
}

template <ObjectKind kind>
void add_routes(std::vector<Route>& out) {
    std::string word(store::to_string(kind)), plural = word + "s", path = "/" + plural;
    std::string title = word;
    title[0] = char(title[0] - 32);
    std::string text = R"({"type":"string"})";
    out.push_back({.method = Method::get,
                   .pattern = path,
                   .handler = list<kind>,
                   .id = "list" + title + "s",
                   .tag = plural,
                   .summary = fmt::format("Lists {} by name.", plural),
                   .query = list_query({{"namespace", text, "Those in this namespace and below it."},
                                        {"owner", text, "Those of this owner."},
                                        {"tag", text, "Those with this tag: key or key:value."},
                                        {"name", text, "Those of this name; '*' stands for any characters."},
                                        {"managed_by", text, "Those that this directory manages."}}),
                   .answer = "ObjectPage"});
    out.push_back({.method = Method::get,
                   .pattern = path + "/{name}",
                   .handler = show<kind>,
                   .id = "get" + title,
                   .tag = plural,
                   .summary = fmt::format("Shows a {}; its ETag is its version.", word),
                   .answer = "Object"});
    out.push_back({.method = Method::get,
                   .pattern = path + "/{name}/versions",
                   .handler = versions<kind>,
                   .id = "list" + title + "Versions",
                   .tag = plural,
                   .summary = fmt::format("Lists the versions of a {}, newest first.", word),
                   .query = list_query(),
                   .answer = "ObjectPage"});
    out.push_back({.method = Method::get,
                   .pattern = path + "/{name}/versions/{version}",
                   .handler = show_version<kind>,
                   .id = "get" + title + "Version",
                   .tag = plural,
                   .summary = fmt::format("Shows one version of a {}.", word),
                   .answer = "Object"});
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

const store::Pause* pause_of(const std::vector<store::Pause>& pauses, ObjectId id) {
    for (const auto& pause : pauses)
        if (pause.object == id) return &pause;
    return nullptr;
}

Result<store::Object> require_object(store::ReadTransaction& transaction, ObjectKind kind,
                                     const QualifiedName& name) {
    POLYSYNC_TRY(auto found, transaction.object(kind, name));
    if (found) return std::move(*found);
    POLYSYNC_TRY(auto all, transaction.objects(kind));
    std::vector<std::string> known;
    for (const auto& object : all) known.push_back(object.name.str());
    auto near = nearest_word(name.str(), known);
    return make_error(ErrorKind::not_found, "unknown_object",
                      fmt::format("there is no {} '{}'", store::to_string(kind), name.str()),
                      near.empty() ? std::string() : fmt::format("Did you mean '{}'?", near));
}

std::string etag_of(std::int64_t version) { return fmt::format("\"{}\"", version); }

std::string etag_of(const Response& response) {
    for (const auto& [name, value] : response.headers)
        if (name == "ETag") return value;
    return {};
}

Result<Response> object_response(store::ReadTransaction& transaction, int status,
                                 const store::Object& object) {
    POLYSYNC_TRY(auto pauses, transaction.pauses());
    auto response = json_response(status, object_json(object, pause_of(pauses, object.id)));
    response.headers.emplace_back("ETag", etag_of(object.version));
    return response;
}

std::vector<Route> object_routes() {
    std::vector<Route> out;
    for_each_kind([&]<ObjectKind kind>() { add_routes<kind>(out); });
    return out;
}

}  // namespace polysync::api
