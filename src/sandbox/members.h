// Reads admin documents: every member is named, typed and bounded, and an unknown one is refused with the
// nearest known.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace polysync::sandbox {

// Collects the first problem; ask `status()` at the end.
//
//     MemberReader reader(object, "fault");
//     reader.text("service", fault.service);
//     POLYSYNC_TRY(reader.finish());
class MemberReader {
  public:
    MemberReader(const boost::json::object& object, std::string_view what) : object_(object), what_(what) {}

    // Each leaves `out` alone where the member is absent, and answers whether it was there.
    bool text(std::string_view name, std::string& out);
    bool flag(std::string_view name, bool& out);
    bool number(std::string_view name, double& out, double low, double high);
    bool integer(std::string_view name, std::int64_t& out, std::int64_t low, std::int64_t high);
    bool texts(std::string_view name, std::vector<std::string>& out);
    // One of `words`; `out` is its index.
    bool word(std::string_view name, std::size_t& out, std::span<const std::string_view> words);
    // An object or array that the caller reads itself.
    const boost::json::value* any(std::string_view name);
    void require(std::string_view name);
    void refuse(std::string message);

    // The first problem: a wrong type or value, a missing required member, or a member that nobody asked for.
    [[nodiscard]] Status finish();

  private:
    const boost::json::value* find(std::string_view name);

    const boost::json::object& object_;
    std::string what_;
    std::vector<std::string> known_;
    std::string problem_;
};

}  // namespace polysync::sandbox
