#include "sandbox/identity.h"

#include <algorithm>

namespace polysync::sandbox {
namespace {

constexpr std::string_view upper_base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string joined(std::string_view account, std::string_view name) {
    return std::string(account).append("/").append(name);
}

}  // namespace

std::string_view partition_of(std::string_view region) {
    struct Row {
        std::string_view prefix, partition;
    };
    static constexpr Row rows[] = {{"cn-", "aws-cn"},         {"us-gov-", "aws-us-gov"},
                                   {"eusc-", "aws-eusc"},     {"us-iso-", "aws-iso"},
                                   {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"},
                                   {"us-isof-", "aws-iso-f"}};
    for (auto& row : rows)
        if (region.starts_with(row.prefix)) return row.partition;
    return "aws";
}

bool is_region(std::string_view text) {
    if (text.size() < 6 || text.size() > 32) return false;
    auto last = text.rfind('-');
    if (last == std::string_view::npos || last + 1 == text.size()) return false;
    for (char c : text.substr(last + 1))
        if (c < '0' || c > '9') return false;
    auto words = text.substr(0, last);
    if (words.find('-') == std::string_view::npos) return false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        bool letter = words[i] >= 'a' && words[i] <= 'z';
        bool hyphen = words[i] == '-' && i > 0 && i + 1 < words.size() && words[i - 1] != '-';
        if (!letter && !hyphen) return false;
    }
    return true;
}

bool matches(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return true;
    if (pattern.back() == '*') return text.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == text;
}

std::string AccessKey::arn(std::string_view partition) const {
    std::string text("arn:");
    text.append(partition)
        .append(is_role_session() ? ":sts::" : ":iam::")
        .append(account)
        .append(":")
        .append(principal);
    return text;
}

void Identities::add_samples() {
    AccessKey key;
    key.id = sample_key_id;
    key.secret = sample_secret;
    key.account = sample_account;
    key.principal = "user/polysync";
    key.user_id = "AIDASANDBOX0000000000";
    add_key(std::move(key));

    // The application and the managed identity that metadata.h gives Entra tokens to.
    static constexpr std::string_view application = "11111111-2222-3333-4444-555555555555";
    static constexpr std::string_view identity = "33333333-4444-5555-6666-777777777777";
    static constexpr std::string_view tenant = "22222222-3333-4444-5555-666666666666";
    std::vector<std::string> entra_audiences{std::string(application), std::string(identity),
                                             "api://" + std::string(application)};
    auto v1 = "sts.windows.net/" + std::string(tenant) + "/";
    auto v2 = "login.microsoftonline.com/" + std::string(tenant) + "/v2.0";
    std::string account(sample_account);
    add_provider({account, "https://oidc.sandbox.local", {"sts.amazonaws.com"}});
    add_provider({account, "https://" + v1, entra_audiences});
    add_provider({account, "https://" + v2, entra_audiences});

    Role plain;
    plain.account = account;
    plain.name = "polysync-role";
    plain.trusted_issuers = {"oidc.sandbox.local", v1, v2};
    plain.max_session_seconds = 43200;
    add_role(plain);
    Role guarded = plain;
    guarded.name = "polysync-external-id";
    guarded.external_id = "polysync-external";
    guarded.trusted_issuers.clear();
    add_role(guarded);
    Role other = plain;
    other.account = "210987654321";
    other.trusted_accounts = {account};
    other.trusted_issuers.clear();
    add_role(other);
}

void Identities::add_key(AccessKey key) {
    auto id = key.id;
    keys_.insert_or_assign(std::move(id), std::move(key));
}

void Identities::remove_key(std::string_view id) {
    auto found = keys_.find(id);
    if (found != keys_.end()) keys_.erase(found);
}

void Identities::add_role(Role role) {
    if (role.id.empty()) role.id = "AROA" + random_text(17, upper_base32);
    auto name = joined(role.account, role.name);
    roles_.insert_or_assign(std::move(name), std::move(role));
}

void Identities::add_provider(OidcProvider provider) {
    auto name = joined(provider.account, provider.url);
    providers_.insert_or_assign(std::move(name), std::move(provider));
}

AccessKey* Identities::find_key(std::string_view id) {
    auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
}

const Role* Identities::find_role(std::string_view account, std::string_view name) const {
    auto found = roles_.find(joined(account, name));
    return found == roles_.end() ? nullptr : &found->second;
}

const OidcProvider* Identities::find_provider(std::string_view account, std::string_view issuer) const {
    auto found = providers_.find(joined(account, issuer));
    return found == providers_.end() ? nullptr : &found->second;
}

const Denial* Identities::find_denial(const AccessKey& key, std::string_view action,
                                      std::string_view resource) const {
    for (auto& rule : denials_)
        if (matches(rule.access_key_id, key.id) && matches(rule.account, key.account) &&
            matches(rule.action, action) && matches(rule.resource, resource))
            return &rule;
    return nullptr;
}

const AccessKey& Identities::issue(const Role& role, std::string_view session_name, WallTime now,
                                   std::chrono::seconds lifetime) {
    if (++issued_ % 256 == 0)  // forget what ended long ago, so that AWS's "expired" is not "unknown" for a
                               // while
        std::erase_if(keys_, [&](auto& entry) {
            return entry.second.expires && *entry.second.expires + std::chrono::hours(1) < now;
        });
    AccessKey key;
    key.id = "ASIA" + random_text(16, upper_base32);
    key.secret = random_text(40, base64);
    key.session_token = "FwoGZXIvYXdzE" + random_text(283, base64) + "=";
    key.expires = now + lifetime;
    key.account = role.account;
    key.principal = std::string("assumed-role/").append(role.name).append("/").append(session_name);
    key.user_id = std::string(role.id).append(":").append(session_name);
    auto id = key.id;
    return keys_.insert_or_assign(std::move(id), std::move(key)).first->second;
}

void Identities::expire_sessions(WallTime now) {
    for (auto& [id, key] : keys_)
        if (key.expires && *key.expires > now) key.expires = now;
}

std::string Identities::random_text(std::size_t length, std::string_view alphabet) {
    std::string text;
    text.reserve(length);
    for (std::size_t i = 0; i < length; ++i) text += alphabet[random_->next() % alphabet.size()];
    return text;
}

}  // namespace polysync::sandbox
