#include "sandbox/members.h"

#include <cmath>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"

namespace polysync::sandbox {

const boost::json::value* MemberReader::find(std::string_view name) {
    known_.emplace_back(name);
    auto* value = object_.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

bool MemberReader::text(std::string_view name, std::string& out) {
    auto* value = find(name);
    if (!value) return false;
    if (!value->is_string()) return refuse(fmt::format("'{}' must be a string", name)), true;
    out = value->get_string();
    return true;
}

bool MemberReader::flag(std::string_view name, bool& out) {
    auto* value = find(name);
    if (!value) return false;
    if (!value->is_bool()) return refuse(fmt::format("'{}' must be true or false", name)), true;
    out = value->get_bool();
    return true;
}

bool MemberReader::number(std::string_view name, double& out, double low, double high) {
    auto* value = find(name);
    if (!value) return false;
    double read = value->is_number() ? value->to_number<double>() : std::nan("");
    if (!(read >= low && read <= high))
        return refuse(fmt::format("'{}' must be a number from {} to {}", name, low, high)), true;
    out = read;
    return true;
}

bool MemberReader::integer(std::string_view name, std::int64_t& out, std::int64_t low, std::int64_t high) {
    auto* value = find(name);
    if (!value) return false;
    if (!value->is_int64() || value->get_int64() < low || value->get_int64() > high)
        return refuse(fmt::format("'{}' must be a whole number from {} to {}", name, low, high)), true;
    out = value->get_int64();
    return true;
}

bool MemberReader::texts(std::string_view name, std::vector<std::string>& out) {
    auto* value = find(name);
    if (!value) return false;
    out.clear();
    if (!value->is_array()) return refuse(fmt::format("'{}' must be a list of strings", name)), true;
    for (auto& item : value->get_array()) {
        if (!item.is_string()) return refuse(fmt::format("'{}' must be a list of strings", name)), true;
        out.emplace_back(item.get_string());
    }
    return true;
}

bool MemberReader::word(std::string_view name, std::size_t& out, std::span<const std::string_view> words) {
    std::string given;
    if (!text(name, given)) return false;
    for (std::size_t i = 0; i < words.size(); ++i)
        if (words[i] == given) return out = i, true;
    refuse(fmt::format("'{}' is no {} of a {}; known: {}", given.substr(0, 64), name, what_,
                       fmt::join(words, ", ")));
    return true;
}

const boost::json::value* MemberReader::any(std::string_view name) { return find(name); }

void MemberReader::require(std::string_view name) {
    if (!object_.if_contains(name)) refuse(fmt::format("'{}' is required", name));
}

void MemberReader::refuse(std::string message) {
    if (problem_.empty()) problem_ = std::move(message);
}

Status MemberReader::finish() {
    for (auto& [name, value] : object_) {
        bool asked = false;
        for (auto& known : known_) asked = asked || known == std::string_view(name);
        if (asked) continue;
        auto near = nearest_word(name, known_);
        auto message = fmt::format("a {} has no member '{}'", what_, std::string_view(name).substr(0, 64));
        if (!near.empty()) message += fmt::format("; did you mean '{}'?", near);
        return make_error(ErrorKind::invalid_input, "unknown_member",
                          fmt::format("{} Known: {}", message, fmt::join(known_, ", ")));
    }
    if (!problem_.empty())
        return make_error(ErrorKind::invalid_input, "invalid_member", fmt::format("{}: {}", what_, problem_));
    return success();
}

}  // namespace polysync::sandbox
