// STS's operations (aws-facts 1.1, 6). Credentials that nobody gets to see do no harm, so all of them may be
// repeated.
#pragma once

#include "aws/core/operation.h"

namespace polysync::aws::sts {

inline constexpr ServiceInfo service{"sts", "STS", "sts", "sts", Protocol::query, "", "2011-06-15"};

inline constexpr Operation get_caller_identity{&service, "GetCallerIdentity", ""};
inline constexpr Operation assume_role{&service, "AssumeRole", "", "/", RepeatSafety::read, Priority::urgent};
inline constexpr Operation assume_role_with_web_identity{.service = &service,
                                                         .name = "AssumeRoleWithWebIdentity",
                                                         .target = "",
                                                         .repeat = RepeatSafety::read,
                                                         .priority = Priority::urgent,
                                                         .is_signed = false};

}  // namespace polysync::aws::sts
