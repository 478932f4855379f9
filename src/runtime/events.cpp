#include "runtime/events.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace polysync::runtime {

store::Event run_state_event(const TaskRun& run, const engine::Catalog& catalog, SystemTime now) {
    const auto* task = catalog.task(run.key.task);
    boost::json::object document{{"run", number(run.id)},
                                 {"state", to_string(run.state)},
                                 {"attempt", run.attempt},
                                 {"lane", run.key.lane},
                                 {"key", run.key.key}};
    if (task) document["task"] = task->task.meta.name.str();
    if (!run.message.empty()) document["message"] = run.message;
    return {.at = now,
            .type = "run.state",
            .subject = fmt::format("run/{}", number(run.id)),
            .document = boost::json::serialize(document)};
}

}  // namespace polysync::runtime
