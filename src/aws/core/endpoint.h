// Where a service answers, as the endpoint rules decided it (aws-facts 11).
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace polysync::aws {

struct Operation;

struct Endpoint {
    std::string url;  // "https://glue.eu-west-1.amazonaws.com", with a custom endpoint's path, without a
                      // trailing '/'
    std::string signing_region;  // the endpoint's region, which for a global host is not the platform's
};

// The endpoint of one operation: its service, and its host prefix where it has one (StartSyncExecution). Must
// give the same answer for the same service and prefix for as long as the Connection lives, which keeps the
// answers.
using EndpointResolver = std::function<Result<Endpoint>(const Operation& operation)>;

}  // namespace polysync::aws
