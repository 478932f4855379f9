#include "aws/core/endpoints.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "aws/core/operation.h"
#include "aws/core/partitions.h"

namespace polysync::aws {
namespace {

// The host's first part, with the exceptions of aws-facts 11.2.
std::string fips_label(std::string_view service, std::string_view prefix, std::string_view partition,
                       std::string_view region, bool dual_stack) {
    bool aws = partition == "aws", gov = partition == "aws-us-gov";
    if (service == "batch" && aws && !dual_stack) return "fips.batch";
    if (service == "sagemaker")
        return (aws || gov) && !dual_stack ? "api-fips.sagemaker" : "api.sagemaker-fips";
    if (gov && !dual_stack) {  // hosts that are FIPS without saying so
        if (service == "batch" || service == "sts" || service == "logs" || service == "sqs")
            return std::string(prefix);
        if (service == "states" && region == "us-gov-west-1") return std::string(prefix);
    }
    return fmt::format("{}-fips", prefix);
}

std::string aws_host(const EndpointOptions& options, const ServiceInfo& service, const Partition& partition) {
    std::string label(service.host_prefix);
    bool fips = options.use_fips, dual_stack = options.use_dual_stack;
    bool gov = partition.id == "aws-us-gov";
    if (gov && dual_stack && service.signing_name == "states") fips = true;
    if (dual_stack && service.signing_name == "secretsmanager" &&
        (gov || partition.id == "aws" || partition.id == "aws-cn")) {
        dual_stack = false;  // its usual host is dual-stack already
    }
    if (fips)
        label =
            fips_label(service.signing_name, service.host_prefix, partition.id, options.region, dual_stack);
    return fmt::format("{}.{}.{}", label, options.region,
                       dual_stack ? partition.dual_stack_suffix : partition.dns_suffix);
}

// The regions whose STS was once reached through the global host (botocore's list).
bool is_legacy_sts_region(std::string_view region) {
    constexpr std::array<std::string_view, 16> regions{
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global", "ca-central-1",
        "eu-central-1",   "eu-north-1", "eu-west-1",      "eu-west-2",      "eu-west-3",  "sa-east-1",
        "us-east-1",      "us-east-2",  "us-west-1",      "us-west-2"};
    return std::find(regions.begin(), regions.end(), region) != regions.end();
}

bool is_plain_host(std::string_view host) {  // an address or localhost: names before it would not resolve
    if (host.empty() || host.front() == '[' || host == "localhost") return true;
    return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// The URL as it may be shown: what stands before '@' may be a password (SAFE-3).
std::string without_user(std::string_view url) {
    std::size_t at = url.rfind('@');
    if (at == std::string_view::npos) return std::string(url);
    std::size_t scheme = url.find("://");
    std::size_t kept = scheme == std::string_view::npos || scheme > at ? 0 : scheme + 3;
    return fmt::format("{}[redacted]{}", url.substr(0, kept), url.substr(at));
}

Result<Endpoint> custom_endpoint(const EndpointOptions& options, std::string_view url,
                                 std::string_view host_prefix) {
    auto bad = [url](std::string_view why) {
        return make_error(ErrorKind::invalid_input, "bad_endpoint",
                          fmt::format("The endpoint {} {}", without_user(url), why),
                          "Give a URL such as https://host:port or http://127.0.0.1:4570.");
    };
    std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos ||
        (url.substr(0, scheme) != "https" && url.substr(0, scheme) != "http")) {
        return bad("does not begin with http:// or https://");
    }
    std::string_view rest = url.substr(scheme + 3);
    std::string_view authority = rest.substr(0, rest.find('/'));
    std::string_view path = rest.substr(authority.size());
    if (authority.empty() || authority.front() == ':') return bad("has no host");
    if (rest.find_first_of("?# \t\r\n@\\") != std::string_view::npos) {
        return bad("has a query, a fragment, a user name or white space");
    }
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    std::size_t colon = authority.front() == '[' ? authority.find(']') + 1 : authority.find(':');
    bool prefixed = !host_prefix.empty() &&
                    options.prefix_custom_hosts.value_or(!is_plain_host(authority.substr(0, colon)));
    return Endpoint{
        fmt::format("{}://{}{}{}", url.substr(0, scheme), prefixed ? host_prefix : "", authority, path),
        options.region};
}

}  // namespace

Result<Endpoint> resolve_endpoint(const EndpointOptions& options, const Operation& operation) {
    const ServiceInfo& service = *operation.service;
    if (!is_region_name(options.region)) {
        return make_error(ErrorKind::invalid_input, "bad_region",
                          options.region.empty() ? std::string("No region is set")
                                                 : fmt::format("\"{}\" is not a region", options.region),
                          "Give the platform a region, such as us-east-1.");
    }
    const std::string& custom =
        options.override_url.empty() ? options.custom.find(service.endpoint_id) : options.override_url;
    if (!custom.empty()) return custom_endpoint(options, custom, operation.endpoint_prefix);
    if (service.signing_name == "sts" && options.sts_global_endpoint && !options.use_fips &&
        !options.use_dual_stack && is_legacy_sts_region(options.region)) {
        return Endpoint{"https://sts.amazonaws.com", "us-east-1"};
    }
    const Partition& partition = partition_of(options.region);
    return Endpoint{
        fmt::format("https://{}{}", operation.endpoint_prefix, aws_host(options, service, partition)),
        options.region};
}

EndpointResolver make_endpoint_resolver(EndpointOptions options) {
    auto shared = std::make_shared<const EndpointOptions>(std::move(options));
    return [shared](const Operation& operation) { return resolve_endpoint(*shared, operation); };
}

EndpointOptions endpoint_options(std::string region, std::string override_url, bool use_fips,
                                 bool use_dual_stack, const Settings& settings) {
    EndpointOptions options;
    options.region = region.empty() ? settings.region : std::move(region);
    options.override_url = std::move(override_url);
    options.use_fips = use_fips || settings.use_fips.value_or(false);
    options.use_dual_stack = use_dual_stack || settings.use_dual_stack.value_or(false);
    options.sts_global_endpoint = settings.sts_global_endpoint;
    options.custom = settings.endpoints;
    return options;
}

}  // namespace polysync::aws
