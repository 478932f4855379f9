// What the sources of credentials need from outside.
#pragma once

#include <string>

#include "aws/auth/process.h"
#include "aws/config/environment.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/http_client.h"

namespace polysync::aws {

// The referenced things outlive every provider that was made with it, and so does this.
struct AuthEnvironment {
    http::HttpClient& http;
    Clock& clock;
    Random& random;
    Environment& environment;
    ProcessRunner& processes;
    std::string user_agent = "polysync";
};

}  // namespace polysync::aws
