// Signature Version 4 from the receiving side: takes an Authorization header apart and checks it as AWS does.
// Written from the specification for the sandbox alone; the client's signer in src/aws is other code, so that
// one proves the other.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/http.h"
#include "sandbox/identity.h"

namespace polysync::sandbox {

// Why a request is refused; each protocol has its own code and status for it (protocol.h).
enum class AuthFailure {
    missing_token,  // no Authorization header
    incomplete,     // the header cannot be read, or lacks a part
    unknown_key,    // no such access key id, or a wrong session token
    bad_signature,  // also scope and clock
    expired_credentials,
};

struct AuthRefusal {
    AuthFailure failure = AuthFailure::missing_token;
    std::string message;  // AWS's own words
};

struct AuthOutcome {
    AccessKey* key = nullptr;  // null: refused
    std::string region;
    AuthRefusal refusal;
};

struct CredentialScope {
    std::string_view access_key_id, date, region, service, terminator;
};

struct Authorization {
    std::string_view credential, signed_headers, signature;
    CredentialScope scope;
};

// Takes "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" apart; the views point into `header`.
// On failure `message` holds AWS's sentence.
[[nodiscard]] std::optional<Authorization> parse_authorization(std::string_view header, bool has_date,
                                                               std::string& message);

// The canonical request over the given signed header names (already lower case and separated by ';').
[[nodiscard]] std::string canonical_request(const HttpRequest& request, std::string_view signed_headers);

struct AuthRules {
    std::string_view service;        // what the scope must name: "glue", "states", …
    std::chrono::minutes window{5};  // accepted clock difference; STS 15
    WallTime now;                    // the receiver's clock
};

// Checks everything: header form, scope, clock, key, token, signature.
[[nodiscard]] AuthOutcome authenticate(const HttpRequest& request, Identities& identities,
                                       const AuthRules& rules);

}  // namespace polysync::sandbox
