// The Query protocol: form bodies out, XML answers in (aws-facts 1.2, 6).
#pragma once

#include <string>
#include <string_view>

namespace polysync::aws {

// "Action=AssumeRole&Version=2011-06-15&RoleArn=…"
class QueryForm {
  public:
    QueryForm(std::string_view action, std::string_view version);
    QueryForm& add(std::string_view name, std::string_view value);
    // Where it is not empty.
    QueryForm& add_if(std::string_view name, std::string_view value);
    [[nodiscard]] std::string text() && { return std::move(text_); }

  private:
    std::string text_;
};

}  // namespace polysync::aws
