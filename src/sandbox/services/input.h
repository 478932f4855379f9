// Reading JSON members, of calls (already checked against the AWS model) and of the admin endpoint (not
// checked). The readers never throw: a missing member, or one of another type, gives the fallback.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "sandbox/service.h"

namespace polysync::sandbox {

using Json = boost::json::value;
using JsonArray = boost::json::array;
using JsonObject = boost::json::object;
using Millis = std::chrono::milliseconds;

[[nodiscard]] bool has(const JsonObject& object, std::string_view name);
[[nodiscard]] std::string text(const JsonObject& object, std::string_view name,
                               std::string_view fallback = {});
[[nodiscard]] std::int64_t integer(const JsonObject& object, std::string_view name,
                                   std::int64_t fallback = 0);
[[nodiscard]] double number(const JsonObject& object, std::string_view name, double fallback = 0);
[[nodiscard]] bool flag(const JsonObject& object, std::string_view name, bool fallback = false);
// Null where the member is missing or of another type.
[[nodiscard]] const JsonObject* object_in(const JsonObject& object, std::string_view name);
[[nodiscard]] const JsonArray* list_in(const JsonObject& object, std::string_view name);
// The strings of a list member; other elements are left out.
[[nodiscard]] std::vector<std::string> texts(const JsonObject& object, std::string_view name);
[[nodiscard]] std::string_view view(const Json& value);
// The JSON text with numbers as people write them (0.05, where the library's writer gives 5E-2).
[[nodiscard]] std::string json_text(const Json& value);
// Copies the named members that `from` has.
void copy_members(const JsonObject& from, JsonObject& to, std::initializer_list<std::string_view> names);

// JSON 1.x timestamps: seconds with a fraction. Batch and Logs: milliseconds.
[[nodiscard]] double seconds(SandboxTime time);
[[nodiscard]] std::int64_t millis(SandboxTime time);
// A timestamp of a JSON 1.x request: a number of seconds.
[[nodiscard]] std::optional<SandboxTime> time_in(const JsonObject& object, std::string_view name);

enum class MemberType { text, integer, number, boolean, object, list, any };
struct MemberRule {
    std::string_view name;
    MemberType type;
};

// What is wrong with an admin call's input: an unknown member (the answer names the known ones) or a wrong
// type. Empty where nothing is.
[[nodiscard]] std::string wrong_members(const JsonObject& input, std::span<const MemberRule> rules);

// The admin endpoint's refusals.
[[nodiscard]] ServiceAnswer refuse_admin(std::string message);
[[nodiscard]] ServiceAnswer unknown_kind(std::string_view kind, std::string_view known);
[[nodiscard]] ServiceAnswer unknown_operation(std::string_view operation);

}  // namespace polysync::sandbox
