// The regular expressions of the AWS models, on UTF-8 text: classes, groups, alternation, quantifiers, \w \d
// \s, \uXXXX (surrogate pairs are joined) and the properties \p{L} \p{N} \p{Z} \p{ASCII}. std::regex knows
// neither UTF-8 nor those, and recurses once per character. A match is of the whole text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace polysync::sandbox {

class Pattern {
  public:
    // A pattern that cannot be read matches everything: the models are fixed and a test reads each of them.
    explicit Pattern(std::string_view source);
    [[nodiscard]] bool valid() const { return valid_; }
    // Whole-text match. Bounded: a text that needs more than a million steps does not match.
    [[nodiscard]] bool matches(std::string_view utf8) const;

  private:
    struct Range {
        char32_t low, high;
    };
    enum class Property : std::uint8_t { none, letter, number, separator };
    struct Set {
        std::vector<Range> ranges;
        std::vector<Property> properties;
        bool negated = false;
        [[nodiscard]] bool holds(char32_t c) const;
    };
    // A sequence of nodes is a path; a node is a set of characters or a group of alternative paths, repeated.
    struct Node {
        int set = -1;                   // index into sets_, or -1 for a group
        std::vector<int> alternatives;  // paths, for a group
        std::uint32_t low = 1, high = 1;
    };
    using Path = std::vector<Node>;
    struct Frame;  // what is still to match after the current path
    class Parser;
    struct Matcher;

    std::vector<Set> sets_;
    std::vector<Path> paths_;
    int root_ = -1;
    bool valid_ = false;
};

// UTF-8 to code points; malformed bytes become U+FFFD.
[[nodiscard]] std::u32string decode_utf8(std::string_view text);

}  // namespace polysync::sandbox
