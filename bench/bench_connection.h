// A connection as the program makes it, with fixed keys and no limit on this side.
#pragma once

#include <memory>
#include <string>

#include "aws/core/connection.h"
#include "aws/core/limiter_registry.h"
#include "http/http_client.h"

namespace polysync::bench {

// `limiters` and `http` outlive it.
[[nodiscard]] std::shared_ptr<aws::Connection> make_connection(const std::string& endpoint,
                                                               http::HttpClient& http,
                                                               aws::LimiterRegistry& limiters);

}  // namespace polysync::bench
