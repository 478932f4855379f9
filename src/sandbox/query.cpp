#include "sandbox/query.h"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "sandbox/http.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t most_fields = 1000;
constexpr std::size_t longest_list = 1000;

json::value typed(const Shape* shape, const std::string& text) {
    if (!shape) return json::value(text);
    if (shape->type == ShapeType::integer || shape->type == ShapeType::long_integer) {
        std::int64_t number = 0;
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (status == std::errc() && end == text.data() + text.size()) return number;
    }
    if (shape->type == ShapeType::boolean && (text == "true" || text == "false")) return text == "true";
    return json::value(text);
}

// Puts `text` at `path` ("Tags.member.2.Key") below `target`.
void place(json::value& target, const Shape* shape, std::string_view path, const std::string& text) {
    if (path.empty()) {
        target = typed(shape, text);
        return;
    }
    auto dot = std::min(path.find('.'), path.size());
    auto head = path.substr(0, dot);
    auto rest = path.substr(std::min(dot + 1, path.size()));
    if (shape && shape->type == ShapeType::list) {
        if (head == "member") {
            dot = std::min(rest.find('.'), rest.size());
            head = rest.substr(0, dot);
            rest = rest.substr(std::min(dot + 1, rest.size()));
        }
        if (!target.is_array()) target = json::array();
        std::size_t index = 0;
        auto [end, status] = std::from_chars(head.data(), head.data() + head.size(), index);
        if (status != std::errc() || end != head.data() + head.size() || index == 0 || index > longest_list)
            return;
        auto& list = target.get_array();
        if (list.size() < index) list.resize(index);
        place(list[index - 1], shape->element, rest, text);
        return;
    }
    if (!target.is_object()) target = json::object();
    const Member* member = shape ? shape->find_member(head) : nullptr;
    place(target.get_object()[head], member ? member->shape : nullptr, rest, text);
}

void append_value(std::string& out, const json::value& value) {
    if (value.is_object()) return append_xml(out, value.get_object());
    if (value.is_array()) {
        for (auto& item : value.get_array()) {
            out += "<member>";
            append_value(out, item);
            out += "</member>";
        }
    } else if (value.is_string()) {
        out += xml_escape(value.get_string());
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

Result<Form> parse_form(std::string_view body) {
    Form form;
    auto bad = [](const char* why) {
        return make_error(ErrorKind::invalid_input, "MalformedQueryString", why);
    };
    for (std::size_t at = 0; at < body.size();) {
        auto end = std::min(body.find('&', at), body.size());
        auto piece = body.substr(at, end - at);
        at = end + 1;
        if (piece.empty()) continue;
        if (form.size() == most_fields) return bad("Too many parameters");
        auto mark = std::min(piece.find('='), piece.size());
        std::string name, value;
        bool fine = percent_decode(piece.substr(0, mark), true, name) &&
                    percent_decode(piece.substr(std::min(mark + 1, piece.size())), true, value);
        if (!fine) return bad("Keys may not contain malformed percent escapes");
        form.emplace_back(std::move(name), std::move(value));
    }
    return form;
}

std::string_view form_field(const Form& form, std::string_view name) {
    for (auto& [key, value] : form)
        if (key == name) return value;
    return {};
}

json::object form_to_members(const Form& form, const Shape* shape) {
    json::value members = json::object();
    for (auto& [name, value] : form) {
        if (name == "Action" || name == "Version" || name.empty() || name.size() > 256) continue;
        if (std::count(name.begin(), name.end(), '.') > 8) continue;
        place(members, shape, name, value);
    }
    return std::move(members.get_object());
}

std::string xml_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
        }
    }
    return out;
}

void append_xml(std::string& out, const json::object& members) {
    for (auto& [name, value] : members) {
        if (value.is_null()) continue;
        out.append("<").append(name).append(">");
        append_value(out, value);
        out.append("</").append(name).append(">");
    }
}

}  // namespace polysync::sandbox
