// Where Glue writes the logs of a run (aws-facts 15). Pure.
#pragma once

#include <string>
#include <vector>

#include "aws/glue/client.h"
#include "provider/cloudwatch_log_reader.h"

namespace polysync::glue {

struct LogPlan {
    std::vector<LogSource> sources;
    bool is_lasting = true;  // the same for as long as the run lives: no bound that moves with its end
};

// The groups of the run that was submitted; Glue's own retries write to streams that begin with the same run
// id, so one look-up by prefix finds all attempts. `definition` may be empty: its default arguments can move
// the groups.
[[nodiscard]] LogPlan plan_logs(const aws::glue::JobRun& run, const aws::glue::Job* definition);

// The label of a stream that begins with the run's id: `base`, the attempt and the executor; none where it
// belongs to another run.
[[nodiscard]] std::optional<std::string> label_stream(std::string_view base, std::string_view run_id,
                                                      std::string_view stream);

}  // namespace polysync::glue
