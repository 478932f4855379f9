// What `polysync dev` shows: definitions of about 30 tasks, and the AWS resources that they run. In the
// binary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace polysync::app {

struct SampleFile {
    std::string_view name;  // "sales.yaml"
    std::string_view text;
};

// Definition files; their endpoint is sample_endpoint.
[[nodiscard]] std::vector<SampleFile> sample_definitions();
inline constexpr std::string_view sample_endpoint = "http://127.0.0.1:4570";

// A JSON array of calls to the sandbox's admin endpoint: each its "path", and its document beside it.
[[nodiscard]] std::string_view sample_resources();

}  // namespace polysync::app
