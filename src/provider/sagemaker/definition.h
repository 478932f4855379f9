// A pipeline as a Job, with the parameters that its definition declares (SM-1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/sagemaker/client.h"
#include "model/job.h"

namespace polysync::sagemaker {

struct DeclaredParameters {
    std::vector<Parameter> parameters;
    std::string warning;  // why none, or not all, could be read; empty where all is well
};

// The `Parameters` of a definition: Name, Type (String, Integer, Float, Boolean; another counts as a string),
// DefaultValue, EnumValues. A parameter without a default is required. Entries that cannot be read are left
// out with a warning; no text is an error (a definition of at most 1 MiB, JSON).
[[nodiscard]] DeclaredParameters parse_parameters(std::string_view definition);

// The job, and a warning where its definition could not be read.
struct ImportedJob {
    Job job;
    std::string warning;
};
[[nodiscard]] ImportedJob to_job(const aws::sagemaker::Pipeline& pipeline);
// Where only the list's entry is known.
[[nodiscard]] Job to_job(const aws::sagemaker::PipelineSummary& summary);

}  // namespace polysync::sagemaker
