// The tasks that the simulator runs.
#pragma once

#include "engine/catalog.h"

namespace polysync::sim {

inline constexpr ObjectId hourly{100}, hourly_child{101}, hourly_express{102}, hourly_join{103}, cleanup{104},
    daily{105}, often{106}, on_event{107}, slow{108}, guarded{109}, movable{110};
inline constexpr ObjectId files{50};
inline constexpr ObjectId list_platform{1}, token_platform{2}, express_platform{3};
inline constexpr ObjectId slots_profile{20}, rate_profile{21};

// Hours with joins and a cleanup edge, hours into a day, a schedule without a grain, events, a task with a
// short time-out, one with a secret; slots on two platforms, a rate on two. `moved`: another version, in
// which one task depends on something else.
[[nodiscard]] engine::CatalogInput definitions(std::uint64_t seed, bool moved);

inline constexpr int slots(std::uint64_t seed) { return 2 + int(seed % 3); }
inline constexpr bool pauses_everything(std::uint64_t seed) { return seed % 5 == 0; }
inline constexpr double rate_limit = 6;  // a minute
inline constexpr std::string_view secret_text = "correct-horse-battery";

}  // namespace polysync::sim
