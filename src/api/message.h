// One request and its answer, whatever carries them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

namespace polysync::api {

enum class Method { get, post, put, del };
[[nodiscard]] std::string_view to_string(Method method);  // "GET", …

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    Method method = Method::get;
    std::string path;   // as it came, percent-encoded: "/api/v1/tasks/etl%2Forders"
    std::string query;  // without the '?'
    Headers headers;    // names in lower case
    std::string body;
    std::string actor;  // who asks, for the audit

    // Of the first header of that (lower case) name; empty where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    Headers headers;
    std::string body;
};

[[nodiscard]] Response json_response(int status, const boost::json::value& document);

}  // namespace polysync::api
