#include "aws/auth/sts_access.h"

#include <fmt/format.h>

#include "aws/core/connection.h"

namespace polysync::aws {
namespace {

bool is_made_of(std::string_view text, std::string_view extra) {
    for (char c : text) {
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!word && extra.find(c) == std::string_view::npos) return false;
    }
    return true;
}

Error bad(std::string message) {
    return make_error(ErrorKind::invalid_input, "bad_role", std::move(message));
}

}  // namespace

StsClient make_sts_client(const SourceContext& context, std::shared_ptr<CredentialsProvider> by) {
    ConnectionParts parts;
    parts.platform = "credentials";
    parts.region = context.endpoints.region;
    parts.endpoint_of = make_endpoint_resolver(context.endpoints);
    parts.credentials = std::move(by);
    parts.http = &context.auth.http;
    parts.clock = &context.auth.clock;
    parts.random = &context.auth.random;
    parts.user_agent = context.auth.user_agent;
    return StsClient(Connection::make(std::move(parts)));
}

Status check_role(const RoleConfig& role) {
    const RoleStep& step = role.step;
    if (step.role_arn.empty()) return bad(fmt::format("{} is not set", role.attribute));
    if (!step.role_arn.starts_with("arn:") || step.role_arn.size() < 20 || step.role_arn.size() > 2048) {
        return bad(fmt::format("{}: \"{}\" is no role ARN such as arn:aws:iam::123456789012:role/etl",
                               role.attribute, step.role_arn));
    }
    bool good_name =
        step.session_name.empty() || (step.session_name.size() >= 2 && step.session_name.size() <= 64);
    if (!good_name || !is_made_of(step.session_name, "+=,.@-")) {
        return bad(fmt::format("The session name \"{}\" must have 2 to 64 letters, digits or _+=,.@-",
                               step.session_name));
    }
    bool good_id =
        step.external_id.empty() || (step.external_id.size() >= 2 && step.external_id.size() <= 1224);
    if (!good_id || !is_made_of(step.external_id, "+=,.@:/-")) {
        return bad("The external id must have 2 to 1224 letters, digits or _+=,.@:/-");
    }
    return success();
}

std::string session_name_of(const RoleConfig& role) {
    return role.step.session_name.empty() ? std::string("polysync") : role.step.session_name;
}

}  // namespace polysync::aws
