#include "sandbox/services/filter_pattern.h"

#include <charconv>

#include <boost/json/parse.hpp>

#include "sandbox/services/input.h"

namespace polysync::sandbox {

namespace {

using Node = FilterPattern::Node;

constexpr int max_depth = 16;

Error bad() { return make_error(ErrorKind::invalid_input, "invalid_pattern", "Invalid filter pattern"); }

// '*' stands for any text.
bool like(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::optional<double> as_number(std::string_view text) {
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// Recursive descent over "{ a && (b || c) }", without the braces.
class Selector {
  public:
    explicit Selector(std::string_view rest) : rest_(rest) {}

    std::optional<Node> whole() {
        auto node = any_of(0);
        skip();
        return node && rest_.empty() ? std::move(node) : std::nullopt;
    }

  private:
    void skip() {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    }
    bool take(std::string_view word) {
        skip();
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    std::optional<Node> any_of(int depth) { return joined(depth, "||", Node::Kind::any_of); }

    std::optional<Node> joined(int depth, std::string_view by, Node::Kind kind) {
        Node node;
        node.kind = kind;
        do {
            auto child = kind == Node::Kind::any_of ? joined(depth, "&&", Node::Kind::all_of) : one(depth);
            if (!child) return std::nullopt;
            node.children.push_back(std::move(*child));
        } while (take(by));
        return node;
    }

    std::optional<Node> one(int depth) {
        if (depth > max_depth) return std::nullopt;
        if (take("(")) {
            auto inner = any_of(depth + 1);
            return inner && take(")") ? std::move(inner) : std::nullopt;
        }
        Node node;
        if (!take("$.")) return std::nullopt;
        std::string path = word("= !<>)&|");
        for (std::size_t dot = 0; dot != std::string::npos;) {
            dot = path.find('.');
            node.path.push_back(path.substr(0, dot));
            if (dot != std::string::npos) path.erase(0, dot + 1);
        }
        for (const char* sign : {"!=", "<=", ">=", "=", "<", ">"}) {
            if (node.comparison.empty() && take(sign)) node.comparison = sign;
        }
        if (node.comparison.empty()) return std::nullopt;
        skip();
        if (!rest_.empty() && rest_.front() == '"') {
            const std::size_t end = rest_.find('"', 1);
            if (end == std::string_view::npos) return std::nullopt;
            node.value = rest_.substr(1, end - 1);
            node.quoted = true;
            rest_.remove_prefix(end + 1);
        } else {
            node.value = word(" )&|");
        }
        return node.value.empty() && !node.quoted ? std::nullopt : std::optional<Node>(std::move(node));
    }

    std::string word(std::string_view stops) {
        const std::size_t end = rest_.find_first_of(stops);
        std::string found(rest_.substr(0, end));
        rest_.remove_prefix(found.size());
        return found;
    }

    std::string_view rest_;
};

bool compare(const Node& node, const Json* value) {
    if (!value) return false;
    if (value->is_string()) {
        const bool same = like(node.value, view(*value));
        if (node.comparison == "=") return same;
        if (node.comparison == "!=") return !same;
    }
    std::optional<double> left;
    if (value->is_number()) left = value->to_number<double>();
    const auto right = as_number(node.value);
    if (!left || !right) return false;
    if (node.comparison == "=") return *left == *right;
    if (node.comparison == "!=") return *left != *right;
    if (node.comparison == "<") return *left < *right;
    if (node.comparison == "<=") return *left <= *right;
    return node.comparison == ">" ? *left > *right : *left >= *right;
}

bool holds(const Node& node, const JsonObject& root) {
    if (node.kind == Node::Kind::compare) {
        const JsonObject* at = &root;
        for (std::size_t i = 0; i + 1 < node.path.size() && at; ++i) at = object_in(*at, node.path[i]);
        const auto it = at ? at->find(node.path.back()) : JsonObject::const_iterator();
        return compare(node, at && it != at->end() ? &it->value() : nullptr);
    }
    const bool all = node.kind == Node::Kind::all_of;
    for (const Node& child : node.children) {
        if (holds(child, root) != all) return !all;
    }
    return all;
}

}  // namespace

Result<FilterPattern> FilterPattern::parse(std::string_view pattern) {
    FilterPattern made;
    const std::size_t first = pattern.find_first_not_of(' ');
    if (first == std::string_view::npos) return made;
    pattern.remove_prefix(first);
    if (pattern.front() == '{') {
        const std::size_t end = pattern.find_last_not_of(' ');
        if (end == 0 || pattern[end] != '}') return bad();
        auto node = Selector(pattern.substr(1, end - 1)).whole();
        if (!node) return bad();
        made.json_ = std::make_shared<const Node>(std::move(*node));
        return made;
    }
    while (!pattern.empty()) {
        if (pattern.front() == ' ') {
            pattern.remove_prefix(1);
            continue;
        }
        auto* list = &made.required_;
        if (pattern.front() == '?' || pattern.front() == '-') {
            list = pattern.front() == '?' ? &made.optional_ : &made.excluded_;
            pattern.remove_prefix(1);
        }
        const bool quoted = pattern.starts_with('"');
        const std::size_t end = pattern.find(quoted ? '"' : ' ', quoted ? 1 : 0);
        if (quoted && end == std::string_view::npos) return bad();
        std::string term(pattern.substr(quoted ? 1 : 0, quoted ? end - 1 : end));
        if (term.empty()) return bad();
        list->push_back(std::move(term));
        pattern.remove_prefix(end == std::string_view::npos ? pattern.size() : end + (quoted ? 1 : 0));
    }
    return made;
}

bool FilterPattern::matches(std::string_view message) const {
    if (json_) {
        boost::system::error_code error;
        const Json root = boost::json::parse(message, error);
        return !error && root.is_object() && holds(*json_, root.get_object());
    }
    const auto occurs = [&](const std::string& term) { return message.find(term) != std::string_view::npos; };
    for (const std::string& term : required_) {
        if (!occurs(term)) return false;
    }
    for (const std::string& term : excluded_) {
        if (occurs(term)) return false;
    }
    for (const std::string& term : optional_) {
        if (occurs(term)) return true;
    }
    return optional_.empty();
}

}  // namespace polysync::sandbox
