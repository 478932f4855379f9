// A YAML (or JSON) document as a tree in which every node knows its place. What yaml-cpp accepts silently is
// refused here: duplicate keys, keys that are no texts, unknown tags, several documents. Size, depth and
// alias expansion are bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "definition/problem.h"

namespace polysync::definition {

enum class NodeKind { null, scalar, sequence, map };

struct Member;

struct Node {
    NodeKind kind = NodeKind::null;
    std::string text;    // scalar
    bool plain = false;  // scalar without quotes and without a string tag: may be a number or a boolean
    Mark mark;
    std::vector<Node> items;      // sequence
    std::vector<Member> members;  // map, in the file's order, keys are distinct

    [[nodiscard]] bool is_map() const { return kind == NodeKind::map; }
    [[nodiscard]] bool is_sequence() const { return kind == NodeKind::sequence; }
    [[nodiscard]] bool is_scalar() const { return kind == NodeKind::scalar; }
    // The member of that key; nullptr where there is none.
    [[nodiscard]] const Member* find(std::string_view key) const;
};

struct Member {
    std::string key;
    Mark mark;
    Node value;
};

struct DocumentLimits {
    std::size_t max_bytes = 1024 * 1024;
    std::size_t max_nodes = 100'000;  // after expansion of aliases
    int max_depth = 24;
};

// The root of the one document in `text`; nothing where `problems` got an error. An empty document is a null
// node.
[[nodiscard]] std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                                 std::vector<Problem>& problems,
                                                 const DocumentLimits& limits = {});

// The node as JSON by YAML's core rules: plain true, false, null, integers and numbers are typed, all else is
// text. With `as_written` numbers stay the texts that they are in the file: what becomes a text in the end
// must not lose a zero (4.0, 007).
enum class Numbers { typed, as_written };
[[nodiscard]] boost::json::value to_json(const Node& node, Numbers numbers = Numbers::typed);

// The tree of a JSON value. It has no lines: line 0, and as column the index of the node's path in `paths`
// ("schedules[0].cron"), which grows.
[[nodiscard]] Node from_json(const boost::json::value& value, std::vector<std::string>& paths);

// The node that a field names as the model and the engine do ("schedules[1].cron", "values.--date"), or its
// nearest ancestor in the tree; `path` becomes that one's own path. A key that the file writes otherwise
// (parent: task or source) is found too.
[[nodiscard]] const Node& find_nearest(const Node& root, std::string_view field, std::string& path);

// "a map", "a list", "a text", "a number", "true or false", "nothing": for messages.
[[nodiscard]] std::string_view kind_name(const Node& node);

}  // namespace polysync::definition
