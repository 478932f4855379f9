#include "engine/dependency.h"

#include <algorithm>
#include <compare>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync::engine {
namespace {

namespace json = boost::json;

std::optional<std::partial_ordering> compare(const json::value& left, const json::value& right) {
    if (left.is_number() && right.is_number()) {
        // Integers compare exactly; everything else as doubles.
        if (left.is_int64() && right.is_int64()) return left.get_int64() <=> right.get_int64();
        return left.to_number<double>() <=> right.to_number<double>();
    }
    if (left.is_string() && right.is_string())
        return std::string_view(left.get_string()) <=> std::string_view(right.get_string());
    if (left.is_bool() && right.is_bool()) return int(left.get_bool()) <=> int(right.get_bool());
    return std::nullopt;
}

const Token* find_token(std::span<const Token> tokens, ObjectId parent, std::string_view key) {
    for (const auto& token : tokens)
        if (token.parent == parent && token.key == key) return &token;
    return nullptr;
}

// Whether the token is what the edge asks for; the reason where not.
EdgeVerdict judge(const Edge& edge, const Token& token) {
    if (std::find(edge.on.begin(), edge.on.end(), token.outcome) == edge.on.end())
        return {EdgeState::impossible,
                fmt::format("{} ended as {} for {}", edge.parent_name, to_string(token.outcome), token.key)};
    if (edge.when && !holds(*edge.when, token.outputs))
        return {EdgeState::impossible,
                fmt::format("the output '{}' of {} is not {} the value asked for, for {}", edge.when->output,
                            edge.parent_name, to_string(edge.when->comparison), token.key)};
    return {EdgeState::held, fmt::format("{} holds {}", edge.parent_name, token.key)};
}

EdgeVerdict judge_keys(const Edge& edge, std::span<const Token> tokens) {
    EdgeVerdict missing;
    std::size_t absent = 0;
    for (const auto& key : edge.keys) {
        const Token* token = find_token(tokens, edge.parent, key);
        if (!token) {
            if (absent++ == 0) missing.reason = fmt::format("waits for {}, key {}", edge.parent_name, key);
            continue;
        }
        auto verdict = judge(edge, *token);
        if (verdict.state == EdgeState::impossible) return verdict;
    }
    if (absent > 1) missing.reason += fmt::format(" and {} more", absent - 1);
    if (absent > 0) return missing;
    return {EdgeState::held, edge.keys.size() == 1
                                 ? fmt::format("{} holds {}", edge.parent_name, edge.keys.front())
                                 : fmt::format("{} holds all {} keys", edge.parent_name, edge.keys.size())};
}

EdgeVerdict judge_latest(const Edge& edge, std::span<const LatestSuccess> latest, SystemTime now) {
    for (const auto& success : latest) {
        if (success.parent != edge.parent) continue;
        if (edge.max_age && now - success.ended_at > *edge.max_age)
            return {EdgeState::missing,
                    fmt::format("the newest success of {} ended {}, longer ago than max_age",
                                edge.parent_name, format_iso8601(success.ended_at))};
        if (edge.when && !holds(*edge.when, success.outputs))
            return {EdgeState::missing,
                    fmt::format("the output '{}' of {}'s newest success is not {} the value asked for",
                                edge.when->output, edge.parent_name, to_string(edge.when->comparison))};
        return {EdgeState::held,
                fmt::format("{} succeeded {}", edge.parent_name, format_iso8601(success.ended_at))};
    }
    return {EdgeState::missing, fmt::format("{} has no success yet", edge.parent_name)};
}

}  // namespace

bool holds(const Condition& condition, std::string_view outputs) {
    boost::system::error_code error;
    auto parsed = json::parse(outputs.empty() ? "{}" : outputs, error);
    const auto* object = error ? nullptr : parsed.if_object();
    const json::value* value = object ? object->if_contains(condition.output) : nullptr;
    if (!value) return false;
    if (condition.comparison == Comparison::equal && !value->is_number()) return *value == condition.value;
    auto order = compare(*value, condition.value);
    if (!order)
        return condition.comparison == Comparison::not_equal && !value->is_null() &&
               *value != condition.value && value->kind() == condition.value.kind();
    switch (condition.comparison) {
        case Comparison::equal:
            return *order == 0;
        case Comparison::not_equal:
            return *order != 0;
        case Comparison::less:
            return *order < 0;
        case Comparison::less_or_equal:
            return *order <= 0;
        case Comparison::greater:
            return *order > 0;
        case Comparison::greater_or_equal:
            return *order >= 0;
    }
    return false;
}

Verdict evaluate(ObjectId child, bool clock, std::span<const Edge> edges, std::span<const Token> tokens,
                 std::span<const LatestSuccess> latest, SystemTime now) {
    Verdict verdict;
    const EdgeVerdict* impossible = nullptr;
    std::string first_missing;
    verdict.edges.reserve(edges.size());
    for (const auto& edge : edges) {
        verdict.edges.push_back(edge.match == Match::latest ? judge_latest(edge, latest, now)
                                                            : judge_keys(edge, tokens));
        const auto& made = verdict.edges.back();
        if (made.state == EdgeState::impossible && !impossible) impossible = &made;
        if (made.state == EdgeState::missing && first_missing.empty()) first_missing = made.reason;
    }
    if (clock &&
        std::none_of(tokens.begin(), tokens.end(), [&](const Token& t) { return t.parent == child; }))
        if (first_missing.empty()) first_missing = "waits for its own schedule";

    if (impossible) {
        verdict.readiness = Readiness::skip;
        verdict.reason = impossible->reason;
    } else if (!first_missing.empty()) {
        verdict.reason = first_missing;
        return verdict;
    } else {
        verdict.readiness = Readiness::fire;
    }
    verdict.consumed.assign(tokens.begin(), tokens.end());
    if (verdict.readiness == Readiness::fire) {
        for (const auto& token : tokens)
            if (number(token.parent_run) != 0) verdict.parents.push_back(token.parent_run);
        for (const auto& edge : edges)
            for (const auto& success : latest)
                if (edge.match == Match::latest && success.parent == edge.parent)
                    verdict.parents.push_back(success.run);
    }
    return verdict;
}

}  // namespace polysync::engine
