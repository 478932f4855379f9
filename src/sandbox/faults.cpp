#include "sandbox/faults.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "sandbox/identity.h"
#include "sandbox/members.h"
#include "sandbox/protocol.h"

namespace polysync::sandbox {
namespace {

constexpr std::array<std::string_view, 12> kind_names = {
    "error_before",        "error_after",    "lost_answer",  "reset_before", "delay",       "throttle",
    "expired_credentials", "truncated_body", "garbage_body", "html_503",     "skewed_date", "clock_skew"};
constexpr std::size_t most_faults = 1000;

}  // namespace

Result<std::uint64_t> Faults::add(const boost::json::object& described) {
    auto fault = std::make_unique<Fault>();
    MemberReader reader(described, "fault");
    std::size_t kind = 0;
    std::int64_t skip = 0, delay_ms = 0, retry_after_ms = 0, status = 0, seed = 1;
    reader.require("kind");
    reader.word("kind", kind, kind_names);
    reader.text("service", fault->service);
    reader.text("operation", fault->operation);
    reader.integer("skip", skip, 0, 1'000'000'000);
    reader.integer("count", fault->remaining, -1, 1'000'000'000);
    reader.number("probability", fault->probability, 0, 1);
    reader.integer("seed", seed, 0, INT64_MAX);
    reader.integer("delay_ms", delay_ms, -86'400'000, 86'400'000);
    reader.integer("retry_after_ms", retry_after_ms, 0, 86'400'000);
    reader.text("code", fault->code);
    reader.text("message", fault->message);
    reader.integer("status", status, 400, 599);
    if (!fault->service.empty() && !find_profile(fault->service) && fault->service != "metadata")
        reader.refuse("'" + fault->service.substr(0, 64) +
                      "' is no service; known: glue, batch, sagemaker, stepfunctions, logs, sts, metadata");
    POLYSYNC_TRY(reader.finish());
    if (faults_.size() >= most_faults)
        return make_error(ErrorKind::invalid_input, "too_many_faults",
                          "There are 1000 faults already; remove some first");
    fault->kind = FaultKind(kind);
    fault->skip = std::uint64_t(skip);
    fault->delay = std::chrono::milliseconds(delay_ms);
    fault->retry_after = std::chrono::milliseconds(retry_after_ms);
    fault->status = int(status);
    fault->random = SeededRandom(std::uint64_t(seed));
    fault->id = ++last_id_;
    faults_.push_back(std::move(fault));
    return last_id_;
}

bool Faults::remove(std::uint64_t id) {
    return std::erase_if(faults_, [&](auto& fault) { return fault->id == id; }) > 0;
}

std::vector<const Fault*> Faults::take(std::string_view service, std::string_view operation) {
    std::vector<const Fault*> acting;
    for (auto& fault : faults_) {
        if (fault->remaining == 0 || !matches(fault->service, service) ||
            !matches(fault->operation, operation))
            continue;
        if (fault->matched++ < fault->skip) continue;
        if (fault->probability < 1 && fault->random.unit() >= fault->probability) continue;
        if (fault->remaining > 0) --fault->remaining;
        ++fault->acted;
        acting.push_back(fault.get());
    }
    return acting;
}

boost::json::array Faults::to_json() const {
    boost::json::array all;
    for (auto& fault : faults_)
        all.push_back(boost::json::object{{"id", fault->id},
                                          {"kind", kind_names[std::size_t(fault->kind)]},
                                          {"service", fault->service},
                                          {"operation", fault->operation},
                                          {"remaining", fault->remaining},
                                          {"matched", fault->matched},
                                          {"acted", fault->acted}});
    return all;
}

}  // namespace polysync::sandbox
