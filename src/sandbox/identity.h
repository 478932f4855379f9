// Who may call the simulated accounts: access keys, temporary credentials, roles with their trust, OIDC
// providers, and what is denied to whom. One object per sandbox, used from its I/O thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sandbox/sha256.h"

namespace polysync::sandbox {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// "aws", "aws-cn", "aws-us-gov", … of a region; "aws" for an unknown one (aws-facts 11.1).
[[nodiscard]] std::string_view partition_of(std::string_view region);
// True for the form of a region name: "eu-west-1", "us-gov-east-1".
[[nodiscard]] bool is_region(std::string_view text);

struct AccessKey {
    std::string id;
    std::string secret;
    std::string session_token;        // empty: a long-term key
    std::optional<WallTime> expires;  // temporary credentials only
    std::string account;
    // Parts of the caller's ARN: "user/polysync", or "assumed-role/<role>/<session>" for a role session.
    std::string principal;
    std::string user_id;
    // Signing keys by "<date>/<region>/<service>": deriving one costs four HMACs.
    std::unordered_map<std::string, HmacKey> signing_keys;

    [[nodiscard]] bool is_role_session() const { return principal.starts_with("assumed-role/"); }
    [[nodiscard]] std::string arn(std::string_view partition) const;
};

struct Role {
    std::string account;
    std::string name;
    std::string id;                              // "AROA…"
    std::string external_id;                     // required of AssumeRole where not empty
    std::vector<std::string> trusted_accounts;   // whose principals may call AssumeRole; empty: its own
                                                 // account
    std::vector<std::string> trusted_issuers;    // host and path of OIDC providers
    std::vector<std::string> trusted_audiences;  // conditions on `aud`; empty: any
    std::vector<std::string> trusted_subjects;   // conditions on `sub`; empty: any, trailing '*' matches a
                                                 // prefix
    std::int64_t max_session_seconds = 3600;
};

// An IAM identity provider. `url` equals the token's `iss` exactly.
struct OidcProvider {
    std::string account;
    std::string url;
    std::vector<std::string> audiences;  // the client id list
};

// Refuses calls with AccessDenied. Empty members match everything; a trailing '*' matches a prefix.
struct Denial {
    std::string access_key_id;
    std::string account;
    std::string action;    // "glue:StartJobRun", "glue:*"
    std::string resource;  // an ARN
    bool explicit_deny = false;
};

class Identities {
  public:
    explicit Identities(Random& random) : random_(&random) {}

    // The sample account: AKIASANDBOX000000000 / polysync-sandbox-secret in 123456789012, the roles and the
    // OIDC provider that docs/sandbox.md names.
    void add_samples();

    void add_key(AccessKey key);
    void remove_key(std::string_view id);
    void add_role(Role role);
    void add_provider(OidcProvider provider);
    void add_denial(Denial denial) { denials_.push_back(std::move(denial)); }
    void clear_denials() { denials_.clear(); }

    // Null where unknown. The pointer holds until the next change of keys.
    [[nodiscard]] AccessKey* find_key(std::string_view id);
    [[nodiscard]] const Role* find_role(std::string_view account, std::string_view name) const;
    [[nodiscard]] const OidcProvider* find_provider(std::string_view account, std::string_view issuer) const;
    // The first rule that denies this call, or null.
    [[nodiscard]] const Denial* find_denial(const AccessKey& key, std::string_view action,
                                            std::string_view resource) const;

    // New temporary credentials of a session of `role`; remembered until a while after their end.
    const AccessKey& issue(const Role& role, std::string_view session_name, WallTime now,
                           std::chrono::seconds lifetime);
    // Ends every temporary credential at once.
    void expire_sessions(WallTime now);

    [[nodiscard]] std::size_t key_count() const { return keys_.size(); }
    [[nodiscard]] std::string random_text(std::size_t length, std::string_view alphabet);

  private:
    Random* random_;
    std::map<std::string, AccessKey, std::less<>> keys_;
    std::map<std::string, Role, std::less<>> roles_;              // by "account/name"
    std::map<std::string, OidcProvider, std::less<>> providers_;  // by "account/url"
    std::vector<Denial> denials_;
    std::uint64_t issued_ = 0;
};

// `text` equals `pattern`, or begins with it up to a final '*'; an empty pattern matches everything.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

inline constexpr std::string_view sample_account = "123456789012";
inline constexpr std::string_view sample_key_id = "AKIASANDBOX000000000";
inline constexpr std::string_view sample_secret = "polysync-sandbox-secret";

}  // namespace polysync::sandbox
