// Definition files: YAML (or JSON) to objects and back. A file with any error is refused whole (SAFE-5),
// and all its errors are reported at once. docs/definition.md describes the format.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "definition/objects.h"
#include "definition/problem.h"

namespace polysync::definition {

// A file as text; `path` is what messages call it.
struct SourceFile {
    std::string path;
    std::string text;
};

struct FileReading {
    std::vector<Definition> definitions;  // empty where there is an error; in the files' order, names are
                                          // distinct within their kind
    std::vector<Problem> errors;          // by file, in the order of their places
    std::vector<Problem> warnings;        // secrets in clear text (PLAT-2), keys without effect

    [[nodiscard]] bool ok() const { return errors.empty(); }
};

// All objects of these files. Pure, but that secrets in clear text are registered for redaction (SAFE-3).
[[nodiscard]] FileReading read_files(std::span<const SourceFile> files);

// The platforms of one file, for commands that need no server.
struct Reading {
    std::vector<Platform> platforms;  // empty where there is an error; in the file's order
    std::vector<Problem> errors;
    std::vector<Problem> warnings;

    [[nodiscard]] bool ok() const { return errors.empty(); }
};

[[nodiscard]] Reading read(std::string_view text, const std::string& file);
// Reads the file at `path` (at most 1 MiB); a file that cannot be read is one error without a place.
[[nodiscard]] Reading read_file(const std::string& path);

// The values of an environment: a flat map of names to texts (${env.NAME}).
struct EnvironmentReading {
    std::map<std::string, std::string> values;  // empty where there is an error
    std::vector<Problem> errors;

    [[nodiscard]] bool ok() const { return errors.empty(); }
};
[[nodiscard]] EnvironmentReading read_environment(const SourceFile& file);
[[nodiscard]] std::string environment_yaml(const std::map<std::string, std::string>& values);

// Whose document it is.
enum class DocumentUse {
    request,  // of the API: what the server keeps by itself (`imported`) is read over
    stored,
};

struct DocumentReading {
    std::optional<Definition> definition;  // nothing where there is an error
    std::vector<Problem> errors;           // each with its field
    std::vector<Problem> warnings;
};

// One object's JSON document. Names in it are qualified.
[[nodiscard]] DocumentReading read_document(Kind kind, const boost::json::object& document,
                                            DocumentUse use = DocumentUse::request);

// The objects as a definition file. References to secrets are written as references, never resolved; what the
// server keeps by itself is left out.
[[nodiscard]] std::string to_yaml(std::span<const Value> values, ClearText clear_text = ClearText::redact);

// The JSON Schema (2020-12) of definition files, for editors; docs/polysync.schema.json holds it.
[[nodiscard]] std::string json_schema();

}  // namespace polysync::definition
