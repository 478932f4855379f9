#include "cli/platforms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "definition/definition.h"

namespace polysync::cli {

std::optional<std::vector<Platform>> load_platforms(const std::string& file, Output& output) {
    auto reading = definition::read_file(file);
    for (const auto& warning : reading.warnings) output.warn(warning.describe());
    if (reading.ok()) return std::move(reading.platforms);
    std::vector<std::string> lines;
    for (const auto& error : reading.errors) lines.push_back(error.describe());
    bool missing = reading.errors.size() == 1 && reading.errors[0].mark.line == 0;
    if (missing) lines.emplace_back("-f names another file; docs/definition.md says what it holds.");
    output.errors("invalid_definition", "the definition file is refused:", lines);
    return std::nullopt;
}

std::optional<Platform> find_platform(const std::string& file, const std::string& name, Output& output) {
    auto platforms = load_platforms(file, output);
    if (!platforms) return std::nullopt;
    std::vector<std::string> names;
    for (auto& platform : *platforms) {
        if (platform.name == name) return std::move(platform);
        names.push_back(platform.name);
    }
    std::string near = nearest_word(name, names);
    std::size_t shown = std::min<std::size_t>(names.size(), 20);
    output.error(make_error(
        ErrorKind::invalid_input, "unknown_platform",
        fmt::format("{} has no platform '{}'{}", file, name,
                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
        names.empty() ? ""
                      : fmt::format("Known: {}{}",
                                    fmt::join(names.begin(), names.begin() + std::ptrdiff_t(shown), ", "),
                                    shown < names.size() ? ", …" : ".")));
    return std::nullopt;
}

}  // namespace polysync::cli
