#include "definition/document.h"

#include <charconv>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/utf8.h"

namespace polysync::definition {
namespace {

Mark at(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Ends a parse that a limit or an unreadable part makes pointless; never leaves this file.
struct Refused {
    Mark mark;
    std::string message;
};

std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const auto& item : node.items) count += count_nodes(item);
    for (const auto& member : node.members) count += count_nodes(member.value);
    return count;
}

int depth_of(const Node& node) {
    int deepest = 0;
    for (const auto& item : node.items) deepest = std::max(deepest, depth_of(item));
    for (const auto& member : node.members) deepest = std::max(deepest, depth_of(member.value));
    return deepest + 1;
}

// Builds the tree from yaml-cpp's events. One per document; single-threaded.
class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(std::string file, std::vector<Problem>& problems, const DocumentLimits& limits)
        : file_(std::move(file)), problems_(problems), limits_(limits) {}

    [[nodiscard]] Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnAnchor(const YAML::Mark&, const std::string&) override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node;
        node.mark = at(mark);
        put(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        auto known = anchors_.find(anchor);
        if (known == anchors_.end()) throw Refused{at(mark), "an alias inside the part that it names"};
        if (int(open_.size()) + known->second.depth > limits_.max_depth) too_deep(at(mark));
        count(known->second.nodes, at(mark));
        Node copy = known->second.node;
        copy.mark = at(mark);
        put(std::move(copy), 0, false);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        Node node;
        node.mark = at(mark);
        node.plain = tag == "?" || (tag != "!" && tag != "tag:yaml.org,2002:str");
        bool is_null = node.plain && (value == "~" || value == "null" || value == "Null" || value == "NULL");
        node.kind = is_null ? NodeKind::null : NodeKind::scalar;
        if (!is_null) node.text = value;
        put(std::move(node), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(mark, tag, anchor, NodeKind::sequence);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(mark, tag, anchor, NodeKind::map);
    }
    void OnMapEnd() override { end(); }

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor = 0;
        std::optional<std::string> key;  // map: read, its value comes next
        Mark key_mark;
        std::vector<Node> merged;  // the maps of "<<"
    };
    struct Anchored {
        Node node;
        std::size_t nodes = 0;
        int depth = 0;
    };

    void problem(Mark mark, std::string message) { problems_.push_back({file_, mark, std::move(message)}); }

    [[noreturn]] void too_deep(Mark mark) const {
        throw Refused{mark, fmt::format("nested deeper than {} levels", limits_.max_depth)};
    }

    void count(std::size_t more, Mark mark) {
        nodes_ += more;
        if (nodes_ > limits_.max_nodes) {
            throw Refused{mark, fmt::format("more than {} values, aliases expanded", limits_.max_nodes)};
        }
    }

    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
        problem(at(mark), fmt::format("unknown YAML tag \"{}\"; definition files use none", tag));
    }

    void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
        check_tag(mark, tag);
        if (int(open_.size()) >= limits_.max_depth) too_deep(at(mark));
        count(1, at(mark));
        Open made;
        made.node.kind = kind;
        made.node.mark = at(mark);
        made.anchor = anchor;
        open_.push_back(std::move(made));
    }

    void end() {
        Open done = std::move(open_.back());
        open_.pop_back();
        for (auto& source : done.merged) {
            for (auto& member : source.members) {
                if (!done.node.find(member.key)) done.node.members.push_back(std::move(member));
            }
        }
        put(std::move(done.node), done.anchor, false);
    }

    void put(Node node, YAML::anchor_t anchor, bool counted = true) {
        if (counted) count(1, node.mark);
        // Anchored copies are kept beside the tree, so they count against the limit as well.
        if (anchor != 0) {
            std::size_t nodes = count_nodes(node);
            count(nodes, node.mark);
            anchors_[anchor] = {node, nodes, depth_of(node)};
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.is_sequence()) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            if (!node.is_scalar()) throw Refused{node.mark, "a key must be a text"};
            parent.key = node.text;
            parent.key_mark = node.mark;
        } else {
            add_member(parent, std::move(node));
        }
    }

    void add_member(Open& parent, Node value) {
        std::string key = std::move(*parent.key);
        parent.key.reset();
        if (key == "<<") {
            merge(parent, std::move(value));
        } else if (const Member* first = parent.node.find(key)) {
            problem(parent.key_mark,
                    fmt::format("duplicate key \"{}\"; it is already in line {}", key, first->mark.line));
        } else {
            parent.node.members.push_back({std::move(key), parent.key_mark, std::move(value)});
        }
    }

    void merge(Open& parent, Node value) {
        std::vector<Node> sources;
        if (value.is_sequence()) {
            sources = std::move(value.items);
        } else {
            sources.push_back(std::move(value));
        }
        for (auto& source : sources) {
            if (source.is_map()) {
                parent.merged.push_back(std::move(source));
            } else {
                problem(parent.key_mark, "\"<<\" takes a map or a list of maps");
            }
        }
    }

    std::string file_;
    std::vector<Problem>& problems_;
    const DocumentLimits& limits_;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Anchored> anchors_;
    Node root_;
    std::size_t nodes_ = 0;
};

