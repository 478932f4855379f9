// The settings that the environment and a profile hold, in AWS's order of precedence
// (aws-facts 9.1, 9.3, 11.3).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/config/environment.h"
#include "aws/config/shared_files.h"
#include "base/result.h"

namespace polysync::aws {

// URLs that replace AWS's own.
struct CustomEndpoints {
    std::string every;                                           // for services without one of their own
    std::map<std::string, std::string, std::less<>> of_service;  // by ServiceInfo::endpoint_id, "SFN"

    // Empty: AWS's own.
    [[nodiscard]] const std::string& find(std::string_view endpoint_id) const;
};

struct Settings {
    std::string profile;  // the chosen one's name; "default" where none was chosen
    std::string region;   // empty: not set anywhere
    std::string ca_bundle;
    std::string retry_mode, max_attempts, disable_clock_skew_correction;  // as written; see
                                                                          // read_retry_settings
    std::optional<bool> use_fips, use_dual_stack;
    bool sts_global_endpoint = false;  // sts_regional_endpoints = legacy
    CustomEndpoints endpoints;
};

// The profile to use: `chosen`, else AWS_PROFILE, else AWS_DEFAULT_PROFILE, else "default". Fails with
// not_found, naming the files and the nearest name, where a profile that somebody chose does not exist.
[[nodiscard]] Result<std::string> choose_profile(const Environment& environment, const SharedFiles& files,
                                                 std::string_view chosen);

// Environment variables win over the profile. Fails as choose_profile does, and with invalid_input for a flag
// that is neither true nor false.
[[nodiscard]] Result<Settings> read_settings(const Environment& environment, const SharedFiles& files,
                                             std::string_view chosen_profile = {});

}  // namespace polysync::aws
