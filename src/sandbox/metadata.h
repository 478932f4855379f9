// The endpoints that credential methods ask besides STS: EC2 instance metadata (IMDSv2), ECS and EKS
// container credentials, Azure managed identity, Entra's token endpoint, the SSO portal and its token refresh
// (aws-facts 9 and 13). One I/O thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "sandbox/http.h"
#include "sandbox/world.h"

namespace polysync::sandbox {

// How the endpoints behave; POST /_sandbox/metadata changes it.
struct MetadataBehaviour {
    // on; off (404 for all); no_role (no instance profile); unauthorized (200 with an error in it);
    // hop_limit (the token request is never answered, as in a bridged container); stale (hands out
    // credentials that have ended, as AWS's static stability may)
    std::string imds = "on";
    std::string instance_role = "polysync-role";
    std::string instance_region = "us-east-1";
    // What container credentials want in Authorization; empty: nothing.
    std::string container_authorization;
    // on; updating (410); not_found (400 Identity not found)
    std::string azure = "on";
    // 1 or 2: the version of the tokens that Entra and the managed identity hand out
    std::int64_t entra_token_version = 2;
    std::string sso_access_token = "sandbox-sso-access-token";
};

class Metadata {
  public:
    // `world` outlives it.
    explicit Metadata(World& world) : world_(world) {}
    // Nothing where the request is for none of them.
    [[nodiscard]] std::optional<HttpAnswer> handle(const HttpRequest& request);
    // POST /_sandbox/metadata: changes the behaviour. Fails with invalid_input.
    Result<boost::json::object> change(const boost::json::object& document);
    void reset();

  private:
    HttpAnswer imds(const HttpRequest& request);
    HttpAnswer imds_token(const HttpRequest& request);
    HttpAnswer instance_credentials(std::string_view role);
    HttpAnswer container(const HttpRequest& request);
    HttpAnswer managed_identity(const HttpRequest& request, bool app_service);
    HttpAnswer entra_token(std::string_view tenant, const HttpRequest& request);
    HttpAnswer sso_credentials(const HttpRequest& request);
    HttpAnswer sso_refresh(const HttpRequest& request);

    // A session of the role that lasts a while yet; the same for all who ask, as real metadata services do.
    const AccessKey* shared_session(std::string_view role_name);
    [[nodiscard]] std::string entra_jwt(std::string_view tenant, std::string_view client,
                                        std::string_view audience) const;

    World& world_;
    MetadataBehaviour behaviour_;
    std::string imds_token_;
    SystemTime imds_token_ends_{};
    std::string shared_key_id_;
};

// The Entra tenant, application and managed identity of the sample account.
inline constexpr std::string_view sample_tenant = "22222222-3333-4444-5555-666666666666";
inline constexpr std::string_view sample_client_id = "11111111-2222-3333-4444-555555555555";
inline constexpr std::string_view sample_client_secret = "sandbox-client-secret";
inline constexpr std::string_view sample_identity_client_id = "33333333-4444-5555-6666-777777777777";
inline constexpr std::string_view sample_identity_header = "sandbox-identity-header";

}  // namespace polysync::sandbox
