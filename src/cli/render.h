// Runs, jobs and reports as the user sees them.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "cli/output.h"
#include "model/job.h"
#include "model/pipeline_run.h"
#include "provider/provider.h"

namespace polysync::cli {

// {run_id, status, aws_status, message, remedy, monitor_url, outputs, exit_code}; exit_code is the
// container's, or null.
[[nodiscard]] boost::json::object to_json(const PipelineRun& run);
// {external_id, name, parameters, attributes}
[[nodiscard]] boost::json::object to_json(const Job& job);

// A block of lines for people.
[[nodiscard]] std::string describe(const PipelineRun& run, const Output& output);
// "Running (RUNNABLE)", coloured by how it ends.
[[nodiscard]] std::string describe_status(const PipelineRun& run, const Output& output, bool on_stderr);
// "steps: 2 Succeeded, 1 Executing"; empty without progress.
[[nodiscard]] std::string describe_progress(const PipelineRun& run);
// "1:05", "1:00:05"
[[nodiscard]] std::string describe_duration(Millis duration);

// A word of the command line as a shell takes it, quoted where needed.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace polysync::cli
