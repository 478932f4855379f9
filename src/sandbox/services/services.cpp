#include "sandbox/services/services.h"

#include "sandbox/sample_account.h"
#include "sandbox/services/batch.h"
#include "sandbox/services/glue.h"
#include "sandbox/services/logs.h"
#include "sandbox/services/sagemaker.h"
#include "sandbox/services/stepfunctions.h"

namespace polysync::sandbox {

std::vector<std::unique_ptr<Service>> make_services(const Settings& settings, std::uint64_t seed) {
    const PlaceSetup samples = sample_setup();
    auto glue = std::make_unique<GlueService>(settings, samples, seed);
    auto batch = std::make_unique<BatchService>(settings, samples, seed + 1);
    auto states = std::make_unique<StepFunctionsService>(settings, samples, seed + 2);
    auto logs = std::make_unique<LogsService>(std::vector<LogSource*>{glue.get(), batch.get(), states.get()});
    std::vector<std::unique_ptr<Service>> services;
    services.push_back(std::move(glue));
    services.push_back(std::move(batch));
    services.push_back(std::make_unique<SageMakerService>(settings, samples, seed + 3));
    services.push_back(std::move(states));
    services.push_back(std::move(logs));
    return services;
}

}  // namespace polysync::sandbox
