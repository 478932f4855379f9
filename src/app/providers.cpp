#include "app/providers.h"

namespace polysync::app {

Result<std::shared_ptr<Provider>> Providers::provider(const engine::CatalogPlatform& platform) {
    auto known = kept_.find(platform.id);
    if (known != kept_.end() && known->second.platform == platform.platform) return known->second.provider;
    POLYSYNC_TRY(auto made, connector_.connect(platform.platform));
    std::shared_ptr<Provider> provider = std::move(made);
    kept_[platform.id] = {platform.platform, provider};
    return provider;
}

}  // namespace polysync::app
