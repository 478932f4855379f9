#include "runtime/environment.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace polysync::runtime {

Environment read_environment(const std::string& text) {
    Environment out;
    boost::system::error_code error;
    auto parsed = boost::json::parse(text, error);
    const auto* object = error ? nullptr : parsed.if_object();
    if (!object) return out;
    if (const auto* name = object->if_contains("name"); name && name->is_string())
        out.name = std::string(name->get_string());
    const auto* values = object->if_contains("values");
    if (values && values->is_object())
        for (const auto& [name, value] : values->get_object())
            if (value.is_string()) out.values[std::string(name)] = std::string(value.get_string());
    return out;
}

std::string write_environment(const Environment& environment) {
    boost::json::object values;
    for (const auto& [name, value] : environment.values) values[name] = value;
    return boost::json::serialize(
        boost::json::object{{"name", environment.name}, {"values", std::move(values)}});
}

}  // namespace polysync::runtime
