// What a failed exchange means to the caller.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "base/error.h"

namespace polysync::http {

struct FailedExchange {
    CURLcode code = CURLE_OK;
    bool sent = false;       // libcurl had begun to send the request
    bool too_large = false;  // this side broke off because of max_body_bytes
    std::string_view authority;
    std::string_view detail;  // libcurl's own words, may be empty
    long proxy_status = 0;    // the proxy's answer to CONNECT
    bool proxied = false;
};

// One of the transport errors listed in http_client.h.
[[nodiscard]] Error classify(const FailedExchange& failed);

}  // namespace polysync::http
