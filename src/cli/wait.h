// Following a run to its end.
#pragma once

#include <optional>

#include "cli/commands.h"
#include "model/pipeline_run.h"
#include "provider/provider.h"

namespace polysync::cli {

struct WaitEnd {
    PipelineRun run;             // as last seen
    bool left = false;           // interrupted; the run goes on
    std::optional<Error> error;  // AWS could not be asked any more
};

// Polls (1 s to 10 s apart) until the run ends, shows what changes on stderr, and survives throttling and
// outages of up to ten minutes. An interrupt on a terminal asks whether to cancel the run; a second one, or
// one without a terminal, leaves it going.
[[nodiscard]] Async<WaitEnd> wait_for_end(Context& context, Provider& provider, PipelineRun run,
                                          RunReference reference);

}  // namespace polysync::cli
