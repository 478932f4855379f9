#include "provider/provider.h"

#include <algorithm>

namespace polysync {

StatusAnswer left_out(std::string run_id) {
    return {std::move(run_id),
            make_error(ErrorKind::cancelled, "left_out", "no call for other runs answered for this one"),
            true};
}

std::vector<std::size_t> take_singles(std::vector<std::size_t>& group,
                                      const std::vector<RunReference>& runs) {
    auto first = std::stable_partition(group.begin(), group.end(),
                                       [&](std::size_t index) { return runs[index].by != AskBy::itself; });
    std::vector<std::size_t> singles(first, group.end());
    group.erase(first, group.end());
    return singles;
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