// Refuses what is no text, so that nothing below meets a half character or a control character.
bool check_text(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
    Mark mark{1, 1};
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = utf8_length(text, i);
        auto c = static_cast<unsigned char>(text[i]);
        bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
        if (length == 0 || control) {
            problems.push_back({file, mark, length == 0 ? "not UTF-8 text" : "a control character"});
            return false;
        }
        mark = c == '\n' ? Mark{mark.line + 1, 1} : Mark{mark.line, mark.column + 1};
        i += length;
    }
    return true;
}

void append_utf8(std::string& out, unsigned code) {
    out += char(0xF0 | (code >> 18));
    out += char(0x80 | ((code >> 12) & 0x3F));
    out += char(0x80 | ((code >> 6) & 0x3F));
    out += char(0x80 | (code & 0x3F));
}

std::optional<unsigned> hex4(std::string_view text) {
    unsigned code = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    if (text.size() != 4 || error != std::errc() || end != text.data() + 4) return std::nullopt;
    return code;
}

// JSON writes characters beyond U+FFFF as two escapes, which YAML refuses: they become the character itself.
std::string join_surrogates(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] != 'u') {
            out += text.substr(i, 2);
            i += 2;
            continue;
        }
        auto high = text.substr(i, 2) == "\\u" ? hex4(text.substr(i + 2, 4)) : std::nullopt;
        if (high && *high >= 0xD800 && *high < 0xDC00 && text.substr(i + 6, 2) == "\\u") {
            auto low = hex4(text.substr(i + 8, 4));
            if (low && *low >= 0xDC00 && *low < 0xE000) {
                append_utf8(out, 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00));
                i += 12;
                continue;
            }
        }
        out += text[i++];
    }
    return out;
}

bool is_json(std::string_view text) {
    std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

std::optional<boost::json::value> plain_json(const std::string& text) {
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
    const char* end = text.data() + text.size();
    std::int64_t integer = 0;
    if (auto [stop, error] = std::from_chars(begin, end, integer); error == std::errc() && stop == end)
        return integer;
    bool digits = text.find_first_of("0123456789") != std::string::npos &&
                  text.find_first_not_of("+-.0123456789eE") == std::string::npos;
    double number = 0;
    if (!digits) return std::nullopt;
    if (auto [stop, error] = std::from_chars(begin, end, number); error == std::errc() && stop == end)
        return number;
    return std::nullopt;
}

}  // namespace

const Member* Node::find(std::string_view key) const {
    for (const auto& member : members) {
        if (member.key == key) return &member;
    }
    return nullptr;
}

std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<Problem>& problems, const DocumentLimits& limits) {
    std::size_t before = problems.size();
    if (text.size() > limits.max_bytes) {
        problems.push_back({file, {}, fmt::format("larger than {} bytes", limits.max_bytes)});
        return std::nullopt;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!check_text(text, file, problems)) return std::nullopt;
    TreeBuilder builder(file, problems, limits);
    try {
        std::istringstream input(is_json(text) ? join_surrogates(text) : std::string(text));
        YAML::Parser parser(input);
        parser.HandleNextDocument(builder);
        Node root = builder.take();
        TreeBuilder second(file, problems, limits);
        if (problems.size() == before && parser.HandleNextDocument(second)) {
            problems.push_back({file, second.take().mark, "a second document; a definition file holds one"});
        }
        if (problems.size() == before) return root;
    } catch (const Refused& refused) {
        problems.push_back({file, refused.mark, refused.message});
    } catch (const YAML::Exception& error) {
        Mark mark = error.mark.is_null() ? Mark{} : at(error.mark);
        problems.push_back({file, mark, "not valid YAML: " + error.msg});
    } catch (const std::exception&) {
        problems.push_back({file, {}, "not valid YAML"});
    }
    return std::nullopt;
}

boost::json::value to_json(const Node& node, Numbers numbers) {
    switch (node.kind) {
        case NodeKind::null:
            return nullptr;
        case NodeKind::scalar: {
            auto typed = node.plain ? plain_json(node.text) : std::nullopt;
            bool is_text = !typed || (numbers == Numbers::as_written && typed->is_number());
            return is_text ? boost::json::value(node.text) : *typed;
        }
        case NodeKind::sequence: {
            boost::json::array items;
            for (const auto& item : node.items) items.push_back(to_json(item, numbers));
            return items;
        }
        case NodeKind::map:
            break;
    }
    boost::json::object members;
    for (const auto& member : node.members) members[member.key] = to_json(member.value, numbers);
    return members;
}

std::string_view kind_name(const Node& node) {
    switch (node.kind) {
        case NodeKind::null:
            return "nothing";
        case NodeKind::map:
            return "a map";
        case NodeKind::sequence:
            return "a list";
        case NodeKind::scalar:
            break;
    }
    boost::json::value value = to_json(node);
    if (value.is_bool()) return "true or false";
    if (value.is_number()) return "a number";
    return "a text";
}

}  // namespace polysync::definition
