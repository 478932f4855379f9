#include "store/moved.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::store {

namespace json = boost::json;

std::string write_mark(const MoveMark& mark) {
    return json::serialize(json::object{{"id", mark.id}, {"to", mark.to}, {"at", format_iso8601(mark.at)}});
}

Result<MoveMark> read_mark(std::string_view text) {
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    const auto* object = error ? nullptr : value.if_object();
    auto word = [&](const char* name) {
        const auto* found = object ? object->if_contains(name) : nullptr;
        return found && found->is_string() ? std::string(found->as_string()) : std::string();
    };
    auto at = parse_iso8601(word("at"));
    if (!object || !at || word("id").empty())
        return make_error(ErrorKind::internal, "store_moved", "the store's mark of a move cannot be read");
    return MoveMark{word("id"), word("to"), at.value()};
}

Error moved_error(std::string_view text) {
    auto mark = read_mark(text);
    if (!mark) return mark.error();
    const auto& [id, to, at] = mark.value();
    return make_error(
        ErrorKind::invalid_input, "store_moved",
        fmt::format("this store was moved to {} at {}", to, format_iso8601(at)),
        "Start the server with --store for that place. If the move was interrupted, run 'polysync "
        "server move' with the same places again.");
}

}  // namespace polysync::store
