#include "provider/step_functions/execution_arn.h"

#include <fmt/format.h>

#include "provider/arn.h"

namespace polysync::step_functions {

namespace {

// Cuts the text before the first ':' off `rest`.
std::string_view next_part(std::string_view& rest) {
    auto colon = rest.find(':');
    auto part = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    return part;
}

StateMachineArn place_of(const Arn& arn) {
    StateMachineArn out;
    out.partition = arn.partition;
    out.region = arn.region;
    out.account = arn.account;
    return out;
}

}  // namespace

std::string StateMachineArn::plain() const {
    return fmt::format("arn:{}:states:{}:{}:stateMachine:{}", partition, region, account, name);
}

std::string StateMachineArn::execution(std::string_view name_of_execution) const {
    return fmt::format("arn:{}:states:{}:{}:execution:{}:{}", partition, region, account, name,
                       name_of_execution);
}

std::optional<StateMachineArn> parse_state_machine_arn(std::string_view arn) {
    Arn parts;
    if (!parse_arn(arn, parts) || parts.service != "states") return std::nullopt;
    std::string_view rest = parts.resource;
    if (next_part(rest) != "stateMachine") return std::nullopt;
    StateMachineArn out = place_of(parts);
    out.name = next_part(rest);
    out.qualifier = rest;
    if (out.name.empty() || rest.find(':') != std::string_view::npos) return std::nullopt;
    return out;
}

std::optional<ExecutionArn> parse_execution_arn(std::string_view arn) {
    Arn parts;
    if (!parse_arn(arn, parts) || parts.service != "states") return std::nullopt;
    std::string_view rest = parts.resource;
    auto kind = next_part(rest);
    if (kind != "execution" && kind != "express") return std::nullopt;
    ExecutionArn out;
    out.express = kind == "express";
    out.state_machine = place_of(parts);
    out.state_machine.name = next_part(rest);
    out.name = next_part(rest);
    if (out.state_machine.name.empty() || out.name.empty()) return std::nullopt;
    return out;
}

}  // namespace polysync::step_functions
