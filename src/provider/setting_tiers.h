// The tiers that a submission's settings come from: job attribute, then platform default (GLUE-4, BATCH-2).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "model/job.h"
#include "model/platform.h"

namespace polysync {

inline constexpr std::string_view source_job_attribute = "job attribute";
inline constexpr std::string_view source_platform_default = "platform default";

struct Setting {
    boost::json::value value;
    std::string_view source;  // one of the two above

    // The value as text, however it was written.
    [[nodiscard]] std::string text() const;
};

// Null, absent and the empty text count as not set.
[[nodiscard]] bool is_blank(const boost::json::value* value);
[[nodiscard]] std::string text_of(const boost::json::value& value);

// Looks at both for as long as it lives.
class SettingTiers {
  public:
    SettingTiers(const Platform& platform, const Job& job) : platform_(platform), job_(job) {}

    // The first tier that has the setting.
    [[nodiscard]] std::optional<Setting> find(std::string_view name) const;
    // The first tier that has it as a positive integer, number or text; a tier with anything else is passed
    // over with a warning, since a value that was resolved late must not lose the run (GLUE-4).
    [[nodiscard]] std::optional<Setting> find_positive(std::string_view name,
                                                       std::vector<std::string>& warnings) const;

  private:
    const Platform& platform_;
    const Job& job_;
};

}  // namespace polysync
