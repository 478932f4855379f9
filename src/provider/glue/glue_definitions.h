// GetJob answers, kept for a short while: polls, retries and logs ask for the same definitions again and
// again.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "aws/glue/client.h"
#include "base/clock.h"

namespace polysync::glue {

// One per provider; one executor.
class DefinitionCache {
  public:
    DefinitionCache(aws::GlueClient& client, Clock& clock) : client_(client), clock_(clock) {}

    // The definition, at most `max_age` old. Errors as GetJob gives them; they are not kept.
    [[nodiscard]] Async<Result<std::shared_ptr<const aws::glue::Job>>> get(std::string job_name);

    static constexpr Millis max_age = std::chrono::seconds(60);
    static constexpr std::size_t max_entries = 1000;

  private:
    struct Entry {
        std::shared_ptr<const aws::glue::Job> job;
        SteadyTime read_at;
    };
    aws::GlueClient& client_;
    Clock& clock_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace polysync::glue
