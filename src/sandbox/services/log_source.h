// Where the simulated CloudWatch Logs get their events from: the services that run things. Nothing is stored;
// a stream's events follow from its run and `now`, so a hundred thousand runs cost no memory for logs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/service.h"

namespace polysync::sandbox {

struct LogLine {
    SandboxTime at;
    std::string message;
};

class LogSource {
  public:
    virtual ~LogSource() = default;
    [[nodiscard]] virtual bool has_log_group(std::string_view group, const CallContext& context) = 0;
    // The lines written up to now, oldest first; a later call gives the same lines and perhaps more behind
    // them. Empty where there is no such stream (yet).
    [[nodiscard]] virtual std::optional<std::vector<LogLine>> log_stream(std::string_view group,
                                                                         std::string_view stream,
                                                                         const CallContext& context) = 0;
    // Calls `visit` with the name of each stream of the group that may hold events at or after `from`, in the
    // order of their making, until it returns false.
    virtual void each_log_stream(std::string_view group, SandboxTime from, const CallContext& context,
                                 const std::function<bool(const std::string&)>& visit) = 0;
};

// Spreads `lines` evenly over the time from `begin` to `end`, and gives those up to `until`.
[[nodiscard]] std::vector<LogLine> spread_lines(const std::vector<std::string>& lines, SandboxTime begin,
                                                SandboxTime end, SandboxTime until);

}  // namespace polysync::sandbox
