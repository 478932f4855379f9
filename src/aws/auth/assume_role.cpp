// sts:AssumeRole with another identity's credentials (aws-facts 6).
#include <fmt/format.h>

#include "aws/auth/sts_access.h"

namespace polysync::aws {
namespace {

class AssumeRoleSource final : public CredentialsSource {
  public:
    AssumeRoleSource(RoleConfig role, std::shared_ptr<CredentialsProvider> by, const SourceContext& context)
        : role_(std::move(role)), by_(by), sts_(make_sts_client(context, std::move(by))) {}

    Async<Result<Credentials>> fetch() override {
        POLYSYNC_CO_TRY(check_role(role_));
        // Asked for first, so that its failure is told as what it is and names its own source.
        POLYSYNC_CO_TRY(auto caller, co_await by_->get());
        sts::AssumeRoleRequest request;
        request.role_arn = role_.step.role_arn;
        request.session_name = session_name_of(role_);
        request.external_id = role_.step.external_id;
        request.duration_seconds = role_.duration_seconds;
        Result<sts::AssumedRole> assumed = co_await sts_.assume_role(std::move(request));
        if (!assumed) co_return explained(std::move(assumed).error(), caller->source);
        Credentials keys = std::move(assumed).value().credentials;
        keys.source = fmt::format("role {} through {}", role_.step.role_arn, caller->source);
        co_return keys;
    }

  private:
    Error explained(Error error, const std::string& caller) const {
        error.message = fmt::format("role {} could not be assumed with {}: {}", role_.step.role_arn, caller,
                                    error.message);
        if (error.kind == ErrorKind::access_denied) {
            error.remedy = fmt::format(
                "Allow the caller sts:AssumeRole on that role, name the caller in the role's trust policy, "
                "and check the external id ({}).",
                role_.step.external_id.empty() ? "none is sent" : "one is sent");
        }
        return error;
    }

    RoleConfig role_;
    std::shared_ptr<CredentialsProvider> by_;
    StsClient sts_;
};

}  // namespace

SourcePtr make_assume_role(RoleConfig role, std::shared_ptr<CredentialsProvider> by,
                           const SourceContext& context) {
    return std::make_unique<AssumeRoleSource>(std::move(role), std::move(by), context);
}

}  // namespace polysync::aws
