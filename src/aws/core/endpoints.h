// Where each service answers: AWS's host names in every partition, FIPS, dual-stack, and custom endpoints
// (aws-facts 11).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/config/settings.h"
#include "aws/core/endpoint.h"
#include "base/result.h"

namespace polysync::aws {

struct EndpointOptions {
    std::string region;
    bool use_fips = false;
    bool use_dual_stack = false;
    bool sts_global_endpoint = false;
    std::string override_url;  // the platform's: for every service, before all that is configured elsewhere
    CustomEndpoints custom;    // of the environment and the profile
    // Put an operation's host prefix ("sync-") before a custom endpoint's host? Unset: unless that is an
    // address or localhost.
    std::optional<bool> prefix_custom_hosts;
};

// Errors: invalid_input for a region or a custom URL that cannot be used. A custom endpoint makes FIPS and
// dual-stack meaningless; its path stays as a prefix, and the signing region is the platform's.
[[nodiscard]] Result<Endpoint> resolve_endpoint(const EndpointOptions& options, const Operation& operation);

// resolve_endpoint with these options.
[[nodiscard]] EndpointResolver make_endpoint_resolver(EndpointOptions options);

// The platform's own attributes win over the settings.
[[nodiscard]] EndpointOptions endpoint_options(std::string region, std::string override_url, bool use_fips,
                                               bool use_dual_stack, const Settings& settings);

}  // namespace polysync::aws
