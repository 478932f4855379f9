#include "sandbox/pattern.h"

#include <limits>

namespace polysync::sandbox {
namespace {

constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t step_limit = 1'000'000;

bool is_letter(char32_t c) {
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    // Coarse beyond ASCII: everything that is neither control, punctuation, symbol block nor space counts.
    return c == 0xaa || c == 0xb5 || c == 0xba ||
           (c >= 0xc0 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c < 0x2c00) &&
            !(c >= 0x3000 && c < 0x3005) && !(c >= 0xe000 && c < 0xf900) && !(c >= 0x1f000 && c < 0x20000));
}
bool is_number(char32_t c) {
    return (c >= '0' && c <= '9') || c == 0xb2 || c == 0xb3 || c == 0xb9 || (c >= 0x660 && c <= 0x669) ||
           (c >= 0x966 && c <= 0x96f) || (c >= 0xff10 && c <= 0xff19);
}
bool is_separator(char32_t c) {
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        auto lead = static_cast<unsigned char>(text[i++]);
        int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
        char32_t c = more <= 0 ? lead : lead & (0x3f >> more);
        if (more < 0) c = 0xfffd;
        for (; more > 0; --more) {
            if (i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
                c = 0xfffd;
                break;
            }
            c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
        }
        out += c;
    }
    return out;
}

bool Pattern::Set::holds(char32_t c) const {
    bool found = false;
    for (auto& range : ranges)
        if (c >= range.low && c <= range.high) found = true;
    for (auto property : properties)
        if ((property == Property::letter && is_letter(c)) ||
            (property == Property::number && is_number(c)) ||
            (property == Property::separator && is_separator(c)))
            found = true;
    return found != negated;
}

class Pattern::Parser {
  public:
    Parser(Pattern& pattern, std::string_view source) : pattern_(pattern), text_(decode_utf8(source)) {}

    bool run() {
        Node root;
        if (!alternatives(root) || at_ != text_.size()) return false;
        pattern_.paths_.push_back({root});
        pattern_.root_ = int(pattern_.paths_.size()) - 1;
        return true;
    }

  private:
    bool more() const { return at_ < text_.size(); }
    bool take(char32_t c) { return more() && text_[at_] == c ? (++at_, true) : false; }

    bool alternatives(Node& group) {
        if (++depth_ > 32) return false;
        do {
            Path path;
            if (!sequence(path)) return false;
            pattern_.paths_.push_back(std::move(path));
            group.alternatives.push_back(int(pattern_.paths_.size()) - 1);
        } while (take('|'));
        --depth_;
        return true;
    }

    bool sequence(Path& path) {
        while (more() && text_[at_] != '|' && text_[at_] != ')') {
            if (take('^') || take('$')) continue;  // a match is of the whole text anyway
            Node node;
            if (!atom(node) || !quantifier(node)) return false;
            path.push_back(std::move(node));
        }
        return true;
    }

    bool atom(Node& node) {
        if (take('(')) {
            if (take('?') && !take(':')) return false;
            return alternatives(node) && take(')');
        }
        Set set;
        if (take('[')) {
            if (!char_class(set)) return false;
        } else if (take('.')) {
            set.negated = true;
            set.ranges = {{'\n', '\n'}, {'\r', '\r'}};
        } else if (take('\\')) {
            char32_t c;
            if (!escape(set, c)) return false;
        } else {
            char32_t c = text_[at_++];
            if (c == '*' || c == '+' || c == '?' || c == '{') return false;
            set.ranges.push_back({c, c});
        }
        pattern_.sets_.push_back(std::move(set));
        node.set = int(pattern_.sets_.size()) - 1;
        return true;
    }

