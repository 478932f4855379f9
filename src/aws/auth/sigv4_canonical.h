// The canonical forms of SigV4's path, query and headers (aws-facts 10.1, 10.3).
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/sigv4.h"

namespace polysync::aws {

// Percent-encoded once more than it came, '/' kept; empty becomes "/".
void append_canonical_path(std::string_view path, PathForm form, std::string& out);
// Names and values decoded, encoded anew and sorted; a name without '=' gets an empty value.
void append_canonical_query(std::string_view query, std::string& out);
// Everything but A-Z a-z 0-9 - _ . ~ as %XX with upper-case digits.
void append_percent_encoded(std::string_view text, bool keep_slash, std::string& out);

// The headers to sign in the order in which they are signed. Refers to the caller's headers.
class SortedHeaders {
  public:
    explicit SortedHeaders(std::span<const HeaderView> headers);
    // "name:value\n" each; values trimmed, white space squeezed, repeated headers joined with ','.
    void append_canonical(std::string& out) const;
    void append_names(std::string& out) const;  // "a;b;c"

  private:
    [[nodiscard]] std::span<const HeaderView> sorted() const;

    std::array<HeaderView, 16> few_;
    std::vector<HeaderView> many_;
    std::size_t size_;
};

}  // namespace polysync::aws
