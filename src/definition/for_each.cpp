#include "definition/for_each.h"

#include <algorithm>

#include <fmt/format.h>

namespace polysync::definition {
namespace {

struct Placeholder {
    std::string name;
    std::string value;
};
using Placeholders = std::vector<Placeholder>;

const std::vector<std::string>& all_placeholders() {
    static const std::vector<std::string> names{"account", "account_id", "region"};
    return names;
}

std::optional<std::string> account_id(const Node& node, std::string_view what, Findings& findings) {
    // Plain digits are taken as they stand, so leading zeros survive.
    if (node.is_scalar() && matches(node.text, account_pattern)) return node.text;
    findings.error(node.mark, fmt::format("{} must be an account id of 12 digits", what));
    return std::nullopt;
}

// One text or a list of distinct texts.
std::vector<const Node*> read_list(const Member& member, Findings& findings) {
    std::vector<const Node*> items;
    auto add = [&](const Node& node) {
        if (!node.is_scalar() || node.text.empty()) {
            findings.error(node.mark,
                           fmt::format("\"for_each.{}\" takes texts, not {}", member.key, kind_name(node)));
            return;
        }
        for (const Node* earlier : items) {
            if (earlier->text == node.text) {
                findings.error(node.mark, fmt::format("\"{}\" stands twice in \"for_each.{}\"",
                                                      node.text.substr(0, 64), member.key));
                return;
            }
        }
        items.push_back(&node);
    };
    if (member.value.is_sequence()) {
        if (member.value.items.empty()) {
            findings.error(member.value.mark, fmt::format("\"for_each.{}\" must not be empty", member.key));
        }
        for (const auto& item : member.value.items) add(item);
    } else {
        add(member.value);
    }
    return items;
}

std::vector<Account> select_accounts(const Member& member, const std::vector<Account>& accounts,
                                     Findings& findings) {
    std::vector<Account> selected;
    for (const Node* node : read_list(member, findings)) {
        if (node->text == "all" && !member.value.is_sequence()) {
            if (accounts.empty())
                findings.error(node->mark, "\"for_each.account: all\" needs \"accounts\" in the file");
            return accounts;
        }
        auto known = std::find_if(accounts.begin(), accounts.end(), [&](const Account& account) {
            return account.name == node->text || account.id == node->text;
        });
        if (known != accounts.end()) {
            selected.push_back(*known);
        } else if (matches(node->text, account_pattern)) {
            selected.push_back({node->text, node->text});
        } else {
            std::vector<std::string> names{"all"};
            for (const auto& account : accounts) names.push_back(account.name);
            findings.error(node->mark,
                           fmt::format("\"{}\" is neither in \"accounts\" nor an account id of 12 digits{}",
                                       node->text.substr(0, 64), suggestion(node->text, names)));
        }
    }
    return selected;
}

// Fills in the placeholders of one text. A `${…}` that is none is an error where `strict`, and left alone
// otherwise (defaults may hold shell text).
void fill(Node& node, const Placeholders& values, bool strict, Findings& findings) {
    std::string out;
    std::size_t from = 0;
    while (true) {
        std::size_t start = node.text.find("${", from);
        std::size_t end = start == std::string::npos ? start : node.text.find('}', start);
        if (end == std::string::npos) break;
        std::string name = node.text.substr(start + 2, end - start - 2);
        auto known =
            std::find_if(values.begin(), values.end(), [&](const Placeholder& v) { return v.name == name; });
        out += node.text.substr(from, start - from);
        if (known != values.end()) {
            out += known->value;
        } else {
            out += node.text.substr(start, end + 1 - start);
            bool ours = std::find(all_placeholders().begin(), all_placeholders().end(), name) !=
                        all_placeholders().end();
            if (strict && ours) {
                findings.error(node.mark,
                               fmt::format("\"${{{}}}\" needs \"{}\" in \"for_each\" of this platform", name,
                                           name == "account_id" ? "account" : name));
            } else if (strict) {
                findings.error(node.mark, fmt::format("unknown placeholder \"${{{}}}\"{}", name.substr(0, 64),
                                                      suggestion(name, all_placeholders())));
            }
        }
        from = end + 1;
    }
    node.text = out + node.text.substr(from);
}

void fill_all(Node& node, const Placeholders& values, bool strict, Findings& findings) {
    if (node.is_scalar()) fill(node, values, strict, findings);
    for (auto& item : node.items) fill_all(item, values, strict, findings);
    for (auto& member : node.members) {
        fill_all(member.value, values, strict && member.key != "defaults", findings);
    }
}

void refuse_stray_placeholders(const Node& entry, Findings& findings) {
    Node copy = entry;
    fill_all(copy, {}, true, findings);
}

Node copy_for(const Node& entry, const Placeholders& values, Findings& findings) {
    Node copy = entry;
    auto is_for_each = [](const Member& member) { return member.key == "for_each"; };
    Mark mark = entry.find("for_each")->mark;
    copy.members.erase(std::remove_if(copy.members.begin(), copy.members.end(), is_for_each),
                       copy.members.end());
    fill_all(copy, values, true, findings);
    for (const auto& value : values) {
        if (value.name != "region" || copy.find("region")) continue;
        Node region;
        region.kind = NodeKind::scalar;
        region.text = value.value;
        region.mark = mark;
        copy.members.push_back({"region", mark, std::move(region)});
    }
    return copy;
}

}  // namespace

std::vector<Account> read_accounts(const Node& node, Findings& findings) {
    std::vector<Account> accounts;
    auto add = [&](std::string name, const Node& id_node, Mark mark) {
        auto id = account_id(id_node, fmt::format("account \"{}\"", name.substr(0, 64)), findings);
        if (!matches(name, name_pattern) || name == "all") {
            findings.error(mark, fmt::format("\"{}\" cannot be the name of an account", name.substr(0, 64)));
        }
        for (const auto& earlier : accounts) {
            if (id && earlier.id == *id)
                findings.error(id_node.mark, fmt::format("account {} stands twice", *id));
        }
        if (id) accounts.push_back({std::move(name), *id});
    };
    if (node.is_map()) {
        for (const auto& member : node.members) add(member.key, member.value, member.mark);
    } else if (node.is_sequence()) {
        for (const auto& item : node.items) {
            if (auto id = account_id(item, "an entry of \"accounts\"", findings)) add(*id, item, item.mark);
        }
    } else {
        findings.error(node.mark,
                       fmt::format("\"accounts\" must be a map of name to id, or a list of ids, not {}",
                                   kind_name(node)));
    }
    return accounts;
}

std::vector<Node> expand(const Node& entry, const std::vector<Account>& accounts, Findings& findings) {
    const Member* for_each = entry.find("for_each");
    if (!for_each) {
        refuse_stray_placeholders(entry, findings);
        return {entry};
    }
    std::size_t before = findings.errors().size();
    if (!require_map(for_each->value, "\"for_each\"", findings)) return {};
    std::vector<std::string> known{"account", "region"};
    refuse_unknown_keys(for_each->value, known, "\"for_each\"", findings);
    const Member* account = for_each->value.find("account");
    const Member* region = for_each->value.find("region");
    if (!account && !region)
        findings.error(for_each->value.mark, "\"for_each\" lacks \"account\" or \"region\"");
    std::vector<Account> selected =
        account ? select_accounts(*account, accounts, findings) : std::vector<Account>(1);
    std::vector<std::string> regions;
    if (region) {
        for (const Node* node : read_list(*region, findings)) regions.push_back(node->text);
    } else {
        regions.emplace_back();
    }
    if (selected.size() * regions.size() > max_platforms) {
        findings.error(for_each->mark,
                       fmt::format("\"for_each\" makes more than {} platforms", max_platforms));
    }
    if (findings.errors().size() != before) return {};
    std::vector<Node> entries;
    for (const auto& each : selected) {
        for (const auto& name : regions) {
            Placeholders values;
            if (account) values = {{"account", each.name}, {"account_id", each.id}};
            if (region) values.push_back({"region", name});
            entries.push_back(copy_for(entry, values, findings));
        }
    }
    return entries;
}

}  // namespace polysync::definition
