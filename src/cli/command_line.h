// What the command line is built with: CLI11 commands whose options end in plain values. Included by the
// files that define commands, and by nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/invocation.h"

namespace CLI {
class App;
}

namespace polysync::cli {

// What the arguments asked for; set by the callback of the command that was chosen, called when all options
// are read. May throw BadArgument.
struct Chosen {
    std::function<Command()> command;
};

// An argument that CLI11 took but the command does not.
struct BadArgument {
    std::string message;
    std::string remedy;
};

// A command that does something.
CLI::App* add_command(CLI::App& parent, const char* name, const char* description, const char* examples,
                      const std::function<void()>& chosen);
// A noun with commands below.
CLI::App* add_group(CLI::App& app, const char* name, const char* description, const char* examples);
// One positional argument, required; `label` is also what completion goes by.
void add_word(CLI::App* command, const char* label, std::string& target, const char* description);
// A repeatable option of one value each, so that a positional after it is not swallowed.
void add_list(CLI::App* command, const std::string& names, std::vector<std::string>& target,
              const char* value_name, const char* description);
// "NAME=VALUE" each; names once. Values are not repeated in errors: they may be secrets.
[[nodiscard]] std::vector<NameValue> split_pairs(const std::vector<std::string>& texts,
                                                 const std::string& option);

// A command that asks a server. `Options` is filled by CLI11; `execute(context, options)` is its coroutine.
template <class Options>
CLI::App* add_remote(CLI::App& parent, Chosen& chosen, const char* name, const char* description,
                     const char* examples, const std::shared_ptr<Options>& options,
                     Async<int> (*execute)(Context&, Options)) {
    auto pick = [&chosen, options, execute] {
        auto run = [options, execute](Context& context) { return execute(context, *options); };
        chosen.command = [run] { return RemoteCommand{run}; };
    };
    return add_command(parent, name, description, examples, pick);
}

}  // namespace polysync::cli
