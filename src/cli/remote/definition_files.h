// Definition files on this machine: what apply and plan send, and what export writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"

namespace polysync::cli {

struct DefinitionFiles {
    boost::json::array files;                        // {path, text}
    std::optional<boost::json::object> environment;  // {name, path, text}
    std::string directory;                           // absolute: what manages the objects
    bool is_directory = false;                       // false: one file of it
};

// `path`: a file, or a directory with its .yaml, .yml and .json files below (but those of its environments/,
// and hidden ones). `environment`: the NAME of environments/NAME.yaml beside them; empty: none. Errors:
// invalid_input, with what cannot be read.
[[nodiscard]] Result<DefinitionFiles> read_definition_files(const std::string& path,
                                                            const std::string& environment);

// Writes {path, text} below the directory, made where it is not there. Errors: invalid_input (a path that
// leads out of it, a file that cannot be written).
[[nodiscard]] Status write_definition_file(const std::string& directory, const std::string& path,
                                           const std::string& text);

}  // namespace polysync::cli
