// "Did you mean …?": the nearest known word to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace polysync {

// The known word with the smallest edit distance (swapped neighbours count once; case, '-' and '_' do not
// count), if that distance is at most a third of the longer word's length, at least 1. Empty where nothing is
// near enough.
[[nodiscard]] std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace polysync
