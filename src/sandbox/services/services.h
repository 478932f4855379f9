// The one place that names the simulated services; the sandbox's core knows them by their interface only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sandbox/service.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

// Glue, Batch, SageMaker, Step Functions and Logs, holding the sample account in every region. `settings`
// outlives them; run ids follow from `seed`. STS is the core's own: it issues the credentials that the core
// verifies.
[[nodiscard]] std::vector<std::unique_ptr<Service>> make_services(const Settings& settings,
                                                                  std::uint64_t seed = 1);

}  // namespace polysync::sandbox
