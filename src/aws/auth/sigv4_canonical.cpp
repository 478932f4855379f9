#include "aws/auth/sigv4_canonical.h"

#include <algorithm>
#include <utility>

namespace polysync::aws {
namespace {

enum : unsigned char { unreserved = 1, white = 2, upper = 4 };

struct CharTable {
    unsigned char flags[256];
    constexpr CharTable() : flags() {
        for (int c = 'a'; c <= 'z'; ++c) flags[c] = unreserved;
        for (int c = 'A'; c <= 'Z'; ++c) flags[c] = unreserved | upper;
        for (int c = '0'; c <= '9'; ++c) flags[c] = unreserved;
        for (char c : {'-', '_', '.', '~'}) flags[static_cast<unsigned char>(c)] = unreserved;
        for (char c : {' ', '\t', '\n', '\v', '\f', '\r'}) flags[static_cast<unsigned char>(c)] = white;
    }
    [[nodiscard]] constexpr bool is(char c, unsigned char flag) const {
        return (flags[static_cast<unsigned char>(c)] & flag) != 0;
    }
};
constexpr CharTable chars;

char lower(char c) { return chars.is(c, upper) ? char(c + ('a' - 'A')) : c; }

bool is_lower(std::string_view name) {
    return std::none_of(name.begin(), name.end(), [](char c) { return chars.is(c, upper); });
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool name_before(const HeaderView& a, const HeaderView& b) {
    return std::lexicographical_compare(
        a.name.begin(), a.name.end(), b.name.begin(), b.name.end(), [](char x, char y) {
            return static_cast<unsigned char>(lower(x)) < static_cast<unsigned char>(lower(y));
        });
}

void append_lower(std::string_view name, std::string& out) {
    if (is_lower(name)) {
        out += name;
    } else {
        for (char c : name) out += lower(c);
    }
}

void append_squeezed(std::string_view value, std::string& out) {
    std::size_t i = 0;
    while (i < value.size()) {
        while (i < value.size() && chars.is(value[i], white)) ++i;
        std::size_t begin = i;
        // A single blank between two words is as it should be; most values are one run of this.
        while (i < value.size() && (!chars.is(value[i], white) || (value[i] == ' ' && i + 1 < value.size() &&
                                                                   !chars.is(value[i + 1], white))))
            ++i;
        out += value.substr(begin, i - begin);
        while (i < value.size() && chars.is(value[i], white)) ++i;
        if (i < value.size()) out += ' ';
    }
}

// botocore's rules, which AWS's vectors confirm: "/a/b/.." is "/a", a trailing slash stays.
std::string without_dot_segments(std::string_view path) {
    std::vector<std::string_view> kept;
    for (std::size_t begin = 0; begin <= path.size();) {
        std::size_t end = std::min(path.find('/', begin), path.size());
        std::string_view segment = path.substr(begin, end - begin);
        begin = end + 1;
        if (segment.empty() || segment == ".") continue;
        if (segment != "..")
            kept.push_back(segment);
        else if (!kept.empty())
            kept.pop_back();
    }
    std::string out;
    for (auto segment : kept) {
        out += '/';
        out += segment;
    }
    if (out.empty() || path.back() == '/') out += '/';
    return out;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode_and_encode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            decoded += char(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    std::string encoded;
    append_percent_encoded(decoded, false, encoded);
    return encoded;
}

}  // namespace

void append_percent_encoded(std::string_view text, bool keep_slash, std::string& out) {
    constexpr char digits[] = "0123456789ABCDEF";
    for (char c : text) {
        if (chars.is(c, unreserved) || (c == '/' && keep_slash)) {
            out += c;
        } else {
            auto byte = static_cast<unsigned char>(c);
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
}

void append_canonical_path(std::string_view path, PathForm form, std::string& out) {
    if (path.empty() || path == "/") {
        out += '/';
    } else if (form == PathForm::normalized) {
        append_percent_encoded(without_dot_segments(path), true, out);
    } else {
        append_percent_encoded(path, true, out);
    }
}

void append_canonical_query(std::string_view query, std::string& out) {
    if (query.empty()) return;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::size_t begin = 0; begin <= query.size();) {
        std::size_t end = std::min(query.find('&', begin), query.size());
        std::string_view pair = query.substr(begin, end - begin);
        begin = end + 1;
        if (pair.empty()) continue;
        std::size_t equals = pair.find('=');
        std::string_view value =
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        pairs.emplace_back(decode_and_encode(pair.substr(0, equals)), decode_and_encode(value));
    }
    std::sort(pairs.begin(), pairs.end());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (i > 0) out += '&';
        out += pairs[i].first;
        out += '=';
        out += pairs[i].second;
    }
}

SortedHeaders::SortedHeaders(std::span<const HeaderView> headers) : size_(headers.size()) {
    HeaderView* first = few_.data();
    if (size_ > few_.size()) {
        many_.resize(size_);
        first = many_.data();
    }
    std::copy(headers.begin(), headers.end(), first);
    // Stable, so that repeated headers keep their order; callers mostly hand them over sorted already.
    if (size_ > few_.size()) {
        std::stable_sort(first, first + size_, name_before);
        return;
    }
    for (std::size_t i = 1; i < size_; ++i) {
        if (!name_before(first[i], first[i - 1])) continue;
        auto place = std::upper_bound(first, first + i, first[i], name_before);
        std::rotate(place, first + i, first + i + 1);
    }
}

std::span<const HeaderView> SortedHeaders::sorted() const {
    return {size_ > few_.size() ? many_.data() : few_.data(), size_};
}

void SortedHeaders::append_canonical(std::string& out) const {
    auto headers = sorted();
    for (std::size_t i = 0; i < headers.size(); ++i) {
        append_lower(headers[i].name, out);
        out += ':';
        append_squeezed(headers[i].value, out);
        for (; i + 1 < headers.size() && same_name(headers[i].name, headers[i + 1].name); ++i) {
            out += ',';
            append_squeezed(headers[i + 1].value, out);
        }
        out += '\n';
    }
}

void SortedHeaders::append_names(std::string& out) const {
    auto headers = sorted();
    for (std::size_t i = 0; i < headers.size(); ++i) {
        if (i > 0 && same_name(headers[i].name, headers[i - 1].name)) continue;
        if (i > 0) out += ';';
        append_lower(headers[i].name, out);
    }
}

}  // namespace polysync::aws
