#include "sandbox/quotas.h"

#include <algorithm>

#include <boost/json.hpp>

#include "sandbox/members.h"
#include "sandbox/protocol.h"

namespace polysync::sandbox {
namespace {

struct Row {
    std::string_view service, operation;
    QuotaRule rule;  // us-east-1, us-west-2, eu-west-1
    QuotaRule elsewhere;
};

constexpr Row table[] = {
    {"stepfunctions", "StartExecution", {1300, 300}, {800, 150}},
    {"stepfunctions", "StartSyncExecution", {6000, 6000}, {6000, 6000}},
    {"stepfunctions", "DescribeExecution", {300, 15}, {250, 10}},
    {"stepfunctions", "StopExecution", {1000, 200}, {500, 25}},
    {"stepfunctions", "ListExecutions", {200, 5}, {100, 2}},
    {"stepfunctions", "GetExecutionHistory", {400, 20}, {400, 20}},
    {"stepfunctions", "RedriveExecution", {1300, 300}, {800, 150}},
    {"stepfunctions", "DescribeStateMachine", {200, 20}, {200, 20}},
    {"stepfunctions", "ListStateMachines", {100, 5}, {100, 5}},
    {"stepfunctions", "ListStateMachineAliases", {100, 1}, {100, 1}},
    {"stepfunctions", "ListStateMachineVersions", {100, 1}, {100, 1}},
    {"batch", "SubmitJob", {50, 50}, {50, 50}},
    {"batch", "*", {20, 10}, {20, 10}},
    {"glue", "*", {10, 5}, {10, 5}},
    {"sagemaker", "*", {4, 2}, {4, 2}},
    {"logs", "GetLogEvents", {10, 10}, {10, 10}},
    {"logs", "FilterLogEvents", {5, 5}, {5, 5}},
    {"sts", "*", {600, 600}, {600, 600}},
};

}  // namespace

Status Quotas::change(const boost::json::object& described) {
    MemberReader reader(described, "quota document");
    bool on = enabled_;
    reader.flag("enabled", on);
    auto* rules = reader.any("rules");
    POLYSYNC_TRY(reader.finish());
    std::unordered_map<std::string, QuotaRule> read;
    if (rules) {
        if (!rules->is_object())
            return make_error(ErrorKind::invalid_input, "invalid_member",
                              "'rules' must map \"service.Operation\" to a rule");
        for (auto& [name, value] : rules->get_object()) {
            auto service = std::string_view(name).substr(0, std::string_view(name).find('.'));
            if (!find_profile(service) || service.size() == name.size() || !value.is_object())
                return make_error(ErrorKind::invalid_input, "invalid_member",
                                  "'" + std::string(name).substr(0, 64) +
                                      "' is no \"service.Operation\" or \"service.*\" with a rule");
            QuotaRule rule;
            MemberReader rule_reader(value.get_object(), "quota rule");
            rule_reader.require("bucket");
            rule_reader.require("refill_per_second");
            rule_reader.number("bucket", rule.bucket, 0, 1e9);
            rule_reader.number("refill_per_second", rule.refill_per_second, 0, 1e9);
            POLYSYNC_TRY(rule_reader.finish());
            read.emplace(name, rule);
        }
    }
    for (auto& [name, rule] : read) own_.insert_or_assign(name, rule);
    buckets_.clear();
    enabled_ = on;
    return success();
}

void Quotas::reset() {
    own_.clear();
    buckets_.clear();
    enabled_ = false;
}

QuotaRule Quotas::rule(std::string_view service, std::string_view operation, std::string_view region) const {
    std::string name(service);
    for (auto word : {operation, std::string_view("*")}) {
        name.resize(service.size());
        name.append(".").append(word);
        if (auto found = own_.find(name); found != own_.end()) return found->second;
    }
    bool large = region == "us-east-1" || region == "us-west-2" || region == "eu-west-1";
    for (auto& row : table)
        if (row.service == service && (row.operation == operation || row.operation == "*"))
            return large ? row.rule : row.elsewhere;
    return {10, 10};
}

bool Quotas::take(std::string_view account, std::string_view region, std::string_view service,
                  std::string_view operation, SteadyTime now) {
    if (!enabled_) return true;
    name_.assign(account).append("/").append(region).append("/").append(service).append(".").append(
        operation);
    auto found = buckets_.find(name_);
    if (found == buckets_.end()) {
        auto in_force = rule(service, operation, region);
        found = buckets_.emplace(name_, Bucket{in_force, in_force.bucket, now, in_force.bucket}).first;
    }
    auto& bucket = found->second;
    bucket.refill(now);
    if (bucket.tokens < 1) {
        ++bucket.refused;
        return false;
    }
    bucket.tokens -= 1;
    ++bucket.taken;
    return true;
}

void Quotas::Bucket::refill(SteadyTime now) {
    double came = std::chrono::duration<double>(now - at).count() * rule.refill_per_second;
    double kept = std::min(rule.bucket, tokens + came);
    offered += came;
    spilled += tokens + came - kept;
    tokens = kept;
    at = now;
}

boost::json::object Quotas::to_json(SteadyTime now) {
    boost::json::object rules, buckets;
    auto put = [&](std::string_view name, const QuotaRule& rule) {
        rules[name] =
            boost::json::object{{"bucket", rule.bucket}, {"refill_per_second", rule.refill_per_second}};
    };
    for (auto& row : table) put(std::string(row.service).append(".").append(row.operation), row.rule);
    for (auto& [name, rule] : own_) put(name, rule);
    for (auto& [name, bucket] : buckets_) {
        bucket.refill(now);
        buckets[name] = boost::json::object{{"offered", bucket.offered},
                                            {"taken", bucket.taken},
                                            {"spilled", bucket.spilled},
                                            {"refused", bucket.refused}};
    }
    return {{"enabled", enabled_}, {"rules", std::move(rules)}, {"buckets", std::move(buckets)}};
}

}  // namespace polysync::sandbox
