#include "api/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::api {
namespace {

using boost::json::array;
using boost::json::object;

object reference(std::string_view schema) {
    return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

object content(std::string_view media_type, object schema) {
    return {{media_type, object{{"schema", std::move(schema)}}}};
}

object header_parameter(std::string_view name, std::string_view description) {
    return {{"name", name},
            {"in", "header"},
            {"schema", object{{"type", "string"}}},
            {"description", description}};
}

array parameters_of(const Route& route) {
    array out;
    std::string_view rest = route.pattern;
    for (auto open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
        auto close = rest.find('}');
        auto name = rest.substr(open + 1, close - open - 1);
        bool number = (name == "id" && !route.pattern.starts_with("/chains")) || name == "version";
        object schema{{"type", number ? "integer" : "string"}};
        if (number) schema["minimum"] = 1;
        out.push_back(
            object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", std::move(schema)}});
        rest.remove_prefix(close + 1);
    }
    for (const auto& parameter : route.query) {
        object entry{{"name", parameter.name},
                     {"in", "query"},
                     {"schema", boost::json::parse(parameter.schema)},
                     {"description", parameter.description}};
        if (entry["schema"].at("type") == "array") {
            entry["style"] = "form";
            entry["explode"] = true;
        }
        out.push_back(std::move(entry));
    }
    if (route.method == Method::post)
        out.push_back(header_parameter(
            "Idempotency-Key",
            "The same key and request again get the stored answer, without a second effect."));
    if (route.conditional) {
        out.push_back(header_parameter("If-Match", "The ETag that the object must still have; else 412."));
        out.push_back(header_parameter("If-None-Match", "`*`: the object must not exist yet; else 412."));
    }
    if (route.is_stream)
        out.push_back(
            header_parameter("Last-Event-ID", "As browsers send it when they reconnect; like `after`."));
    if (route.id == "runTask")
        out.push_back(
            header_parameter("X-Polysync-Trigger", "`api` for programs; `manual` (default) for people."));
    if (route.method != Method::get)
        out.push_back(
            header_parameter("X-Polysync-Actor", "Who asks, for the audit; `api` where it is absent."));
    return out;
}

object responses_of(const Route& route) {
    object good{{"description", route.summary}};
    if (route.is_stream) {
        good["content"] = content(route.media_type, {{"type", "string"}});
    } else if (!route.answer.empty()) {
        good["content"] = content(route.media_type, reference(route.answer));
    }
    object out;
    out[std::to_string(route.status)] = good;
    if (route.status == 201) out["200"] = std::move(good);  // dry runs, and what was there already
    out["default"] = object{{"description", "What went wrong, and what to do about it."},
                            {"content", content("application/problem+json", reference("Problem"))}};
    return out;
}

object operation_of(const Route& route) {
    object out{{"operationId", route.id},
               {"tags", array{boost::json::string(route.tag)}},
               {"summary", route.summary}};
    auto parameters = parameters_of(route);
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    if (!route.body.empty())
        out["requestBody"] = object{{"required", route.body_required},
                                    {"content", content("application/json", reference(route.body))}};
    out["responses"] = responses_of(route);
    if (route.is_public) out["security"] = array{};
    return out;
}

std::string lower(std::string_view word) {
    std::string out(word);
    for (auto& c : out) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
}

}  // namespace

std::string openapi_document(const std::vector<Route>& routes, const std::string& version) {
    object paths;
    for (const auto& route : routes) {
        auto& path = paths[fmt::format("{}{}", api_root, route.pattern)];
        if (!path.is_object()) path = object();
        path.get_object()[lower(to_string(route.method))] = operation_of(route);
    }
    object document{
        {"openapi", "3.1.0"},
        {"info", object{{"title", "Polysync"},
                        {"version", version},
                        {"summary",
                         "Runs AWS Glue jobs, AWS Batch jobs, SageMaker pipelines and Step Functions "
                         "state machines."},
                        {"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", array{object{{"url", "/"}}}},
        {"paths", std::move(paths)},
        {"components",
         object{{"schemas", component_schemas()},
                {"securitySchemes", object{{"bearer", object{{"type", "http"}, {"scheme", "bearer"}}}}}}},
        {"security", array{object{{"bearer", array{}}}}}};
    return boost::json::serialize(document);
}

}  // namespace polysync::api
