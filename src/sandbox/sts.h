// The simulated STS: GetCallerIdentity, AssumeRole and AssumeRoleWithWebIdentity (aws-facts 6 and 13).
// Credentials that it issues are accepted by every service until they expire.
#pragma once

#include "sandbox/identity.h"
#include "sandbox/service.h"
#include "sandbox/settings.h"
#include "sandbox/times.h"

namespace polysync::sandbox {

class Sts final : public Service {
  public:
    // All outlive this.
    Sts(Identities& identities, const Settings& settings, const Times& times)
        : identities_(identities), settings_(settings), times_(times) {}

    [[nodiscard]] std::string_view name() const override { return "sts"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // None: roles, providers and keys have admin paths of their own.
    [[nodiscard]] ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                      const CallContext& context) override;
    [[nodiscard]] boost::json::object submissions() const override { return {}; }

  private:
    ServiceAnswer caller_identity(const CallContext& context);
    ServiceAnswer assume_role(const boost::json::object& input, const CallContext& context);
    ServiceAnswer assume_with_web_identity(const boost::json::object& input);
    ServiceAnswer session(const Role& role, std::string_view partition, const boost::json::object& input,
                          bool chained);

    Identities& identities_;
    const Settings& settings_;
    const Times& times_;
};

}  // namespace polysync::sandbox
