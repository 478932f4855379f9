#include "base/json_text.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace polysync {
namespace {

void append_json(const boost::json::value& value, std::string& out) {
    bool first = true;
    auto separate = [&] {
        if (!first) out += ',';
        first = false;
    };
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [name, member] : *object) {
            separate();
            out += boost::json::serialize(name);
            out += ':';
            append_json(member, out);
        }
        out += '}';
    } else if (const auto* list = value.if_array()) {
        out += '[';
        for (const auto& item : *list) {
            separate();
            append_json(item, out);
        }
        out += ']';
    } else if (const auto* number = value.if_double()) {
        out += fmt::format("{}", *number);
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string write_json(const boost::json::value& value) {
    std::string out;
    append_json(value, out);
    return out;
}

std::string text_of_json(const boost::json::value& value) {
    if (const auto* text = value.if_string()) return std::string(*text);
    return write_json(value);
}

}  // namespace polysync
