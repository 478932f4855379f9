// People and scripts at work on a simulated world: everything that operations.h offers, at random moments.
#pragma once

#include <map>
#include <string>

#include "test/sim/world.h"

namespace polysync::sim {

class People {
  public:
    People(World& world, std::uint64_t seed) : world_(world), seed_(seed) {}

    // One act after the other, for as long as the process lives.
    [[nodiscard]] Async<void> meddle(runtime::Operations& operations);
    // Everything paused goes on, so that everything can end.
    [[nodiscard]] Async<void> tidy_up(runtime::Operations& operations);
    // Definitions in another version; between two processes or in the middle of one.
    void change_definitions();

    bool at_home = false;  // nobody meddles any more

    // "cancel" → how often it was carried out; refusals do not count.
    std::map<std::string, int> acts;

  private:
    [[nodiscard]] Async<Status> act(runtime::Operations& operations);
    [[nodiscard]] Async<Status> act_on_run(runtime::Operations& operations, RunId run, std::uint64_t choice);
    [[nodiscard]] Async<Status> act_on_task(runtime::Operations& operations, std::uint64_t choice);
    [[nodiscard]] Async<Status> fill_back(runtime::Operations& operations);
    [[nodiscard]] RunId any_run();

    World& world_;
    std::uint64_t seed_;
    bool moved_ = false;
    std::string act_;
};

}  // namespace polysync::sim
