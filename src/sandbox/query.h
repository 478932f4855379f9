// The Query protocol (STS): form-encoded parameters to JSON members, and answers as XML.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "sandbox/model.h"

namespace polysync::sandbox {

using Form = std::vector<std::pair<std::string, std::string>>;

// At most 1,000 fields. Fails with invalid_input for a bad percent escape.
[[nodiscard]] Result<Form> parse_form(std::string_view body);
[[nodiscard]] std::string_view form_field(const Form& form, std::string_view name);

// "PolicyArns.member.1.arn=…" and so on, typed by the shape; names that the model does not know stay strings.
[[nodiscard]] boost::json::object form_to_members(const Form& form, const Shape* shape);

[[nodiscard]] std::string xml_escape(std::string_view text);
// Members as elements, lists as <member> elements.
void append_xml(std::string& out, const boost::json::object& members);

}  // namespace polysync::sandbox
