// State per account and region, made when a call first names the place.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sandbox/service.h"

namespace polysync::sandbox {

// Fills a new place (the sample account), through the service's own admin calls.
using PlaceSetup = std::function<void(Service&, const CallContext&)>;

template <class State>
class Places {
  public:
    explicit Places(PlaceSetup setup) : setup_(std::move(setup)) {}

    [[nodiscard]] State& at(Service& service, const CallContext& context) {
        auto& slot = states_[{context.account, context.region}];
        if (!slot) {
            slot = std::make_unique<State>();
            // The setup calls back into the service, which finds the place made.
            if (setup_) setup_(service, context);
        }
        return *slot;
    }

  private:
    PlaceSetup setup_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<State>> states_;
};

}  // namespace polysync::sandbox
