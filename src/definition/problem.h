// What is wrong with a definition, and where.
#pragma once

#include <span>
#include <string>

namespace polysync::definition {

// A place in a file; lines and columns count from 1, columns in characters. Line 0: the file as a whole, or a
// document without lines.
struct Mark {
    int line = 0;
    int column = 0;
};

struct Problem {
    std::string file;  // empty: a document without a file
    Mark mark;
    std::string message;  // what is wrong, the nearest known word, what is allowed; never holds a secret's
                          // value
    std::string field;    // of a document without lines: "schedules[0].cron"; empty: the whole

    // "polysync.yaml:7:5", or the field
    [[nodiscard]] std::string place() const;
    // "polysync.yaml:7:5: unknown key …"
    [[nodiscard]] std::string describe() const;
};

// One problem per line.
[[nodiscard]] std::string describe(std::span<const Problem> problems);

}  // namespace polysync::definition
