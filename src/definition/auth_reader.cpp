#include <fmt/format.h>
#include <fmt/ranges.h>

#include "definition/platform_reader.h"

namespace polysync::definition {
namespace {

// "access_key", or "web_identity with token_source file".
std::string owner_name(AuthMethod method, TokenSource source) {
    if (method != AuthMethod::web_identity) return fmt::format("the method {}", to_string(method));
    return fmt::format("the method web_identity with token_source {}", to_string(source));
}

void refuse_unused_key(const Member& member, const AuthKey& key, AuthMethod method, TokenSource source,
                       Findings& findings) {
    std::vector<std::string> owners;
    for (const auto& use : key.uses) {
        std::string owner(to_string(use.method));
        if (use.source) owner += fmt::format(" ({})", to_string(*use.source));
        owners.push_back(std::move(owner));
    }
    findings.error(member.mark, fmt::format("\"{}\" is not used by {}; it belongs to {}. Known: {}",
                                            member.key, owner_name(method, source), fmt::join(owners, ", "),
                                            fmt::join(allowed_auth_keys(method, source), ", ")));
}

std::optional<AuthMethod> read_method(const Node& node, Findings& findings) {
    const Member* member = node.find("method");
    if (!member) {
        findings.error(node.mark, fmt::format("\"auth\" lacks \"method\". Known: {}",
                                              fmt::join(auth_method_words(), ", ")));
        return std::nullopt;
    }
    auto word = read_text(*member, findings);
    if (!word) return std::nullopt;
    auto method = parse_auth_method(*word);
    if (!method) {
        findings.error(member->value.mark, fmt::format("unknown auth method \"{}\"{}", word->substr(0, 64),
                                                       suggestion(*word, auth_method_words())));
    }
    return method;
}

std::optional<TokenSource> read_token_source(const Node& node, AuthMethod method, Findings& findings) {
    const Member* member = node.find("token_source");
    if (!member) return TokenSource::file;
    if (method != AuthMethod::web_identity) {
        findings.error(
            member->mark,
            fmt::format("\"token_source\" is not used by the method {}; it belongs to "
                        "web_identity. Known: {}",
                        to_string(method), fmt::join(allowed_auth_keys(method, TokenSource::file), ", ")));
        return TokenSource::file;
    }
    auto word = read_text(*member, findings);
    if (!word) return std::nullopt;
    auto source = parse_token_source(*word);
    if (!source) {
        findings.error(member->value.mark, fmt::format("unknown token source \"{}\"{}", word->substr(0, 64),
                                                       suggestion(*word, token_source_words())));
    }
    return source;
}

void read_value(const Member& member, const AuthKey& key, AuthConfig& auth, Findings& findings) {
    if (key.secret) {
        if (auto secret = read_secret(member, key.confidential, findings))
            auth.*key.secret = std::move(*secret);
    } else if (auto text = read_text(member, findings)) {
        check_shape(member, key.shape, findings);
        auth.*key.text = std::move(*text);
    }
}

std::vector<AssumeStep> read_assume(const Member& member, Findings& findings) {
    std::vector<AssumeStep> steps;
    if (!member.value.is_sequence()) {
        findings.error(
            member.value.mark,
            fmt::format("\"assume\" must be a list of {{role_arn, external_id, session_name}}, not {}",
                        kind_name(member.value)));
        return steps;
    }
    std::vector<std::string> known(assume_keys().begin(), assume_keys().end());
    for (const auto& item : member.value.items) {
        if (!require_map(item, "an entry of \"assume\"", findings)) continue;
        refuse_unknown_keys(item, known, "an entry of \"assume\"", findings);
        AssumeStep step;
        for (const auto& part : item.members) {
            std::string* target = part.key == "role_arn"       ? &step.role_arn
                                  : part.key == "external_id"  ? &step.external_id
                                  : part.key == "session_name" ? &step.session_name
                                                               : nullptr;
            auto text = target ? read_text(part, findings) : std::nullopt;
            if (!text) continue;
            if (target == &step.role_arn) check_shape(part, ValueShape::arn, findings);
            *target = std::move(*text);
        }
        if (!item.find("role_arn")) findings.error(item.mark, "an entry of \"assume\" lacks \"role_arn\"");
        steps.push_back(std::move(step));
    }
    return steps;
}

void check_together(const Node& node, const AuthConfig& auth, Findings& findings) {
    if (auth.method != AuthMethod::web_identity) return;
    if (const Member* member = node.find("external_id")) {
        findings.warn(
            member->mark,
            "\"external_id\" is not used: AssumeRoleWithWebIdentity takes none (assume_role and assume do)");
    }
    if (auth.token_source == TokenSource::azure_managed_identity && !node.find("resource") &&
        !node.find("audience")) {
        findings.error(node.mark,
                       "azure_managed_identity needs \"resource\" or \"audience\": what to ask a token for");
    }
}

}  // namespace

AuthConfig read_auth(const Node& node, Findings& findings) {
    AuthConfig auth;
    if (!require_map(node, "\"auth\"", findings)) return auth;
    auto method = read_method(node, findings);
    if (method) auth.method = *method;
    auto source = method ? read_token_source(node, *method, findings) : std::nullopt;
    if (source) auth.token_source = *source;

    // Without a method nobody can tell which keys belong; then only those that belong nowhere are reported.
    std::vector<std::string> all{"method", "token_source", "assume"};
    for (const auto& key : auth_keys()) all.emplace_back(key.name);
    std::vector<std::string> known = source ? allowed_auth_keys(*method, *source) : all;
    for (const auto& member : node.members) {
        if (member.key == "method" || member.key == "token_source") continue;
        if (member.key == "assume") {
            auth.assume = read_assume(member, findings);
            continue;
        }
        const AuthKey* key = nullptr;
        for (const auto& candidate : auth_keys()) {
            if (candidate.name == member.key) key = &candidate;
        }
        if (!key) {
            findings.error(member.mark, fmt::format("unknown key \"{}\" of \"auth\"{}",
                                                    member.key.substr(0, 64), suggestion(member.key, known)));
            continue;
        }
        if (source && !key->use(*method, *source))
            refuse_unused_key(member, *key, *method, *source, findings);
        read_value(member, *key, auth, findings);
    }
    if (!source) return auth;
    for (const auto& key : auth_keys()) {
        const AuthUse* use = key.use(*method, *source);
        if (use && use->required && !node.find(key.name)) {
            findings.error(node.mark, fmt::format("\"auth\" lacks \"{}\", which {} needs", key.name,
                                                  owner_name(*method, *source)));
        }
    }
    check_together(node, auth, findings);
    return auth;
}

}  // namespace polysync::definition
