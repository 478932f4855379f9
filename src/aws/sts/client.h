// AWS STS (aws-facts 6).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/auth/credentials.h"
#include "base/async.h"
#include "base/result.h"
#include "base/secret.h"

namespace polysync::aws {

class Connection;

namespace sts {

struct CallerIdentity {
    std::string account, arn, user_id;
};

struct AssumeRoleRequest {
    std::string role_arn, session_name, external_id;
    std::optional<int> duration_seconds;  // unset: the role's default; a chained role allows at most an hour
};

struct WebIdentityRequest {
    std::string role_arn, session_name;
    Secret token;
    std::optional<int> duration_seconds;
};

struct AssumedRole {
    Credentials credentials;  // `source` is left to the caller
    std::string assumed_role_arn;
    std::string subject, provider, audience;  // web identity only
};

}  // namespace sts

// The secrets of every answer are registered for redaction before they are returned.
class StsClient {
  public:
    explicit StsClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

    [[nodiscard]] Async<Result<sts::CallerIdentity>> get_caller_identity();
    // Signed with the connection's credentials.
    [[nodiscard]] Async<Result<sts::AssumedRole>> assume_role(sts::AssumeRoleRequest request);
    // Unsigned: the connection needs no credentials.
    [[nodiscard]] Async<Result<sts::AssumedRole>> assume_role_with_web_identity(
        sts::WebIdentityRequest request);

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace polysync::aws
