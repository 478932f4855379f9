// Strong ids: strings that cannot be mixed up.
//
//     using RunId = StrongId<struct RunIdTag>;
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace polysync {

template <class Tag>
class StrongId {
  public:
    StrongId() = default;
    explicit StrongId(std::string value) : value_(std::move(value)) {}
    [[nodiscard]] const std::string& str() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }
    auto operator<=>(const StrongId&) const = default;

  private:
    std::string value_;
};

}  // namespace polysync

template <class Tag>
struct std::hash<polysync::StrongId<Tag>> {
    std::size_t operator()(const polysync::StrongId<Tag>& id) const noexcept {
        return std::hash<std::string>()(id.str());
    }
};
