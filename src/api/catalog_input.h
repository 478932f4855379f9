// From the store's documents to the engine's catalog.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "definition/objects.h"
#include "engine/catalog.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace polysync::api {

// For the program to pass to the runtime.
[[nodiscard]] runtime::CatalogLoader catalog_loader();

// One object's document. Errors: internal, where the stored text cannot be read.
[[nodiscard]] Result<definition::Definition> read_object(const store::Object& object);

// Adds one object as tasks run it.
void add_to(engine::CatalogInput& input, ObjectId id, std::int64_t version, const definition::Value& value);

[[nodiscard]] constexpr definition::Kind kind_of(store::ObjectKind kind) {
    return static_cast<definition::Kind>(kind);
}
[[nodiscard]] constexpr store::ObjectKind kind_of(definition::Kind kind) {
    return static_cast<store::ObjectKind>(kind);
}

}  // namespace polysync::api
