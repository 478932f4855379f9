// The IAM documents that a platform needs (PLAT-5): what its identity may do, and who may become its role.
// Pure.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "model/platform.h"
#include "provider/provider.h"
#include "provider/token_claims.h"

namespace polysync {

// A document as IAM takes it, and words about it for people: what it leaves out and why, what to fill in.
struct PolicyDocument {
    boost::json::object document;  // {"Version": "2012-10-17", "Statement": […]}
    std::vector<std::string> notes;
};

// Everything that Polysync calls on this platform, start and stop calls scoped to the jobs and queues of
// `scope` where AWS allows it. Statements that need "*" stand apart, with an Sid that says so. Source of the
// resource types: Service Authorization Reference (Batch and Step Functions checked; Glue and SageMaker from
// general knowledge, and the seeds' ARNs).
[[nodiscard]] PolicyDocument make_policy(const Platform& platform, const PolicyScope& scope);

// Who may assume the platform's role. web_identity: the issuer's IAM provider, with an audience and a subject
// condition; assume_role: the bootstrap identity `caller_arn`, with the external id where there is one. What
// is not known stands there as <…> and is named in the notes. Errors: invalid_input for methods without a
// role.
[[nodiscard]] Result<PolicyDocument> make_trust_policy(const Platform& platform, const TokenClaims& claims,
                                                       const std::string& caller_arn = {});

// The IAM identity provider's URL for the claims or, without them, for the configuration; "<issuer of the
// token>" where neither tells.
[[nodiscard]] std::string expected_issuer(const AuthConfig& auth, const TokenClaims& claims);
// What the IAM identity provider's client id list must hold (aud, and azp where the token carries one that
// differs).
[[nodiscard]] std::vector<std::string> expected_audiences(const AuthConfig& auth, const TokenClaims& claims);

}  // namespace polysync
