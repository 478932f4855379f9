// Names that Glue and Polysync give things: run ids, argument keys, Glue's own arguments (GLUE-2, GLUE-3,
// GLUE-5).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace polysync::glue {

// The argument that makes a submission findable; nobody else may set it (GLUE-3, SAFE-1).
inline constexpr std::string_view run_token_argument = "--polysync-run-token";
// The version of a job attribute or platform default goes here, for downstream tools to record (GLUE-4).
inline constexpr std::string_view version_argument = "--glue-version";

struct RunId {
    std::string job_name;
    std::string run_id;  // "jr_…"
};

// "{jobName}/{runId}"; job names may hold '/', run ids do not, so it is split at the last one (GLUE-5).
[[nodiscard]] std::string join_run_id(std::string_view job_name, std::string_view run_id);
[[nodiscard]] Result<RunId> split_run_id(std::string_view text);

// The key that Glue takes: `name` itself, or with "--" before it (GLUE-3).
[[nodiscard]] std::string argument_key(std::string_view name);
// A parameter named with or without "--" is the same parameter (GLUE-2).
[[nodiscard]] bool same_parameter(std::string_view a, std::string_view b);
// Names that start with '_' or "--_" are Polysync's own and never sent (GLUE-3).
[[nodiscard]] bool is_internal(std::string_view name);
// One of the arguments that Glue itself reads, and which are no parameters of the user's script (Glue
// Developer Guide, "Using job parameters in AWS Glue jobs"; the Ray page of the same guide).
[[nodiscard]] bool is_special_argument(std::string_view name);
// One that Glue sets itself and documents as never to be set.
[[nodiscard]] bool is_forbidden_argument(std::string_view name);

}  // namespace polysync::glue
