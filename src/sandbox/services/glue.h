// Simulated AWS Glue: jobs and job runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "sandbox/service.h"
#include "sandbox/services/glue_state.h"
#include "sandbox/services/in_flight.h"
#include "sandbox/services/log_source.h"
#include "sandbox/services/place.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

// Lives as long as the sandbox, on its thread. `settings` outlives it. Run ids follow from `seed`.
class GlueService final : public Service, public LogSource {
  public:
    explicit GlueService(const Settings& settings, PlaceSetup setup = {}, std::uint64_t seed = 1);

    [[nodiscard]] std::string_view name() const override { return "glue"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // Kinds: "job" (the members of CreateJob, and "outcome", "count" with "name_prefix"), "outcome" ("job",
    // "runs" and the members of an outcome), "limits" ("concurrent_runs" of the account, 0: none).
    [[nodiscard]] ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                      const CallContext& context) override;
    [[nodiscard]] boost::json::object submissions() const override;
    [[nodiscard]] boost::json::object most_in_flight() const override { return in_flight_.to_json(); }

    [[nodiscard]] bool has_log_group(std::string_view group, const CallContext& context) override;
    [[nodiscard]] std::optional<std::vector<LogLine>> log_stream(std::string_view group,
                                                                 std::string_view stream,
                                                                 const CallContext& context) override;
    void each_log_stream(std::string_view group, SandboxTime from, const CallContext& context,
                         const std::function<bool(const std::string&)>& visit) override;

  private:
    ServiceAnswer list_jobs(std::string_view operation, const JsonObject& input, const CallContext& context);
    ServiceAnswer get_job(const JsonObject& input, const CallContext& context);
    ServiceAnswer batch_get_jobs(const JsonObject& input, const CallContext& context);
    ServiceAnswer start_job_run(const JsonObject& input, const CallContext& context);
    ServiceAnswer get_job_run(const JsonObject& input, const CallContext& context);
    ServiceAnswer get_job_runs(const JsonObject& input, const CallContext& context);
    ServiceAnswer batch_stop_job_run(const JsonObject& input, const CallContext& context);

    ServiceAnswer add_job(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_outcome(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_limits(const JsonObject& input);

    [[nodiscard]] JsonObject run_view(const GlueRun& run, SandboxTime now);
    [[nodiscard]] std::string new_run_id();

    const Settings& settings_;
    SeededRandom random_;
    Places<GlueState> places_;
    std::map<std::string, std::int64_t> submissions_;
    InFlight<GlueRun> in_flight_;
    std::size_t account_limit_ = 0;
};

// The refusal that Glue gives StartJobRun for these arguments and settings, or nothing. Pure.
[[nodiscard]] std::optional<ServiceAnswer> check_glue_start(const GlueJob& job, const JsonObject& input);

}  // namespace polysync::sandbox
