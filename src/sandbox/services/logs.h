// Simulated CloudWatch Logs: reads the events that the other services' runs write.
#pragma once

#include <string>
#include <vector>

#include "sandbox/service.h"
#include "sandbox/services/log_source.h"
#include "sandbox/services/place.h"

namespace polysync::sandbox {

// Lives as long as the sandbox, on its thread. The sources outlive it. Holds no state of its own but what the
// admin endpoint put in.
class LogsService final : public Service {
  public:
    explicit LogsService(std::vector<LogSource*> sources)
        : sources_(std::move(sources)), own_(PlaceSetup()) {}

    [[nodiscard]] std::string_view name() const override { return "logs"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // Kind "events" ("logGroupName", "logStreamName", "messages"): adds lines, stamped now, to a stream that
    // belongs to no run.
    [[nodiscard]] ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                      const CallContext& context) override;
    [[nodiscard]] boost::json::object submissions() const override { return {}; }

  private:
    struct OwnLogs {
        std::map<std::string, std::map<std::string, std::vector<LogLine>>> groups;
    };
    struct Event {
        SandboxTime at;
        std::string stream;
        std::size_t index;  // in its stream
        std::string message;
    };

    ServiceAnswer get_log_events(const boost::json::object& input, const CallContext& context);
    ServiceAnswer filter_log_events(const boost::json::object& input, const CallContext& context);
    bool has_group(const std::string& group, const CallContext& context);
    std::optional<std::vector<LogLine>> lines(const std::string& group, const std::string& stream,
                                              const CallContext& context);
    std::vector<std::string> streams(const std::string& group, SandboxTime from, const CallContext& context);

    std::vector<LogSource*> sources_;
    Places<OwnLogs> own_;
};

}  // namespace polysync::sandbox
