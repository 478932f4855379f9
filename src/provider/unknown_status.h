// An unknown status is never an error: it counts as Running and is logged once (PLAT-7).
#pragma once

#include <string_view>

namespace polysync {

// Logs a warning the first time that this status of this service is seen; later ones are silent. Thread-safe,
// bounded.
void note_unknown_status(std::string_view service, std::string_view status);

}  // namespace polysync
