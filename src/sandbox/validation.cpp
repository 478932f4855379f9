#include "sandbox/validation.h"

#include <cmath>
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t most_findings = 10;
constexpr std::size_t most_printed = 1024;  // bytes of a value in a message
constexpr int deepest = 64;

std::string_view text_of(const json::value& value) { return value.get_string(); }

// Java's toString of a request member: strings bare, lists [a, b], maps {k=v}.
void print(const json::value& value, std::string& out) {
    if (out.size() > most_printed) return;
    if (value.is_string()) {
        out += text_of(value);
    } else if (value.is_array()) {
        out += '[';
        for (auto& item : value.get_array()) {
            if (out.back() != '[') out += ", ";
            print(item, out);
        }
        out += ']';
    } else if (value.is_object()) {
        out += '{';
        for (auto& [name, item] : value.get_object()) {
            if (out.back() != '{') out += ", ";
            out.append(name).append("=");
            print(item, out);
        }
        out += '}';
    } else {
        out += json::serialize(value);
    }
    if (out.size() > most_printed) out.resize(most_printed);
}

std::string_view token_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::string:
            return "STRING_VALUE";
        case json::kind::bool_:
            return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
        case json::kind::double_:
            return "DECIMAL_VALUE";
        default:
            return "NUMBER_VALUE";
    }
}

std::size_t code_points(std::string_view utf8) {
    std::size_t count = 0;
    for (unsigned char c : utf8) count += (c & 0xc0) != 0x80;
    return count;
}

std::string join(const std::vector<std::string>& values) {
    std::string text;
    for (auto& value : values) text.append(text.empty() ? "" : ", ").append(value);
    return text;
}

bool is_whole(const json::value& value) {
    if (value.is_int64() || value.is_uint64()) return true;
    return value.is_double() && std::floor(value.get_double()) == value.get_double() &&
           std::abs(value.get_double()) < 9.0e15;
}

class Walk {
  public:
    explicit Walk(Findings& findings) : findings_(findings) {}

    void structure(const Shape& shape, json::object& object) {
        if (++depth_ > deepest) return wrong("Exceeded the maximum nesting depth");
        for (auto it = object.begin(); it != object.end() && findings_.wrong_type.empty();) {
            std::string_view name = it->key();
            auto* member = shape.find_member(name);
            if (!member) {
                unknown(name);
            } else if (it->value().is_null()) {
                it = object.erase(it);
                continue;
            } else {
                auto mark = enter(name);
                value(*member->shape, it->value());
                leave(mark);
            }
            ++it;
        }
        for (auto& member : shape.members) {
            if (!member.required || object.contains(member.name) || !findings_.wrong_type.empty()) continue;
            auto mark = enter(member.name);
            add("Value null at '" + path_ + "' failed to satisfy constraint: Member must not be null", "null",
                true);
            leave(mark);
        }
        --depth_;
    }

  private:
    void value(const Shape& shape, json::value& item) {
        switch (shape.type) {
            case ShapeType::structure:
                if (!item.is_object()) return wrong(unexpected(item, "Start of structure or map"));
                return structure(shape, item.get_object());
            case ShapeType::list:
                return list(shape, item);
            case ShapeType::map:
                return map(shape, item);
            case ShapeType::string:
            case ShapeType::blob:
                return string(shape, item);
            case ShapeType::boolean:
                if (!item.is_bool()) wrong(unexpected(item, "a Boolean"));
                return;
            case ShapeType::integer:
            case ShapeType::long_integer:
                return integer(shape, item);
            case ShapeType::floating:
                if (!item.is_number()) return wrong(unexpected(item, "a Double"));
                return range(shape, item, item.to_number<double>());
            case ShapeType::timestamp:
                if (!item.is_number()) wrong(unexpected(item, "a Timestamp"));
                return;
        }
    }

    void list(const Shape& shape, json::value& item) {
        if (!item.is_array()) return wrong(unexpected(item, "Start of list"));
        auto& array = item.get_array();
        length(shape, item, array.size());
        for (std::size_t i = 0; i < array.size() && findings_.wrong_type.empty(); ++i) {
            if (array[i].is_null() || !shape.element) continue;
            auto mark = path_.size();
            path_.append(".").append(std::to_string(i + 1)).append(".member");
            value(*shape.element, array[i]);
            path_.resize(mark);
        }
    }

    void map(const Shape& shape, json::value& item) {
        if (!item.is_object()) return wrong(unexpected(item, "Start of structure or map"));
        auto& object = item.get_object();
        length(shape, item, object.size());
        for (auto it = object.begin(); it != object.end() && findings_.wrong_type.empty();) {
            if (it->value().is_null()) {
                it = object.erase(it);
                continue;
            }
            if (shape.key) {
                auto broken = string_constraint(*shape.key, it->key());
                if (!broken.empty()) say(shape, item, "Map keys must satisfy constraint: [" + broken + "]");
            }
            if (shape.element && shape.element->type == ShapeType::string && it->value().is_string()) {
                auto broken = string_constraint(*shape.element, text_of(it->value()));
                if (!broken.empty()) say(shape, item, "Map value must satisfy constraint: [" + broken + "]");
            } else if (shape.element) {
                auto mark = path_.size();
                path_.append(".").append(it->key()).append(".member");
                value(*shape.element, it->value());
                path_.resize(mark);
            }
            ++it;
        }
    }

