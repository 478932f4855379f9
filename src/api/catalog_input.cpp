#include "api/catalog_input.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "definition/definition.h"

namespace polysync::api {
namespace {

using definition::Kind;

static_assert(kind_of(Kind::platform) == store::ObjectKind::platform &&
              kind_of(Kind::profile) == store::ObjectKind::profile &&
              kind_of(Kind::job) == store::ObjectKind::job &&
              kind_of(Kind::task) == store::ObjectKind::task &&
              kind_of(Kind::source) == store::ObjectKind::source);

struct Adder {
    engine::CatalogInput& input;
    ObjectId id;
    std::int64_t version;

    void operator()(const definition::PlatformDefinition& value) const {
        input.platforms.push_back({id, value.meta.name, value.platform});
    }
    void operator()(const ContentionProfile& value) const { input.profiles.push_back({id, value}); }
    void operator()(const JobDefinition& value) const {
        input.jobs.push_back({id, version, definition::effective(value)});
    }
    void operator()(const Task& value) const { input.tasks.push_back({id, version, value}); }
    void operator()(const EventSource& value) const { input.sources.push_back({id, value}); }
};

Result<std::shared_ptr<const engine::Catalog>> load(std::int64_t version,
                                                    const std::vector<store::Object>& objects,
                                                    const std::map<std::string, std::string>& environment) {
    engine::CatalogInput input;
    input.version = version;
    input.environment = environment;
    for (const auto& object : objects) {
        POLYSYNC_TRY(auto definition, read_object(object));
        add_to(input, object.id, object.version, definition.value);
    }
    auto built = engine::build_catalog(input);
    if (built.catalog) return std::move(built.catalog);
    auto problem = std::move(built.problems.front());
    problem.error.message = fmt::format("{} '{}', {}: {}", problem.kind, problem.object.str(), problem.field,
                                        problem.error.message);
    return problem.error;
}

}  // namespace

runtime::CatalogLoader catalog_loader() { return load; }

Result<definition::Definition> read_object(const store::Object& object) {
    auto broken = [&](std::string_view why) {
        return make_error(ErrorKind::internal, "unreadable_document",
                          fmt::format("the stored document of {} '{}' cannot be read: {}",
                                      store::to_string(object.kind), object.name.str(), why));
    };
    boost::system::error_code error;
    auto parsed = boost::json::parse(object.document, error);
    if (error || !parsed.is_object()) return broken("it is no JSON object");
    auto reading =
        definition::read_document(kind_of(object.kind), parsed.get_object(), definition::DocumentUse::stored);
    if (reading.definition) return std::move(*reading.definition);
    return broken(reading.errors.front().describe());
}

void add_to(engine::CatalogInput& input, ObjectId id, std::int64_t version, const definition::Value& value) {
    std::visit(Adder{input, id, version}, value);
}

}  // namespace polysync::api
