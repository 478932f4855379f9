#include "provider/provider.h"

#include <algorithm>

namespace polysync {

bool ConnectionReport::passed() const {
    return !checks.empty() && std::all_of(checks.begin(), checks.end(),
                                          [](const ConnectionCheck& check) { return check.passed; });
}

}  // namespace polysync
