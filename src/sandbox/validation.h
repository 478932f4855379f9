// Checks a request against its AWS model and words what is wrong as AWS does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "sandbox/model.h"

namespace polysync::sandbox {

struct Violation {
    std::string member;  // the top-level member as the model spells it
    bool missing = false;
    // "Value 'x' at 'jobName' failed to satisfy constraint: Member must …"
    std::string text;
    std::string value;  // as printed in text, without quotes; empty for sensitive members
};

struct Findings {
    std::string wrong_type;             // SerializationException's message; nothing else is checked then
    std::vector<Violation> violations;  // at most 10
    std::vector<std::string> unknown;   // dotted paths of members that the model does not know, at most 10
    std::uint32_t unknown_count = 0;

    [[nodiscard]] bool refused() const { return !wrong_type.empty() || !violations.empty(); }
    // "2 validation errors detected: …; …"
    [[nodiscard]] std::string summary() const;
};

// Also removes members that are null, which AWS takes as absent, so that services see only values of the
// right type.
[[nodiscard]] Findings validate(const Shape* shape, boost::json::object& input);

}  // namespace polysync::sandbox
