// What the user asked for: the command line as plain values, one struct per command.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/async.h"
#include "base/log.h"

namespace polysync::cli {

struct Context;

struct GlobalOptions {
    std::string file = "polysync.yaml";  // the definition file
    bool json = false;
    bool file_given = false;
    std::string server;      // "http://127.0.0.1:8080"; empty: POLYSYNC_SERVER, else the local one
    std::string token_file;  // empty: POLYSYNC_TOKEN, else the local server's
    log::Level log_level = log::Level::warn;
};

struct NameValue {
    std::string name;
    std::string value;
};

struct PlatformListCommand {};
struct PlatformTestCommand {
    std::string platform;
};
struct PlatformPolicyCommand {
    std::string platform;
    bool trust = false;
    std::string account;                    // 12 digits; empty: the role's, else any
    std::vector<std::string> jobs, queues;  // what the policy is scoped to; empty: everything
};
struct DiscoverCommand {
    std::string platform;
};
struct RunCommand {
    std::string platform;
    std::string job;
    std::vector<NameValue> parameters;  // -p, in the order given
    std::vector<NameValue> types;       // --type
    std::vector<std::string> outputs;   // --output
    std::vector<NameValue> attributes;  // --attr
    std::string token;                  // empty: generated
    bool dry_run = false;
    bool wait = false;
    int patience_seconds = 130;  // how long to look for the run after a lost answer
};
struct StatusCommand {
    std::string platform;
    std::vector<std::string> run_ids;
};
struct CancelCommand {
    std::string platform;
    std::string run_id;
};
struct LogsCommand {
    std::string platform;
    std::string run_id;
    bool follow = false;
};
struct SandboxCommand {
    std::vector<NameValue> options;  // those given; flags have no value
};
// `polysync server`; src/app runs it, and the next one.
struct ServerCommand {
    std::string store;           // "sqlite:///PATH" or "postgres://…"; empty: the state folder's
    std::string store_password;  // env://NAME or file:///PATH
    std::string node;            // its name among the nodes of a shared store; empty: machine and port
    std::string listen = "127.0.0.1:8080";
    bool allow_remote = false;
    std::string tls_certificate, tls_key;  // PEM files
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> env_files;  // variables for env:// references
    std::string restore_from;            // `polysync server restore`: a backup that takes the store's place
    std::string move_to;                 // `polysync server move`: where the store goes
    std::string move_to_password;
};
// `polysync dev`: server, sandbox and samples.
struct DevCommand {
    std::string state;  // empty: <state folder>/dev
    std::string listen = "127.0.0.1:8080";
    bool fresh = false;
};
// A command that asks a server: its options are bound into what executes it (cli/remote).
struct RemoteCommand {
    std::function<Async<int>(Context&)> execute;
};
struct VersionCommand {};
struct CompletionCommand {
    std::string shell;
};
// Names of the definition file's platforms, one per line, for the completion scripts; hidden.
struct CompleteNamesCommand {};

using Command =
    std::variant<PlatformListCommand, PlatformTestCommand, PlatformPolicyCommand, DiscoverCommand, RunCommand,
                 StatusCommand, CancelCommand, LogsCommand, SandboxCommand, ServerCommand, DevCommand,
                 RemoteCommand, VersionCommand, CompletionCommand, CompleteNamesCommand>;

struct Invocation {
    GlobalOptions global;
    Command command;
};

// Why there is nothing to execute: help was asked for, or the command line is wrong.
struct Refusal {
    int exit_code = 0;
    std::string out;      // help, for stdout
    std::string message;  // what is wrong
    std::string remedy;
    bool json = false;
};

using Parsed = std::variant<Invocation, Refusal>;

// One option of `polysync sandbox`; the sandbox defines them.
struct SandboxOption {
    std::string name;        // "--listen"
    std::string value_name;  // "ADDRESS:PORT"; empty: a flag
    std::string description;
};

// `arguments`: without the program's name. Pure.
[[nodiscard]] Parsed parse_arguments(const std::vector<std::string>& arguments,
                                     const std::vector<SandboxOption>& sandbox_options);

// The commands and options as a tree, for the completion scripts.
struct CommandNode {
    std::string name;
    std::string description;
    struct Option {
        std::vector<std::string> names;  // "-p", "--param"
        std::string description;
        bool takes_value = false;
        std::vector<std::string> choices;
    };
    std::vector<Option> options;
    std::vector<std::string> positionals;  // "PLATFORM", "JOB"
    std::vector<CommandNode> commands;
};
[[nodiscard]] CommandNode command_tree(const std::vector<SandboxOption>& sandbox_options);

// A completion script of "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_script(const std::string& shell, const CommandNode& tree);

}  // namespace polysync::cli
