#include "sandbox/services/log_source.h"

namespace polysync::sandbox {

std::vector<LogLine> spread_lines(const std::vector<std::string>& lines, SandboxTime begin, SandboxTime end,
                                  SandboxTime until) {
    std::vector<LogLine> spread;
    const auto span = end - begin;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const SandboxTime at = begin + span * std::int64_t(i) / std::int64_t(lines.size());
        if (at > until) break;
        spread.push_back({at, lines[i]});
    }
    return spread;
}

}  // namespace polysync::sandbox
