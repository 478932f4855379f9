#include "sandbox/books.h"

#include <boost/json.hpp>

namespace polysync::sandbox {
namespace {

constexpr std::size_t most_unknown_members = 1000;
constexpr std::array<std::string_view, 4> outcome_names = {"ok", "refused", "throttled", "faulted"};

}  // namespace

void Books::count(std::string_view service, std::string_view operation, Outcome outcome) {
    auto by_service = calls_.find(service);
    if (by_service == calls_.end()) by_service = calls_.try_emplace(std::string(service)).first;
    auto counts = by_service->second.find(operation);
    if (counts == by_service->second.end())
        counts = by_service->second.try_emplace(std::string(operation)).first;
    ++counts->second[std::size_t(outcome)];
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

boost::json::object Books::to_json() const {
    boost::json::object calls, unknown;
    for (auto& [service, operations] : calls_)
        for (auto& [operation, counts] : operations) {
            boost::json::object row;
            for (std::size_t i = 0; i < counts.size(); ++i) row[outcome_names[i]] = counts[i];
            calls[service + "." + operation] = std::move(row);
        }
    for (auto& [name, count] : unknown_members_) unknown[name] = count;
    boost::json::object all{
        {"calls", std::move(calls)}, {"unknown_members", std::move(unknown)}, {"unrouted", unrouted_}};
    if (!last_mismatch_.empty()) all["last_signature_mismatch"] = last_mismatch_;
    return all;
}

}  // namespace polysync::sandbox
