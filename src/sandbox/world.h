// Everything that one sandbox holds: settings, clocks, identities, services, faults, quotas, books. The front
// asks it, the admin endpoint changes it. One I/O thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sandbox/books.h"
#include "sandbox/faults.h"
#include "sandbox/identity.h"
#include "sandbox/quotas.h"
#include "sandbox/service.h"
#include "sandbox/settings.h"
#include "sandbox/times.h"

namespace polysync::sandbox {

struct World {
    // `clock` outlives it.
    World(const Settings& initial, bool enforce_quotas, std::uint64_t seed, Clock& clock);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // Back to how it was made: resources, runs, keys, faults, quotas and books. Settings and time too.
    void reset();
    [[nodiscard]] Service* find_service(std::string_view name) const;

    const Settings initial_settings;
    const bool quotas_at_first;
    Settings settings;
    SeededRandom random;
    Times times;
    Identities identities;
    Faults faults;
    Quotas quotas;
    Books books;
    std::vector<std::unique_ptr<Service>> services;

  private:
    Clock& clock_;
};

}  // namespace polysync::sandbox
