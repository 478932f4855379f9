// What a profile of the shared files says about credentials, as sources (aws-facts 9.3).
#pragma once

#include <string>
#include <vector>

#include "aws/auth/sources.h"
#include "aws/config/shared_files.h"

namespace polysync::aws {

// A profile on the way through source_profile; `visited` catches loops.
struct ProfileView {
    const SharedFiles& files;
    std::string name;
    std::vector<std::string> visited;
    bool use_variables = false;  // AWS_WEB_IDENTITY_TOKEN_FILE and so on win over the profile's values

    // An empty section where there is no such profile.
    [[nodiscard]] const ConfigSection& section() const;
};

// Each returns not_found where the profile has nothing of that kind, and invalid_input, naming file and key,
// where it has something that cannot work.
[[nodiscard]] Result<SourcePtr> profile_role(const ProfileView& view, const SourceContext& context);
[[nodiscard]] Result<SourcePtr> profile_web_identity(const ProfileView& view, const SourceContext& context);
[[nodiscard]] Result<SourcePtr> profile_sso(const ProfileView& view, const SourceContext& context);
[[nodiscard]] Result<SourcePtr> profile_keys_of_credentials_file(const ProfileView& view,
                                                                 const SourceContext& context);
[[nodiscard]] Result<SourcePtr> profile_process(const ProfileView& view, const SourceContext& context);
[[nodiscard]] Result<SourcePtr> profile_keys(const ProfileView& view, const SourceContext& context);

}  // namespace polysync::aws
