// AWS's request rates: one token bucket per account, region and operation. Off until switched on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::sandbox {

struct QuotaRule {
    double bucket = 0;             // calls at once
    double refill_per_second = 0;  // and then so many a second
};

class Quotas {
  public:
    [[nodiscard]] bool enabled() const { return enabled_; }
    void enable(bool on) { enabled_ = on; }

    // {"enabled": true, "rules": {"stepfunctions.DescribeExecution": {"bucket": 3, "refill_per_second": 1},
    // "glue.*": …}}. A rule given here wins over AWS's figures. Fails with invalid_input.
    [[nodiscard]] Status change(const boost::json::object& described);
    void reset();

    // Takes a token; false: throttled. `now` must not go back.
    [[nodiscard]] bool take(std::string_view account, std::string_view region, std::string_view service,
                            std::string_view operation, SteadyTime now);
    // The rule in force (aws-facts 2.4, 3.4, 4.1, 5.4, 7.2; spec PERF-9).
    [[nodiscard]] QuotaRule rule(std::string_view service, std::string_view operation,
                                 std::string_view region) const;
    // The rules, and what became of the tokens of each bucket that was asked for one:
    // {"123456789012/eu-west-1/glue.GetJobRun": {"offered": 10 + what came since, "taken": …, "spilled": what
    // came while the bucket was full, "refused": calls}}.
    [[nodiscard]] boost::json::object to_json(SteadyTime now);

  private:
    struct Bucket {
        QuotaRule rule;
        double tokens;
        SteadyTime at;
        double offered, spilled = 0;
        std::uint64_t taken = 0, refused = 0;

        void refill(SteadyTime now);
    };
    std::unordered_map<std::string, QuotaRule> own_;  // by "service.operation" or "service.*"
    std::unordered_map<std::string, Bucket> buckets_;
    std::string name_;  // reused for look-ups
    bool enabled_ = false;
};

}  // namespace polysync::sandbox
