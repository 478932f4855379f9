// Links into the AWS consoles (GLUE-8, BATCH-7, SM-6, SFN-8), in every partition that has a public one.
#pragma once

#include <string>
#include <string_view>

namespace polysync {

// "https://{region}.{console host}/{path}", or empty in the ISO partitions, whose consoles are not public: no
// link is better than a wrong one. `path` goes in as it is. Hosts: partitions.json of the SDKs
// (aws-facts 11.1).
[[nodiscard]] std::string console_link(std::string_view region, std::string_view path);

// Everything but unreserved characters (RFC 3986) as %XX, '/' and ':' too.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace polysync