    bool char_class(Set& set) {
        set.negated = take('^');
        for (bool first = true; !take(']'); first = false) {
            if (!more()) return false;
            char32_t low = text_[at_++];
            if (low == '\\') {
                auto before = set.ranges.size() + set.properties.size();
                if (!escape(set, low)) return false;
                bool single = set.ranges.size() + set.properties.size() == before + 1 && low != no_char;
                if (!single) continue;
                set.ranges.pop_back();
            }
            char32_t high = low;
            if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']' &&
                !(first && low == '-')) {
                ++at_;
                high = text_[at_++];
                if (high == '\\') {
                    Set scratch;
                    if (!escape(scratch, high) || high == no_char) return false;
                }
            }
            if (high < low) return false;
            set.ranges.push_back({low, high});
        }
        return true;
    }

    // After a backslash: adds what it stands for to `set`; `single` is its character, or no_char for a class.
    bool escape(Set& set, char32_t& single) {
        if (!more()) return false;
        single = no_char;
        char32_t c = text_[at_++];
        switch (c) {
            case 'w':
                set.ranges.insert(set.ranges.end(), {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}});
                return true;
            case 'd':
                set.ranges.push_back({'0', '9'});
                return true;
            case 's':
                set.ranges.insert(set.ranges.end(), {{' ', ' '}, {'\t', '\r'}});
                return true;
            case 'S':
                set.negated = true;
                set.ranges.insert(set.ranges.end(), {{' ', ' '}, {'\t', '\r'}});
                return true;
            case 'p':
                return property(set);
            case 't':
                single = '\t';
                break;
            case 'n':
                single = '\n';
                break;
            case 'r':
                single = '\r';
                break;
            case 'u':
                if (!unicode(single)) return false;
                break;
            default:
                single = c;
        }
        set.ranges.push_back({single, single});
        return true;
    }

    bool property(Set& set) {
        if (!take('{')) return false;
        std::string name;
        while (more() && text_[at_] != '}') name += char(text_[at_++]);
        if (!take('}')) return false;
        if (name == "ASCII")
            set.ranges.push_back({0, 0x7f});
        else if (name == "L")
            set.properties.push_back(Property::letter);
        else if (name == "N")
            set.properties.push_back(Property::number);
        else if (name == "Z")
            set.properties.push_back(Property::separator);
        else
            return false;
        return true;
    }

    bool hex4(char32_t& out) {
        out = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            if (!more()) return false;
            char32_t c = text_[at_] | 0x20;
            if (c >= '0' && c <= '9')
                out = out * 16 + (c - '0');
            else if (c >= 'a' && c <= 'f')
                out = out * 16 + (c - 'a' + 10);
            else
                return false;
        }
        return true;
    }

    bool unicode(char32_t& out) {
        if (!hex4(out)) return false;
        bool pair = out >= 0xd800 && out < 0xdc00 && at_ + 1 < text_.size() && text_[at_] == '\\' &&
                    text_[at_ + 1] == 'u';
        if (!pair) return true;
        at_ += 2;
        char32_t second;
        if (!hex4(second)) return false;
        out = 0x10000 + ((out - 0xd800) << 10) + (second - 0xdc00);
        return true;
    }

    bool number(std::uint32_t& out) {
        auto start = at_;
        for (out = 0; more() && text_[at_] >= '0' && text_[at_] <= '9' && out < 100000; ++at_)
            out = out * 10 + (text_[at_] - '0');
        return at_ > start;
    }

    bool quantifier(Node& node) {
        if (take('*'))
            node.low = 0, node.high = unlimited;
        else if (take('+'))
            node.low = 1, node.high = unlimited;
        else if (take('?'))
            node.low = 0, node.high = 1;
        else if (take('{')) {
            if (!number(node.low)) return false;
            node.high = node.low;
            if (take(',') && !number(node.high)) node.high = unlimited;
            return take('}') && node.high >= node.low;
        }
        return true;
    }

    static constexpr char32_t no_char = 0xffffffff;
    Pattern& pattern_;
    std::u32string text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

// What follows: the rest of a path, `repeats` of whose group node are done, then the outer frame.
struct Pattern::Frame {
    const Path* path;
    std::size_t node;
    std::uint32_t repeats;
    std::size_t began;  // where the current repetition began, so that an empty one ends the loop
    const Frame* outer;
};

struct Pattern::Matcher {
    const Pattern& pattern;
    const std::u32string& text;
    std::size_t steps = 0;

    bool run(const Path& path, std::size_t node, std::size_t at, const Frame* outer) {
        if (++steps > step_limit) return false;
        if (node == path.size()) return outer ? resume(*outer, at) : at == text.size();
        auto& current = path[node];
        if (current.set >= 0) return run_set(path, node, at, outer);
        return repeat(path, node, 0, at, outer);
    }

    bool run_set(const Path& path, std::size_t node, std::size_t at, const Frame* outer) {
        auto& current = path[node];
        auto& set = pattern.sets_[std::size_t(current.set)];
        std::size_t end = at;
        while (end < text.size() && end - at < current.high && set.holds(text[end])) ++end;
        if (end - at < current.low) return false;
        for (;; --end) {
            if (run(path, node + 1, end, outer)) return true;
            if (end == at + current.low) return false;
            if (++steps > step_limit) return false;
        }
    }

    bool repeat(const Path& path, std::size_t node, std::uint32_t done, std::size_t at, const Frame* outer) {
        auto& current = path[node];
        if (done < current.high) {
            Frame frame{&path, node, done + 1, at, outer};
            for (int alternative : current.alternatives)
                if (run(pattern.paths_[std::size_t(alternative)], 0, at, &frame)) return true;
        }
        return done >= current.low && run(path, node + 1, at, outer);
    }

    bool resume(const Frame& frame, std::size_t at) {
        bool empty = at == frame.began && frame.repeats >= (*frame.path)[frame.node].low;
        if (empty) return run(*frame.path, frame.node + 1, at, frame.outer);
        return repeat(*frame.path, frame.node, frame.repeats, at, frame.outer);
    }
};

Pattern::Pattern(std::string_view source) { valid_ = Parser(*this, source).run(); }

bool Pattern::matches(std::string_view utf8) const {
    if (!valid_) return true;
    auto text = decode_utf8(utf8);
    Matcher matcher{*this, text};
    return matcher.run(paths_[std::size_t(root_)], 0, 0, nullptr);
}

}  // namespace polysync::sandbox
