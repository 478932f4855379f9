// Opaque page tokens: a position in a listing, bound to the listing's arguments, with an issue time and a
// checksum. They hold '+', '/' and '=', as AWS's do, so that a client which does not pass them on unchanged
// is found out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/service.h"

namespace polysync::sandbox {

// 64-bit FNV-1a: the sandbox's checksum and hash (no secret is kept by it).
[[nodiscard]] std::uint64_t fnv1a(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL);

struct PagePosition {
    std::int64_t at = 0;     // what it means is the listing's own affair
    std::uint32_t page = 0;  // pages given so far
    std::string key;         // for listings by name
};

// `scope` names the listing: operation, account, region and every argument but page size and token.
[[nodiscard]] std::string make_page_token(const PagePosition& position, std::string_view scope,
                                          SandboxTime now);

// Empty where the token was not made here for this very scope, or is older than `lifetime`.
[[nodiscard]] std::optional<PagePosition> read_page_token(std::string_view token, std::string_view scope,
                                                          SandboxTime now, std::chrono::hours lifetime);

// The scope of a call: operation, place and all members of `input` but those that name the page.
[[nodiscard]] std::string page_scope(std::string_view operation, const boost::json::object& input,
                                     const CallContext& context);

}  // namespace polysync::sandbox
