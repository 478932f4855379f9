#include "cli/command_line.h"

#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace polysync::cli {
namespace {

// "NAME=VALUE"; the value may hold further '='.
std::optional<NameValue> split_pair(const std::string& text) {
    auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    return NameValue{text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

std::vector<NameValue> split_pairs(const std::vector<std::string>& texts, const std::string& option) {
    std::vector<NameValue> pairs;
    for (const auto& text : texts) {
        auto pair = split_pair(text);
        // The text is not repeated: it may hold a secret.
        if (!pair) throw BadArgument{fmt::format("{} takes NAME=VALUE", option), ""};
        for (const auto& earlier : pairs) {
            if (earlier.name == pair->name)
                throw BadArgument{fmt::format("{} names '{}' twice", option, pair->name), ""};
        }
        pairs.push_back(std::move(*pair));
    }
    return pairs;
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* description, const char* examples,
                      const std::function<void()>& chosen) {
    CLI::App* command = parent.add_subcommand(name, description);
    command->fallthrough();
    command->footer(examples);
    command->callback(chosen);
    return command;
}

CLI::App* add_group(CLI::App& app, const char* name, const char* description, const char* examples) {
    CLI::App* group = app.add_subcommand(name, description);
    group->require_subcommand(1);
    group->fallthrough();
    group->footer(examples);
    return group;
}

void add_word(CLI::App* command, const char* label, std::string& target, const char* description) {
    command->add_option(label, target, description)->required()->type_name("");
}

void add_list(CLI::App* command, const std::string& names, std::vector<std::string>& target,
              const char* value_name, const char* description) {
    // Each takes one value, so that a JOB after it is not swallowed.
    command->add_option(names, target, description)
        ->type_name(value_name)
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
}

}  // namespace polysync::cli
