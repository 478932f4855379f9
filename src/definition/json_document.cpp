// JSON values as documents, and the way to a field of any document.
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "definition/document.h"

namespace polysync::definition {
namespace {

Node node_of(const boost::json::value& value, std::string path, std::vector<std::string>& paths) {
    Node node;
    node.mark = {0, int(paths.size())};
    paths.push_back(path);
    if (const auto* object = value.if_object()) {
        node.kind = NodeKind::map;
        for (const auto& [key, item] : *object) {
            std::string name(key);
            Node made = node_of(item, path.empty() ? name : path + "." + name, paths);
            Mark mark = made.mark;
            node.members.push_back({std::move(name), mark, std::move(made)});
        }
    } else if (const auto* list = value.if_array()) {
        node.kind = NodeKind::sequence;
        for (std::size_t i = 0; i < list->size(); ++i)
            node.items.push_back(node_of((*list)[i], fmt::format("{}[{}]", path, i), paths));
    } else if (!value.is_null()) {
        node.kind = NodeKind::scalar;
        node.plain = !value.is_string();
        node.text = text_of_json(value);
    }
    return node;
}

// The member whose key begins `field`: all of it, or up to a '.' or '['; the longest wins, since names of
// parameters may hold dots.
const Member* first_member(const Node& map, std::string_view field) {
    const Member* found = nullptr;
    for (const auto& member : map.members) {
        const std::string& key = member.key;
        bool ends = field.size() == key.size() ||
                    (field.size() > key.size() && (field[key.size()] == '.' || field[key.size()] == '['));
        if (ends && field.starts_with(key) && (!found || key.size() > found->key.size())) found = &member;
    }
    return found;
}

}  // namespace

Node from_json(const boost::json::value& value, std::vector<std::string>& paths) {
    return node_of(value, {}, paths);
}

const Node& find_nearest(const Node& root, std::string_view field, std::string& path) {
    const Node* at = &root;
    path.clear();
    while (!field.empty()) {
        if (field.front() == '[' && at->is_sequence()) {
            std::size_t index = 0, close = std::min(field.find(']'), field.size() - 1);
            std::from_chars(field.data() + 1, field.data() + close, index);
            if (index >= at->items.size()) break;
            at = &at->items[index];
            path += fmt::format("[{}]", index);
            field.remove_prefix(close + 1);
        } else if (at->is_map()) {
            const Member* member = first_member(*at, field);
            std::size_t length = member ? member->key.size() : 0;
            if (!member && field.starts_with("parent")) {
                member = at->find("task") ? at->find("task") : at->find("source");
                length = 6;
            }
            if (!member) break;
            at = &member->value;
            path += (path.empty() ? "" : ".") + member->key;
            field.remove_prefix(length);
        } else {
            break;
        }
        if (!field.empty() && field.front() == '.') field.remove_prefix(1);
    }
    return *at;
}

}  // namespace polysync::definition
