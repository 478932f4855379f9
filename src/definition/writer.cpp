// JSON documents as YAML that people like to read.
#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json_text.h"
#include "definition/definition.h"

namespace polysync::definition {
namespace {

namespace json = boost::json;

bool is_word(std::string_view text) {
    auto letter = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    if (text.empty() || text.size() > 200 || !letter(static_cast<unsigned char>(text.front()))) return false;
    for (char c : text)
        if (!letter(static_cast<unsigned char>(c)) && !(c >= '0' && c <= '9') &&
            std::string_view("./-").find(c) == std::string_view::npos)
            return false;
    // What some YAML reader takes for something else than a text.
    constexpr std::array<std::string_view, 9> taken{"true", "false", "null", "yes", "no",
                                                    "on",   "off",   "y",    "n"};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return std::find(taken.begin(), taken.end(), lower) == taken.end();
}

// A JSON text is a YAML text, but for DEL, which YAML wants escaped. Non-ASCII stays readable.
std::string quoted(std::string_view text) {
    std::string out = json::serialize(json::value(text));
    for (auto at = out.find('\x7f'); at != std::string::npos; at = out.find('\x7f', at))
        out.replace(at, 1, "\\u007f");
    return out;
}

std::string scalar(const json::value& value) {
    if (const auto* text = value.if_string()) {
        std::string_view words = *text;
        return is_word(words) ? std::string(words) : quoted(words);
    }
    return write_json(value);
}

// "on" is a key of ours, and read as a text.
std::string key_text(std::string_view key) {
    return key == "on" || is_word(key) ? std::string(key) : quoted(key);
}

// Texts of several lines that a literal block gives back as they are.
bool is_block(const json::value& value) {
    const auto* text = value.if_string();
    if (!text || text->find('\n') == json::string::npos) return false;
    std::string_view words = *text;
    if (words.front() == ' ' || words.front() == '\n' || words.ends_with("\n\n")) return false;
    bool plain = std::all_of(words.begin(), words.end(),
                             [](unsigned char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); });
    return plain && words.find(" \n") == std::string_view::npos && words.back() != ' ';
}

bool is_short_list(const json::array& list) {
    std::size_t size = 0;
    for (const auto& item : list) {
        if (item.is_array() || item.is_object()) return false;
        size += scalar(item).size() + 2;
    }
    return size <= 80;
}

class YamlWriter {
  public:
    // What follows "key:" or "-".
    void value(const json::value& value, int indent) {
        const auto* object = value.if_object();
        const auto* list = value.if_array();
        if (object && !object->empty()) {
            out_ += "\n";
            members(*object, indent, false);
        } else if (list && !list->empty() && !is_short_list(*list)) {
            out_ += "\n";
            for (const auto& item : *list) entry(item, indent);
        } else if (list) {
            out_ += " [";
            for (std::size_t i = 0; i < list->size(); ++i) out_ += (i == 0 ? "" : ", ") + scalar((*list)[i]);
            out_ += "]\n";
        } else if (is_block(value)) {
            block(value.get_string(), indent);
        } else {
            out_ += " " + scalar(value) + "\n";
        }
    }

    void members(const json::object& object, int indent, bool started) {
        for (const auto& [key, item] : object) {
            if (!started) out_.append(std::size_t(indent), ' ');
            started = false;
            out_ += key_text(key) + ":";
            value(item, indent + 2);
        }
    }

    void entry(const json::value& item, int indent) {
        out_.append(std::size_t(indent), ' ') += "-";
        const auto* object = item.if_object();
        if (object && !object->empty()) {
            out_ += " ";
            members(*object, indent + 2, true);
        } else {
            value(item, indent + 2);
        }
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void block(std::string_view text, int indent) {
        bool ends = text.back() == '\n';
        out_ += ends ? " |\n" : " |-\n";
        if (ends) text.remove_suffix(1);
        while (true) {
            auto end = text.find('\n');
            auto line = text.substr(0, end);
            if (!line.empty()) out_.append(std::size_t(indent), ' ').append(line);
            out_ += "\n";
            if (end == std::string_view::npos) break;
            text.remove_prefix(end + 1);
        }
    }

    std::string out_;
};

}  // namespace

std::string to_yaml(std::span<const Value> values, ClearText clear_text) {
    json::object root;
    for (auto kind : all_kinds) {
        json::array list;
        for (const auto& value : values) {
            if (kind_of(value) != kind) continue;
            auto document = to_document(value, clear_text);
            document.erase("imported");
            list.push_back(std::move(document));
        }
        if (!list.empty()) root[section_name(kind)] = std::move(list);
    }
    if (root.empty()) return "platforms: []\n";
    YamlWriter writer;
    writer.members(root, 0, false);
    return writer.take();
}

std::string environment_yaml(const std::map<std::string, std::string>& values) {
    if (values.empty()) return "{}\n";
    json::object root;
    for (const auto& [name, value] : values) root[name] = value;
    YamlWriter writer;
    writer.members(root, 0, false);
    return writer.take();
}

}  // namespace polysync::definition
