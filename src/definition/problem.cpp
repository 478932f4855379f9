#include "definition/problem.h"

namespace polysync::definition {

std::string Problem::place() const {
    if (file.empty()) return field;
    if (mark.line == 0) return file;
    return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

std::string Problem::describe() const {
    std::string where = place();
    return where.empty() ? message : where + ": " + message;
}

std::string describe(std::span<const Problem> problems) {
    std::string out;
    for (const auto& problem : problems) out += problem.describe() + "\n";
    return out;
}

}  // namespace polysync::definition
