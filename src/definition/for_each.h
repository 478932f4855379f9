// `accounts` and `for_each`: one platform entry stands for one platform per pair of account and region
// (PLAT-2).
#pragma once

#include <string>
#include <vector>

#include "definition/document.h"
#include "definition/fields.h"

namespace polysync::definition {

struct Account {
    std::string name;
    std::string id;  // 12 digits
};

// The file's `accounts`: a map of name to id, or a list of ids, which are their own names.
[[nodiscard]] std::vector<Account> read_accounts(const Node& node, Findings& findings);

// The entry itself where it has no `for_each`; otherwise one copy per pair, accounts outermost, with
// ${account}, ${account_id} and ${region} filled in. Empty where `for_each` has an error.
[[nodiscard]] std::vector<Node> expand(const Node& entry, const std::vector<Account>& accounts,
                                       Findings& findings);

}  // namespace polysync::definition
