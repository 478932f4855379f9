// Amazon resource names as the services of this project write them (Service Authorization Reference;
// aws-facts 2 to 5).
#pragma once

#include <string>
#include <string_view>

#include "model/platform.h"

namespace polysync {

// The colon-separated parts of an ARN; `resource` keeps its own colons and slashes.
struct Arn {
    std::string_view partition;
    std::string_view service;
    std::string_view region;
    std::string_view account;
    std::string_view resource;
};

// True, with the parts (views into `text`), where `text` is an ARN of six parts.
[[nodiscard]] bool parse_arn(std::string_view text, Arn& out);

// Where a name lives. Empty parts are written as they are: "*" for a policy, "<account>" for people.
struct ArnPlace {
    std::string partition = "aws";
    std::string region;
    std::string account;
};

// "glue:job/NAME" and so on with its place. An external id that is an ARN already is returned as it is.
//   Glue           arn:P:glue:R:A:job/NAME
//   Batch          arn:P:batch:R:A:job-definition/NAME (without revision where the name has none)
//   SageMaker      arn:P:sagemaker:R:A:pipeline/name (lower case, as SageMaker writes it)
//   Step Functions arn:P:states:R:A:stateMachine:NAME
[[nodiscard]] std::string job_arn(PlatformType type, const ArnPlace& place, std::string_view external_id);

// arn:P:batch:R:A:job-queue/NAME, or the ARN that `queue` is already.
[[nodiscard]] std::string batch_queue_arn(const ArnPlace& place, std::string_view queue);

// The account that the last role of the chain is in; empty where no role is assumed, or its ARN is not known
// yet.
[[nodiscard]] std::string account_of_role(const AuthConfig& auth);

// "aws-cn" for cn-north-1 and so on; "aws" for every region that no other partition claims (aws-facts 11.1).
[[nodiscard]] std::string_view partition_of(std::string_view region);

// ASCII only: what AWS does with pipeline names in ARNs.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace polysync
