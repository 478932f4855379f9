#include "base/nearest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace polysync {
namespace {

std::string fold(std::string_view word) {
    std::string out;
    for (unsigned char c : word.substr(0, 256)) {
        if (c != '-' && c != '_') out += char(std::tolower(c));
    }
    return out;
}

// Edits that turn a into b: insert, delete, replace, or swap two neighbours (optimal string alignment).
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
    std::string folded = fold(word);
    std::string best;
    std::size_t best_distance = SIZE_MAX;
    for (const auto& candidate : known) {
        std::string other = fold(candidate);
        std::size_t limit = std::max<std::size_t>(1, std::max(folded.size(), other.size()) / 3);
        std::size_t d = distance(folded, other);
        if (d <= limit && d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

}  // namespace polysync
