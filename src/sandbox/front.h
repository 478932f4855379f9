// The one port's front desk: routes a request to a simulated AWS service, a metadata endpoint or the admin
// endpoint; checks signature, permission, quota, members; injects faults; keeps the books. No socket: a
// function of request and World.
#pragma once

#include <string_view>

#include "sandbox/admin.h"
#include "sandbox/http.h"
#include "sandbox/metadata.h"
#include "sandbox/protocol.h"
#include "sandbox/world.h"

namespace polysync::sandbox {

class Front {
  public:
    // `world` outlives it.
    explicit Front(World& world) : world_(world), metadata_(world), admin_(world, metadata_) {}

    [[nodiscard]] HttpAnswer handle(const HttpRequest& request);
    [[nodiscard]] Admin& admin() { return admin_; }

  private:
    struct Call;
    HttpAnswer serve(const ServiceProfile& profile, std::string_view operation, const HttpRequest& request,
                     std::string_view body);
    HttpAnswer serve_query(const HttpRequest& request);
    HttpAnswer not_found(const HttpRequest& request);

    World& world_;
    Metadata metadata_;
    Admin admin_;
};

}  // namespace polysync::sandbox
