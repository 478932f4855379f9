// What the handlers of definitions share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "store/store.h"

namespace polysync::api {

// Calls add.operator()<kind>() for every kind of object.
template <class Add>
void for_each_kind(Add add) {
    using enum store::ObjectKind;
    add.template operator()<platform>();
    add.template operator()<profile>();
    add.template operator()<job>();
    add.template operator()<task>();
    add.template operator()<source>();
}

// '*' stands for any characters, also none.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);
[[nodiscard]] const store::Pause* pause_of(const std::vector<store::Pause>& pauses, ObjectId id);
// Errors: not_found, with the nearest name.
[[nodiscard]] Result<store::Object> require_object(store::ReadTransaction& transaction,
                                                   store::ObjectKind kind, const QualifiedName& name);
[[nodiscard]] std::string etag_of(std::int64_t version);
[[nodiscard]] std::string etag_of(const Response& response);  // empty: it has none
// The object with its ETag.
[[nodiscard]] Result<Response> object_response(store::ReadTransaction& transaction, int status,
                                               const store::Object& object);

}  // namespace polysync::api
