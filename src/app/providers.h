// The providers of a server: one per platform, kept with its connections, credentials and limits for as long
// as the platform's definition stays the same.
#pragma once

#include <memory>
#include <unordered_map>

#include "app/connector.h"
#include "runtime/runtime.h"

namespace polysync::app {

// Thread: the runtime's. The connector outlives it.
class Providers final : public runtime::ProviderSource {
  public:
    explicit Providers(Connector& connector) : connector_(connector) {}
    [[nodiscard]] Result<std::shared_ptr<Provider>> provider(
        const engine::CatalogPlatform& platform) override;

  private:
    struct Kept {
        Platform platform;
        std::shared_ptr<Provider> provider;
    };
    Connector& connector_;
    std::unordered_map<ObjectId, Kept> kept_;
};

}  // namespace polysync::app
