// Makes what happened to runs durable: event → engine/run_machine → store, with everything that follows from
// it, in one unit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/run_machine.h"
#include "runtime/context.h"

namespace polysync::runtime {

// Something that happened to one run.
struct RunNews {
    RunId run{};
    engine::RunEvent event;
    std::optional<std::int64_t> fence;  // of the attempt that it speaks of; an older one changes nothing.
                                        // None: whatever is current.
    std::string intent;                 // to be kept with the attempt (claims)
    std::optional<SystemTime> called_at;
};

struct Recorded {
    TaskRun run;           // as it is now (as it was, where nothing was written)
    bool applied = false;  // false: stale, or the state takes no such event
    std::string refusal;   // why not, for people
    bool send_cancel = false;
};

// One unit of the store: all the news or none, in order; several for one run see each other. Errors: those of
// the store; the news must then be recorded again.
[[nodiscard]] Async<Result<std::vector<Recorded>>> record(Context& context, std::vector<RunNews> news);

// The same inside a unit that does more (operations). `actor` empty: the runtime itself.
[[nodiscard]] Result<std::vector<Recorded>> record_in(store::Transaction& transaction,
                                                      const engine::Catalog& catalog,
                                                      const std::vector<RunNews>& news, SystemTime now,
                                                      Random& random);

// With the runs as they are now in this transaction.
[[nodiscard]] Result<std::vector<Recorded>> record_loaded(store::Transaction& transaction,
                                                          const engine::Catalog& catalog,
                                                          const std::vector<RunNews>& news,
                                                          std::vector<TaskRun> loaded, SystemTime now,
                                                          Random& random);

// Every second from 1 s to 30 s until the store takes it or the runtime stops: what AWS said must not be lost
// to a full disk.
[[nodiscard]] Async<Result<std::vector<Recorded>>> record_surely(Context& context, std::vector<RunNews> news);

[[nodiscard]] engine::RunPolicy policy_of(const engine::Catalog& catalog, const TaskRun& run);

}  // namespace polysync::runtime
