// How long runs of each task usually take, by its newest successes.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "runtime/context.h"

namespace polysync::runtime {

// The runtime's executor. Reads what the store has of a task once, and learns from what ends afterwards.
class Durations {
  public:
    explicit Durations(Context& context) : context_(context) {}

    // None where too little is known (yet).
    [[nodiscard]] std::optional<Millis> usual(ObjectId task) const;
    // Reads the store's history of the task in the background, unless that was done before.
    void want(ObjectId task);
    // A run has succeeded.
    void learn(const TaskRun& run);

  private:
    struct History {
        std::vector<Millis> newest;  // the newest one last
        std::optional<Millis> usual;
        bool is_read = false;
    };
    [[nodiscard]] Async<void> read_wanted();
    static void summarize(History& history);

    Context& context_;
    std::unordered_map<ObjectId, History> tasks_;
    std::vector<ObjectId> wanted_;
    bool is_reading_ = false;
};

}  // namespace polysync::runtime
