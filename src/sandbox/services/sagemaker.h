// Simulated Amazon SageMaker pipelines and their executions.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "sandbox/service.h"
#include "sandbox/services/in_flight.h"
#include "sandbox/services/pipeline_definition.h"
#include "sandbox/services/place.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

struct Pipeline {
    std::string name;
    std::string arn;    // spells the name in lower case
    JsonObject detail;  // of DescribePipeline, without the definition
    DefinitionPtr definition;
    int version = 1;
    SandboxTime created;
    SandboxTime last_execution;
    OutcomeScript script;
    std::vector<std::uint32_t> executions;  // in the order of their starts
    std::map<std::string, std::uint32_t> by_arn;
};

struct PipelineExecution {
    std::string arn;
    Pipeline* pipeline = nullptr;
    DefinitionPtr definition;
    OutcomePtr outcome;
    PipelinePlan plan;
    JsonObject request;
    SandboxTime started;
    SandboxTime planned_end;
    SandboxTime ends;
    SandboxTime stop_asked;  // epoch: never
    std::string stop_token;
    int version = 1;
    Millis wave{0};
};

struct SageMakerState {
    std::map<std::string, Pipeline> pipelines;
    std::vector<Pipeline*> in_order;  // of creation
    std::map<std::string, Pipeline*> by_arn;
    std::deque<PipelineExecution> executions;
    std::unordered_map<std::string, std::uint32_t> by_execution_arn;
    std::unordered_map<std::string, std::uint32_t> by_token;
};

// Lives as long as the sandbox, on its thread. `settings` outlives it. Execution ids follow from `seed`.
class SageMakerService final : public Service {
  public:
    explicit SageMakerService(const Settings& settings, PlaceSetup setup = {}, std::uint64_t seed = 3);

    [[nodiscard]] std::string_view name() const override { return "sagemaker"; }
    [[nodiscard]] ServiceAnswer handle(std::string_view operation, const boost::json::object& input,
                                       const CallContext& context) override;
    // Kinds: "pipeline" (the members of CreatePipeline, PipelineDefinition as text or as JSON, and "outcome",
    // "count" with "name_prefix"; a known name gets a new version), "outcome" ("pipeline", "runs" and the
    // members of an outcome), "limits" ("concurrent_executions" of the account, 0: none).
    [[nodiscard]] ServiceAnswer admin(std::string_view kind, const boost::json::object& input,
                                      const CallContext& context) override;
    [[nodiscard]] boost::json::object submissions() const override;
    [[nodiscard]] boost::json::object most_in_flight() const override { return in_flight_.to_json(); }

  private:
    ServiceAnswer list_pipelines(const JsonObject& input, const CallContext& context);
    ServiceAnswer describe_pipeline(const JsonObject& input, const CallContext& context);
    ServiceAnswer start_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer describe_execution(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_executions(const JsonObject& input, const CallContext& context);
    ServiceAnswer list_steps(const JsonObject& input, const CallContext& context);
    ServiceAnswer stop_execution(const JsonObject& input, const CallContext& context);

    ServiceAnswer add_pipeline(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_outcome(const JsonObject& input, const CallContext& context);
    ServiceAnswer set_limits(const JsonObject& input);

    const PipelineExecution& begin(SageMakerState& state, Pipeline& pipeline, const JsonObject& input,
                                   const CallContext& context);

    const Settings& settings_;
    SeededRandom random_;
    Places<SageMakerState> places_;
    std::map<std::string, std::int64_t> submissions_;
    InFlight<PipelineExecution> in_flight_;
    std::size_t execution_limit_ = 0;
};

// Executing, Stopping, Stopped, Failed, Succeeded, CompletedWithFailures.
[[nodiscard]] std::string_view pipeline_execution_status(const PipelineExecution& execution, SandboxTime now);
// The steps that have begun, in the order of the plan, as ListPipelineExecutionSteps shows them.
[[nodiscard]] std::vector<JsonObject> pipeline_steps(const PipelineExecution& execution,
                                                     const CallContext& context);
// Until when a stop asked for now waits for a Lambda step that runs.
[[nodiscard]] SandboxTime lambda_end(const PipelineExecution& execution, SandboxTime now);

}  // namespace polysync::sandbox
