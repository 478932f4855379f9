// Commands that every kind of definition has.
#pragma once

#include "cli/command_line.h"
#include "cli/rest_client.h"

namespace polysync::cli {

struct ListOptions {
    std::string name_space, owner, name;
    std::vector<std::string> tags;
    std::size_t limit = 100;

    [[nodiscard]] std::vector<NameValue> query() const;
};

struct NameOptions {
    std::string name;
};

// list with -n, --owner, --tag, --name and --limit.
void add_list_command(CLI::App& group, Chosen& chosen, const char* description, const std::string& noun,
                      Async<int> (*execute)(Context&, ListOptions));
// pause and resume of a task or platform.
void add_pause_commands(CLI::App& group, Chosen& chosen, const std::string& noun, const char* label);
void add_delete_command(CLI::App& group, Chosen& chosen, const std::string& noun, const char* label);

}  // namespace polysync::cli
