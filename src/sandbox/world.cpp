#include "sandbox/world.h"

#include "sandbox/services/services.h"
#include "sandbox/sts.h"

namespace polysync::sandbox {

World::World(const Settings& initial, bool enforce_quotas, std::uint64_t seed, Clock& clock)
    : initial_settings(initial),
      quotas_at_first(enforce_quotas),
      settings(initial),
      random(seed),
      times(clock, settings),
      identities(random),
      clock_(clock) {
    reset();
}

void World::reset() {
    settings = initial_settings;
    times = Times(clock_, settings);
    identities = Identities(random);
    identities.add_samples();
    faults.clear();
    quotas.reset();
    quotas.enable(quotas_at_first);
    books.clear();
    services = make_services(settings, random.next());
    services.push_back(std::make_unique<Sts>(identities, settings, times));
}

Service* World::find_service(std::string_view name) const {
    for (auto& service : services)
        if (service->name() == name) return service.get();
    return nullptr;
}

}  // namespace polysync::sandbox
