#include "aws/core/partitions.h"

#include <algorithm>
#include <array>

namespace polysync::aws {
namespace {

constexpr std::array<Partition, 8> partitions{{
    {"aws", "amazonaws.com", "api.aws", "console.aws.amazon.com"},
    {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "console.amazonaws.cn"},
    {"aws-us-gov", "amazonaws.com", "api.aws", "console.amazonaws-us-gov.com"},
    {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "console.amazonaws-eusc.eu"},
    {"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", ""},
    {"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", ""},
    {"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", ""},
    {"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", ""},
}};

// What stands before "-<direction>-<number>" in a region's name, and the partition that it means.
struct Area {
    std::string_view prefix;
    std::size_t partition;
};
constexpr std::array<Area, 7> areas{{{"cn", 1},
                                     {"us-gov", 2},
                                     {"eusc-de", 3},
                                     {"us-iso", 4},
                                     {"us-isob", 5},
                                     {"eu-isoe", 6},
                                     {"us-isof", 7}}};

}  // namespace

const Partition& partition_of(std::string_view region) {
    std::size_t number = region.rfind('-');
    std::size_t direction =
        number == 0 || number == std::string_view::npos ? number : region.rfind('-', number - 1);
    if (direction == std::string_view::npos) return partitions[0];
    std::string_view area = region.substr(0, direction);
    auto found =
        std::find_if(areas.begin(), areas.end(), [area](const Area& known) { return known.prefix == area; });
    return partitions[found == areas.end() ? 0 : found->partition];
}

bool is_region_name(std::string_view region) {
    if (region.empty() || region.size() > 63 || region.front() == '-' || region.back() == '-') return false;
    return std::all_of(region.begin(), region.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace polysync::aws
