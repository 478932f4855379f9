// CloudWatch Logs filter patterns, the part that clients of this project's kind use: terms, phrases, optional
// and excluded terms, and JSON selectors with comparisons joined by && and ||.
//
//     ERROR                                    every term must occur
//     "Traceback (most recent call last)"      a phrase
//     ?ERROR ?WARN                             any of them
//     ERROR -DEBUG                             the first but not the second
//     { $.type = "ExecutionFailed" && $.execution_arn = "arn:…" }
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace polysync::sandbox {

class FilterPattern {
  public:
    // Fails with invalid_input on a pattern that cannot be read. An empty one matches everything.
    [[nodiscard]] static Result<FilterPattern> parse(std::string_view pattern);
    [[nodiscard]] bool matches(std::string_view message) const;

    // A node of a JSON selector: a comparison, or a junction of others.
    struct Node {
        enum class Kind { compare, all_of, any_of } kind = Kind::compare;
        std::vector<std::string> path;
        std::string comparison;  // = != < <= > >=
        std::string value;       // text, may hold '*'
        bool quoted = false;
        std::vector<Node> children;
    };

  private:
    std::vector<std::string> required_;
    std::vector<std::string> optional_;
    std::vector<std::string> excluded_;
    std::shared_ptr<const Node> json_;
};

}  // namespace polysync::sandbox