    void string(const Shape& shape, const json::value& item) {
        if (!item.is_string()) return wrong(unexpected(item, "a String"));
        auto broken = string_constraint(shape, text_of(item));
        if (!broken.empty()) say(shape, item, broken);
    }

    static std::string string_constraint(const Shape& shape, std::string_view text) {
        auto count = shape.min || shape.max ? code_points(text) : 0;
        if (shape.min && double(count) < *shape.min)
            return fmt::format("Member must have length greater than or equal to {}", *shape.min);
        if (shape.max && double(count) > *shape.max)
            return fmt::format("Member must have length less than or equal to {}", *shape.max);
        if (!shape.values.empty()) {
            for (auto& known : shape.values)
                if (known == text) return {};
            return "Member must satisfy enum value set: [" + join(shape.values) + "]";
        }
        if (shape.pattern && !shape.pattern->matches(text))
            return "Member must satisfy regular expression pattern: " + shape.pattern_source;
        return {};
    }

    void length(const Shape& shape, const json::value& item, std::size_t size) {
        if (shape.min && double(size) < *shape.min)
            say(shape, item, fmt::format("Member must have length greater than or equal to {}", *shape.min));
        if (shape.max && double(size) > *shape.max)
            say(shape, item, fmt::format("Member must have length less than or equal to {}", *shape.max));
    }

    void integer(const Shape& shape, json::value& item) {
        bool small = shape.type == ShapeType::integer;
        if (!is_whole(item)) return wrong(unexpected(item, small ? "an Integer" : "a Long"));
        if (item.is_double()) item = static_cast<std::int64_t>(item.get_double());
        bool fits =
            item.is_int64() && (!small || (item.get_int64() >= std::numeric_limits<std::int32_t>::min() &&
                                           item.get_int64() <= std::numeric_limits<std::int32_t>::max()));
        if (!fits) return wrong(unexpected(item, small ? "an Integer" : "a Long"));
        range(shape, item, double(item.get_int64()));
    }

    void range(const Shape& shape, const json::value& item, double number) {
        if (shape.min && number < *shape.min)
            say(shape, item, fmt::format("Member must have value greater than or equal to {}", *shape.min));
        if (shape.max && number > *shape.max)
            say(shape, item, fmt::format("Member must have value less than or equal to {}", *shape.max));
    }

    static std::string unexpected(const json::value& item, std::string_view wanted) {
        if (item.is_object()) return "Start of structure or map found where not expected.";
        if (item.is_array()) return "Start of list found where not expected";
        if (wanted.starts_with("Start")) return "Unexpected field type";
        return fmt::format("{} can not be converted to {}", token_of(item), wanted);
    }

    // Paths in messages are camelCase: "jobName" for Glue's JobName.
    std::size_t enter(std::string_view name) {
        auto mark = path_.size();
        if (path_.empty()) {
            top_ = name;
        } else {
            path_ += '.';
        }
        auto first = path_.size();
        path_ += name;
        if (path_[first] >= 'A' && path_[first] <= 'Z') path_[first] = char(path_[first] + 32);
        return mark;
    }
    void leave(std::size_t mark) { path_.resize(mark); }

    void wrong(std::string message) {
        if (findings_.wrong_type.empty()) findings_.wrong_type = std::move(message);
    }
    void say(const Shape& shape, const json::value& item, std::string_view constraint) {
        if (shape.sensitive)
            return add(fmt::format("Value at '{}' failed to satisfy constraint: {}", path_, constraint), {},
                       false);
        std::string printed;
        print(item, printed);
        add(fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", printed, path_, constraint),
            printed, false);
    }
    void add(std::string text, std::string printed, bool missing) {
        if (findings_.violations.size() < most_findings)
            findings_.violations.push_back({top_, missing, std::move(text), std::move(printed)});
    }
    void unknown(std::string_view name) {
        ++findings_.unknown_count;
        if (findings_.unknown.size() < most_findings)
            findings_.unknown.push_back(path_.empty() ? std::string(name.substr(0, 128))
                                                      : path_ + "." + std::string(name.substr(0, 128)));
    }

    Findings& findings_;
    std::string path_, top_;
    int depth_ = 0;
};

}  // namespace

std::string Findings::summary() const {
    auto text =
        fmt::format("{} validation error{} detected: ", violations.size(), violations.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < violations.size(); ++i) text.append(i ? "; " : "").append(violations[i].text);
    return text;
}

Findings validate(const Shape* shape, json::object& input) {
    Findings findings;
    if (shape) Walk(findings).structure(*shape, input);
    return findings;
}

}  // namespace polysync::sandbox
