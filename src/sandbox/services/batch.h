// Simulated AWS Batch: queues, definitions, jobs with attempts, arrays and dependencies.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "sandbox/service.h"
#include "sandbox/services/batch_state.h"
#include "sandbox/services/in_flight.h"
#include "sandbox/services/log_source.h"
#include "sandbox/services/place.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

// Lives as long as the sandbox, on its thread. `settings` outlives it. Job ids follow from `seed`.
class BatchService final : public Service, public LogSource {
  public:
    explicit BatchService(const Settings& settings, PlaceSetup setup = {}, std::uint64_t seed = 2);

    [[nodiscard]] std::string_view name() const override { return "batch"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // Kinds: "queue" (the members of CreateJobQueue, and "jobQueueType"), "definition" (the members of
    // RegisterJobDefinition, and "status", "outcome", "count" with "name_prefix"; each call makes a new
    // revision), "outcome" ("definition" by name, "runs" and the members of an outcome).
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
    ServiceAnswer describe_job_queues(const JsonObject& input, const CallContext& context);
    ServiceAnswer describe_job_definitions(const JsonObject& input, const CallContext& context);
    ServiceAnswer describe_jobs(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_jobs(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_children(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_queue(BatchQueue& queue, const JsonObject& input, const CallContext& context);
    ServiceAnswer list_filtered(BatchQueue& queue, const JsonObject& input, const CallContext& context);
    ServiceAnswer submit_job(const JsonObject& input, const CallContext& context);
    ServiceAnswer end_job(const JsonObject& input, BatchWork::Asked what, const CallContext& context);

    ServiceAnswer add_queue(const JsonObject& input, const CallContext& context);
    ServiceAnswer add_definition(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_outcome(const JsonObject& input, const CallContext& context);

    const Settings& settings_;
    SeededRandom random_;
    Places<BatchState> places_;
    std::map<std::string, std::int64_t> submissions_;
    InFlight<BatchJob> in_flight_;
};

// Null where `name` (a name, or an ARN) names no queue.
[[nodiscard]] BatchQueue* find_batch_queue(BatchState& state, std::string_view name);
// "name" (the highest active revision), "name:revision", or an ARN with or without a revision. Null: none
// active.
[[nodiscard]] BatchDefinition* find_batch_definition(BatchState& state, std::string_view name);

// What AWS refuses about a SubmitJob for this queue and definition, or nothing. Pure.
[[nodiscard]] std::optional<ServiceAnswer> check_batch_submit(const BatchQueue& queue,
                                                              const BatchDefinition& definition,
                                                              const JsonObject& input);

// The definition's command, or the override's, with its Ref::name placeholders replaced; in `missing` the
// first placeholder that has no value.
[[nodiscard]] JsonArray batch_command(const BatchDefinition& definition, const JsonObject& request,
                                      std::string& missing);

// What DescribeJobs and ListJobs say of a job, or of one child of an array (`child` ≥ 0).
[[nodiscard]] JsonObject batch_job_detail(BatchState& state, const BatchJob& job, int child,
                                          const CallContext& context);
[[nodiscard]] JsonObject batch_job_summary(BatchState& state, const BatchJob& job, int child,
                                           const CallContext& context);

// The log stream of one attempt: the definition's name, "/default/" and an ECS task id that tells the
// attempt.
[[nodiscard]] std::string batch_task_id(std::uint32_t job, int child, int attempt);
[[nodiscard]] std::string batch_log_stream(const BatchJob& job, std::uint32_t index, int child, int attempt);

}  // namespace polysync::sandbox
