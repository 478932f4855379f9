#include "provider/provider.h"

#include <algorithm>

namespace polysync {

StatusAnswer left_out(std::string run_id) {
    return {std::move(run_id),
            make_error(ErrorKind::cancelled, "left_out", "no call for other runs answered for this one"),
            true};
}

StatusAnswer needs_own_call(std::string run_id) {
    StatusAnswer answer{std::move(run_id), make_error(ErrorKind::cancelled, "needs_own_call",
                                                      "the list of the job's runs does not tell")};
    answer.needs_own_call = true;
    return answer;
}

bool ConnectionReport::passed() const {
    return !checks.empty() && std::all_of(checks.begin(), checks.end(),
                                          [](const ConnectionCheck& check) { return check.passed; });
}

}  // namespace polysync
