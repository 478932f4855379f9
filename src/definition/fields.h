// Reading typed fields out of a document's nodes, with every problem recorded at its place.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "definition/document.h"
#include "definition/keys.h"

namespace polysync::definition {

// Collects problems while a file is read; one per file, single-threaded.
class Findings {
  public:
    explicit Findings(std::string file) : file_(std::move(file)) {}

    void error(Mark mark, std::string message) { errors_.push_back({file_, mark, std::move(message)}); }
    void warn(Mark mark, std::string message) { warnings_.push_back({file_, mark, std::move(message)}); }
    [[nodiscard]] std::vector<Problem>& errors() { return errors_; }
    [[nodiscard]] std::vector<Problem>& warnings() { return warnings_; }

    // By place, each once: the platforms of one for_each entry report the same problems.
    void sort();

  private:
    std::string file_;
    std::vector<Problem> errors_;
    std::vector<Problem> warnings_;
};

// True where `text` matches all of `pattern`.
[[nodiscard]] bool matches(std::string_view text, std::string_view pattern);

// `; did you mean "x"?` or nothing, then `; known: a, b`.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> known);

// Reports a key of `map` that `known` does not hold. `owner`: "a platform".
void refuse_unknown_keys(const Node& map, std::span<const std::string> known, std::string_view owner,
                         Findings& findings);

// False, with an error, where the node is no map. `what`: `"auth"`.
[[nodiscard]] bool require_map(const Node& node, std::string_view what, Findings& findings);

// The text of a member; nothing, with an error, where it is of another type or empty.
[[nodiscard]] std::optional<std::string> read_text(const Member& member, Findings& findings);
// The same for a text that may be a reference; no message repeats the value. Clear text of a confidential one
// draws a warning and is registered for redaction.
[[nodiscard]] std::optional<SecretReference> read_secret(const Member& member, bool confidential,
                                                         Findings& findings);
[[nodiscard]] std::optional<bool> read_boolean(const Member& member, Findings& findings);
// Checks the form of a text: an ARN of a role, a URL without user name and password.
void check_shape(const Member& member, ValueShape shape, Findings& findings);

}  // namespace polysync::definition
