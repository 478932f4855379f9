// A SageMaker pipeline's definition as the simulation reads it: parameters with their types, steps with their
// order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/services/outcome.h"

namespace polysync::sandbox {

struct PipelineParameter {
    std::string name;
    std::string type;  // String, Integer, Float, Boolean
    bool has_default = false;
    std::vector<std::string> enum_values;
};

struct PipelineStep {
    std::string name;
    std::string type;  // Training, Processing, Condition, …
    std::vector<std::string> depends_on;
};

struct PipelineDefinition {
    std::string text;  // as DescribePipeline gives it; may be empty
    std::vector<PipelineParameter> parameters;
    std::vector<PipelineStep> steps;  // in an order in which each comes after those it depends on
};

using DefinitionPtr = std::shared_ptr<const PipelineDefinition>;

// Reads a definition's text. Fails with invalid_input where it is no JSON object, or its steps depend on
// unknown steps or on themselves.
[[nodiscard]] Result<PipelineDefinition> read_pipeline_definition(std::string text);

// What SageMaker refuses about the PipelineParameters of a start, or "".
[[nodiscard]] std::string wrong_pipeline_parameters(const PipelineDefinition& definition,
                                                    const JsonArray* given);

// When the steps of one execution run, in wave after wave of equal length.
struct StepPlan {
    std::size_t step = 0;
    int wave = 0;
    bool fails = false;
};
struct PipelinePlan {
    std::vector<StepPlan> steps;  // those that will run
    int waves = 1;                // until the execution ends
    int all_waves = 1;            // that it would take if nothing failed
};

// `max_parallel` 0: no limit. Steps behind a failed one do not run; the others do only where the script ends
// the execution as CompletedWithFailures.
[[nodiscard]] PipelinePlan plan_pipeline(const PipelineDefinition& definition, const Outcome& outcome,
                                         int max_parallel, const std::vector<std::string>& selected);

}  // namespace polysync::sandbox
