#include "api/message.h"

#include <boost/json/serialize.hpp>

namespace polysync::api {

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::del:
            return "DELETE";
    }
    return "GET";
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

Response json_response(int status, const boost::json::value& document) {
    return {.status = status, .body = boost::json::serialize(document)};
}

}  // namespace polysync::api
