// JSON values as people write them.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace polysync {

// JSON in which a number is the shortest text that reads back as it: "0.5", where boost::json::serialize
// writes 5E-1.
[[nodiscard]] std::string write_json(const boost::json::value& value);

// The text of a value: of a string itself, of anything else what write_json() gives.
[[nodiscard]] std::string text_of_json(const boost::json::value& value);

}  // namespace polysync
