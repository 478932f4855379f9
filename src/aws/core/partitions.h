// AWS's partitions (aws-facts 11.1).
#pragma once

#include <string_view>

namespace polysync::aws {

struct Partition {
    std::string_view id;  // also what stands behind "arn:"
    std::string_view dns_suffix;
    std::string_view dual_stack_suffix;
    std::string_view console_host;  // empty: not public
};

// By the region's name; an unknown form counts as `aws`. Lives as long as the program.
[[nodiscard]] const Partition& partition_of(std::string_view region);

// Is it fit to become part of a host name?
[[nodiscard]] bool is_region_name(std::string_view region);

}  // namespace polysync::aws
