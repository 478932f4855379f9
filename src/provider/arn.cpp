#include "provider/arn.h"

#include <fmt/format.h>

#include "aws/core/partitions.h"

namespace polysync {

bool parse_arn(std::string_view text, Arn& out) {
    if (!text.starts_with("arn:")) return false;
    std::string_view parts[4];
    std::size_t at = 4;
    for (auto& part : parts) {
        auto end = text.find(':', at);
        if (end == std::string_view::npos) return false;
        part = text.substr(at, end - at);
        at = end + 1;
    }
    if (parts[0].empty() || parts[1].empty() || at >= text.size()) return false;
    out = Arn{parts[0], parts[1], parts[2], parts[3], text.substr(at)};
    return true;
}

std::string job_arn(PlatformType type, const ArnPlace& place, std::string_view external_id) {
    if (external_id.starts_with("arn:")) return std::string(external_id);
    auto at = [&](std::string_view service, std::string_view resource) {
        return fmt::format("arn:{}:{}:{}:{}:{}", place.partition, service, place.region, place.account,
                           resource);
    };
    switch (type) {
        case PlatformType::aws_glue:
            return at("glue", fmt::format("job/{}", external_id));
        case PlatformType::aws_batch:
            return at("batch", fmt::format("job-definition/{}", external_id));
        case PlatformType::aws_sagemaker:
            return at("sagemaker", fmt::format("pipeline/{}", lower_case(external_id)));
        case PlatformType::aws_step_functions:
            return at("states", fmt::format("stateMachine:{}", external_id));
    }
    return {};
}

std::string batch_queue_arn(const ArnPlace& place, std::string_view queue) {
    if (queue.starts_with("arn:")) return std::string(queue);
    return fmt::format("arn:{}:batch:{}:{}:job-queue/{}", place.partition, place.region, place.account,
                       queue);
}

std::string account_of_role(const AuthConfig& auth) {
    Arn role;
    bool known = parse_arn(auth.assume.empty() ? auth.role_arn : auth.assume.back().role_arn, role);
    return known ? std::string(role.account) : std::string();
}

std::string_view partition_of(std::string_view region) { return aws::partition_of(region).id; }

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
    }
    return out;
}

}  // namespace polysync
