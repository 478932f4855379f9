#include "sandbox/books.h"

#include <boost/json.hpp>

namespace polysync::sandbox {
namespace {

constexpr std::size_t most_unknown_members = 1000;
constexpr std::size_t most_keys = 1000;
constexpr std::array<std::string_view, 4> outcome_names = {"ok", "refused", "throttled", "faulted"};

}  // namespace

void Books::count(Calls& calls, std::string_view service, std::string_view operation, Outcome outcome) {
    auto by_service = calls.find(service);
    if (by_service == calls.end()) by_service = calls.try_emplace(std::string(service)).first;
    auto counts = by_service->second.find(operation);
    if (counts == by_service->second.end())
        counts = by_service->second.try_emplace(std::string(operation)).first;
    ++counts->second[std::size_t(outcome)];
}

void Books::count(std::string_view service, std::string_view operation, Outcome outcome) {
    count(calls_, service, operation, outcome);
}

// Keys that were issued and ran out come to be many.
void Books::count_by_key(std::string_view access_key_id, std::string_view service, std::string_view operation,
                         Outcome outcome) {
    auto calls = calls_by_key_.find(access_key_id);
    if (calls == calls_by_key_.end()) {
        if (calls_by_key_.size() >= most_keys) return;
        calls = calls_by_key_.try_emplace(std::string(access_key_id)).first;
    }
    count(calls->second, service, operation, outcome);
}

void Books::keep(KeptCall call, std::size_t most) {
    kept_.push_back(std::move(call));
    while (kept_.size() > most) kept_.pop_front();
}

void Books::count_unknown_member(std::string_view service, std::string_view operation,
                                 std::string_view member) {
    std::string name(service);
    name.append(".").append(operation).append(".").append(member);
    auto found = unknown_members_.find(name);
    if (found != unknown_members_.end())
        ++found->second;
    else if (unknown_members_.size() < most_unknown_members)
        unknown_members_.emplace(std::move(name), 1);
}

boost::json::object Books::to_json(const Calls& calls) {
    boost::json::object rows;
    for (auto& [service, operations] : calls)
        for (auto& [operation, counts] : operations) {
            boost::json::object row;
            for (std::size_t i = 0; i < counts.size(); ++i) row[outcome_names[i]] = counts[i];
            rows[service + "." + operation] = std::move(row);
        }
    return rows;
}

boost::json::object Books::to_json() const {
    boost::json::object by_key, unknown;
    for (auto& [key, calls] : calls_by_key_) by_key[key] = to_json(calls);
    for (auto& [name, count] : unknown_members_) unknown[name] = count;
    boost::json::object all{{"calls", to_json(calls_)},
                            {"calls_by_key", std::move(by_key)},
                            {"unknown_members", std::move(unknown)},
                            {"unrouted", unrouted_}};
    if (!last_mismatch_.empty()) all["last_signature_mismatch"] = last_mismatch_;
    return all;
}

boost::json::array Books::kept_calls() const {
    boost::json::array rows;
    for (auto& call : kept_) {
        auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(call.at.time_since_epoch());
        rows.push_back(boost::json::object{{"at_ms", since_1970.count()},
                                           {"access_key_id", call.access_key_id},
                                           {"operation", call.operation},
                                           {"outcome", outcome_names[std::size_t(call.outcome)]},
                                           {"input", call.input}});
    }
    return rows;
}

}  // namespace polysync::sandbox
