// Shared config and credentials files: any text ends in sections and problems that quote nothing of it.
#include <cstdint>
#include <string>
#include <vector>

#include "aws/config/shared_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> problems;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto sections = polysync::aws::parse_config_text(text, "config", problems);
    if (problems.size() > 20) __builtin_trap();
    for (const auto& [name, section] : sections) {
        if (name.empty()) __builtin_trap();
        for (const auto& [key, value] : section.values) {
            if (key.empty()) __builtin_trap();
        }
    }
    return 0;
}
