// Where one rate limit stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace polysync::aws {

struct LimiterStats {
    std::string account, region, service, operation;
    std::uint64_t calls = 0;      // permits given
    std::uint64_t throttles = 0;  // refusals that AWS reported
    double rate_per_s = 0;        // refill right now
    double most_per_s = 0;        // refill while AWS throttles nothing
    double tokens = 0;
    std::size_t waiting = 0;
};

}  // namespace polysync::aws
