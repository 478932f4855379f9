// The sandbox of `polysync dev`: a process of its own, so that what runs in it goes on when the server dies,
// as it would at AWS.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace polysync::app {

struct DevSandbox {
    std::string endpoint;  // "http://127.0.0.1:4570"
    int pid = 0;
    bool is_new = false;  // it holds the sample account only
};

// The one that runs from this folder, or a new one: on the port of the last one, else on `port`, else on any
// free one. It tells of itself in FOLDER/sandbox.json, writes to FOLDER/sandbox.log and holds
// FOLDER/sandbox.lock for as long as it lives. Errors: internal, where it does not start.
[[nodiscard]] Result<DevSandbox> find_or_start_sandbox(const std::string& folder, std::uint16_t port);

// Ends the one that runs from this folder, if any, and waits for that.
void stop_sandbox(const std::string& folder);

}  // namespace polysync::app
