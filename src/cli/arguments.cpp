#include <algorithm>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/nearest.h"
#include "base/random.h"
#include "base/utf8.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/remote/commands.h"
#include "model/parameter.h"

namespace polysync::cli {
namespace {

// What CLI11 writes into; one per parse.
struct Draft {
    GlobalOptions global;
    int verbosity = 0;
    std::string log_level;
    std::string platform;
    std::string run_id;
    RunCommand run;
    StatusCommand status;
    LogsCommand logs;
    PlatformPolicyCommand policy;
    ServerCommand server;
    DevCommand dev;
    std::string shell;
    std::vector<std::string> parameters, types, attributes;
    std::vector<NameValue> sandbox;
    Chosen chosen;
};

RunCommand finish_run(const Draft& draft) {
    RunCommand run = draft.run;
    run.platform = draft.platform;
    run.parameters = split_pairs(draft.parameters, "-p");
    run.types = split_pairs(draft.types, "--type");
    run.attributes = split_pairs(draft.attributes, "--attr");
    static const std::vector<std::string> types{"string", "integer", "number", "boolean", "json"};
    for (const auto& type : run.types) {
        if (parse_data_type(type.value)) continue;
        auto near = nearest_word(type.value, types);
        throw BadArgument{fmt::format("--type {}: unknown type '{}'{}", type.name, type.value,
                                      near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                          "Known: string, integer, number, boolean, json."};
    }
    if (!run.token.empty() && !is_guid(run.token)) {
        throw BadArgument{"--token takes a GUID such as 8b0f5d0c-3f0e-4b7e-9a3b-1f2d3c4b5a69",
                          "uuidgen makes one."};
    }
    return run;
}

void add_platform(CLI::App* command, Draft& draft) {
    command->add_option("PLATFORM", draft.platform, "Name of a platform in the definition file")
        ->required()
        ->type_name("");
}

void check_account(const std::string& account) {
    bool digits = std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!account.empty() && (account.size() != 12 || !digits))
        throw BadArgument{"--account takes an account id of 12 digits", "`polysync platform test` shows it."};
}

void add_platform_commands(CLI::App& app, Draft& draft) {
    CLI::App* platform = app.add_subcommand("platform", "Platforms of the definition file");
    platform->require_subcommand(1);
    platform->fallthrough();
    platform->footer(help::platform);
    add_command(*platform, "list", "List the platforms", help::platform_list,
                [&draft] { draft.chosen.command = [] { return PlatformListCommand{}; }; });
    auto* test = add_command(
        *platform, "test", "Check credentials, permissions and reachability", help::platform_test,
        [&draft] { draft.chosen.command = [&draft] { return PlatformTestCommand{draft.platform}; }; });
    add_platform(test, draft);
    auto* policy = add_command(*platform, "policy", "Print the least-privilege IAM policy",
                               help::platform_policy, [&draft] {
                                   draft.chosen.command = [&draft] {
                                       draft.policy.platform = draft.platform;
                                       check_account(draft.policy.account);
                                       return draft.policy;
                                   };
                               });
    add_platform(policy, draft);
    policy->add_flag("--trust", draft.policy.trust, "Print the trust policy of the platform's role instead");
    policy
        ->add_option("--account", draft.policy.account,
                     "Account id to put into the ARNs (default: the role's, else '*')")
        ->type_name("ID");
    add_list(policy, "--job", draft.policy.jobs, "JOB",
             "Allow starts and stops of this job only (repeatable)");
    add_list(policy, "--queue", draft.policy.queues, "QUEUE",
             "AWS Batch: allow this queue only (repeatable)");
    add_platform_object_commands(*platform, draft.chosen);
}

void add_run_command(CLI::App& pipeline, Draft& draft) {
    auto* run = add_command(pipeline, "run", "Run a job", help::pipeline_run,
                            [&draft] { draft.chosen.command = [&draft] { return finish_run(draft); }; });
    add_platform(run, draft);
    run->add_option("JOB", draft.run.job, "External id of the job, as discover shows it")
        ->required()
        ->type_name("");
    add_list(run, "-p,--param", draft.parameters, "NAME=VALUE",
             "Set a parameter; env://X and file://X are resolved");
    add_list(run, "--type", draft.types, "NAME=TYPE",
             "Type of a parameter: string, integer, number, boolean, json");
    add_list(run, "--output", draft.run.outputs, "NAME", "Declare an output parameter");
    add_list(run, "--attr", draft.attributes, "KEY=VALUE", "Set an attribute of the job");
    run->add_option("--token", draft.run.token,
                    "Name of this submission: the same token never starts a second run")
        ->type_name("GUID");
    run->add_flag("--dry-run", draft.run.dry_run, "Print the exact request and send nothing");
    run->add_flag("--wait", draft.run.wait, "Wait for the end of the run");
    run->add_option("--patience", draft.run.patience_seconds,
                    "How long to look for the run after a lost answer (default 130; below 120 cannot prove "
                    "that nothing started)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 3600).description(""));
}

void add_pipeline_commands(CLI::App& app, Draft& draft) {
    CLI::App* pipeline = app.add_subcommand("pipeline", "Jobs and their runs");
    pipeline->require_subcommand(1);
    pipeline->fallthrough();
    pipeline->footer(help::pipeline);
    auto* discover = add_command(
        *pipeline, "discover", "List the jobs of a platform", help::pipeline_discover,
        [&draft] { draft.chosen.command = [&draft] { return DiscoverCommand{draft.platform}; }; });
    add_platform(discover, draft);
    add_run_command(*pipeline, draft);
    auto* status = add_command(*pipeline, "status", "Show runs", help::pipeline_status, [&draft] {
        draft.chosen.command = [&draft] { return StatusCommand{draft.platform, draft.status.run_ids}; };
    });
    add_platform(status, draft);
    status->add_option("RUN_ID", draft.status.run_ids, "Run ids, as run shows them")
        ->required()
        ->type_name("");
    auto* cancel = add_command(*pipeline, "cancel", "Ask AWS to stop a run", help::pipeline_cancel, [&draft] {
        draft.chosen.command = [&draft] { return CancelCommand{draft.platform, draft.run_id}; };
    });
    add_platform(cancel, draft);
    cancel->add_option("RUN_ID", draft.run_id, "Run id")->required()->type_name("");
    auto* logs = add_command(*pipeline, "logs", "Show a run's log lines, steps or history",
                             help::pipeline_logs, [&draft] {
                                 draft.chosen.command = [&draft] {
                                     return LogsCommand{draft.platform, draft.run_id, draft.logs.follow};
                                 };
                             });
    add_platform(logs, draft);
    logs->add_option("RUN_ID", draft.run_id, "Run id")->required()->type_name("");
    logs->add_flag("--follow", draft.logs.follow, "Go on until the run ends");
}

void add_sandbox_command(CLI::App& app, Draft& draft, const std::vector<SandboxOption>& options) {
    auto* sandbox =
        add_command(app, "sandbox", "Run simulated AWS services on this machine", help::sandbox,
                    [&draft] { draft.chosen.command = [&draft] { return SandboxCommand{draft.sandbox}; }; });
    for (const auto& option : options) {
        if (option.value_name.empty()) {
            auto set = [&draft, name = option.name](std::int64_t) { draft.sandbox.push_back({name, ""}); };
            sandbox->add_flag_function(option.name, set, option.description);
        } else {
            auto set = [&draft, name = option.name](const std::string& value) {
                draft.sandbox.push_back({name, value});
            };
            sandbox->add_option_function<std::string>(option.name, set, option.description)
                ->type_name(option.value_name);
        }
    }
}

void add_server_command(CLI::App& app, Draft& draft) {
    CLI::App* server = app.add_subcommand("server", "Run the server, or ask it how it does");
    server->require_subcommand(0, 1);
    server->fallthrough();
    server->footer(help::server);
    server
        ->add_option(
            "--store", draft.server.store,
            "Where everything is kept: sqlite:///PATH (default: polysync.db in the state folder), or a "
            "PostgreSQL that several servers share, without its password")
        ->type_name("URL");
    server
        ->add_option("--store-password", draft.server.store_password,
                     "PostgreSQL's password: env://NAME or file:///PATH (else PGPASSWORD, a passfile)")
        ->type_name("REFERENCE");
    server
        ->add_option("--node", draft.server.node,
                     "Name of this server among those that share the store (default: machine and port)")
        ->type_name("NAME");
    server->add_option("--listen", draft.server.listen, "Where to listen (default 127.0.0.1:8080)")
        ->type_name("ADDRESS:PORT");
    server->add_flag("--allow-remote", draft.server.allow_remote,
                     "Listen beyond this machine without TLS; put a proxy with TLS before it");
    auto* certificate =
        server->add_option("--tls-certificate", draft.server.tls_certificate, "Serve HTTPS with it (PEM)");
    certificate->type_name("FILE");
    auto* key = server->add_option("--tls-key", draft.server.tls_key, "Its key (PEM)")->type_name("FILE");
    certificate->needs(key);
    key->needs(certificate);
    add_list(server, "--allowed-host", draft.server.allowed_hosts, "NAME",
             "A further name that clients may call it by, for a proxy (repeatable)");
    add_list(server, "--env-file", draft.server.env_files, "FILE",
             "Read variables for env:// references from it: NAME=VALUE lines");
    server->callback([&draft, server] {
        if (server->get_subcommands().empty()) draft.chosen.command = [&draft] { return draft.server; };
    });
    add_server_commands(*server, draft.chosen);
    auto* restore = add_command(
        *server, "restore", "Put a backup in the place of the store of a stopped server",
        help::server_restore, [&draft] { draft.chosen.command = [&draft] { return draft.server; }; });
    add_word(restore, "BACKUP", draft.server.restore_from, "What 'polysync server backup' has made");
    auto* move = add_command(
        *server, "move", "Move the store of stopped servers to another place, runs in flight included",
        help::server_move, [&draft] { draft.chosen.command = [&draft] { return draft.server; }; });
    add_word(move, "TO", draft.server.move_to,
             "An SQLite file that is not there yet, or an empty PostgreSQL schema");
    move->add_option("--to-password", draft.server.move_to_password,
                     "Password of the PostgreSQL that it goes to: env://NAME or file:///PATH")
        ->type_name("REFERENCE");
    auto* dev = add_command(app, "dev", "Server, sandbox and samples together, to try and to learn",
                            help::dev, [&draft] { draft.chosen.command = [&draft] { return draft.dev; }; });
    dev->add_option("--state", draft.dev.state,
                    "Folder that keeps it all (default: ~/.local/state/polysync/dev)")
        ->type_name("FOLDER");
    dev->add_option("--listen", draft.dev.listen, "Where to listen (default 127.0.0.1:8080)")
        ->type_name("ADDRESS:PORT");
    dev->add_flag("--fresh", draft.dev.fresh, "Forget what that folder holds and start anew");
}

std::unique_ptr<CLI::App> make_app(Draft& draft, const std::vector<SandboxOption>& sandbox_options) {
    auto app = std::make_unique<CLI::App>(
        "Run and watch jobs of AWS Glue, Batch, SageMaker Pipelines and Step Functions.", "polysync");
    app->require_subcommand(1);
    app->footer(help::program);
    app->option_defaults()->always_capture_default(false);
    app->get_formatter()->column_width(32);
    app->get_formatter()->label("REQUIRED", "");
    app->set_help_flag("-h,--help", "Show this help");
    app->add_option("-f,--file", draft.global.file,
                    "Definition file (default ./polysync.yaml); for apply and plan also a directory")
        ->type_name("FILE");
    app->add_option("--server", draft.global.server,
                    "Server to ask (default: POLYSYNC_SERVER, else the one on this machine)")
        ->type_name("URL");
    app->add_option("--token-file", draft.global.token_file,
                    "File with the server's token (default: POLYSYNC_TOKEN, else the local server's)")
        ->type_name("FILE");
    app->add_flag("--json", draft.global.json, "Print JSON, errors too");
    app->add_option("--log-level", draft.log_level, "trace, debug, info, warn (default), error or off")
        ->type_name("LEVEL");
    app->add_flag("-v,--verbose", draft.verbosity, "Log more: -v info, -vv debug, -vvv trace");
    add_server_command(*app, draft);
    add_remote_commands(*app, draft.chosen);
    add_sandbox_command(*app, draft, sandbox_options);
    add_platform_commands(*app, draft);
    add_pipeline_commands(*app, draft);
    app->set_version_flag(
        "--version", [] { return std::string(); }, "Print the version");
    add_command(*app, "version", "Print the version", help::version,
                [&draft] { draft.chosen.command = [] { return VersionCommand{}; }; });
    auto* completion =
        add_command(*app, "completion", "Print a shell completion script", help::completion,
                    [&draft] { draft.chosen.command = [&draft] { return CompletionCommand{draft.shell}; }; });
    completion->add_option("SHELL", draft.shell, "bash, zsh or fish")
        ->type_name("")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    add_command(*app, "__platforms", "Platform names, for completion", "", [&draft] {
        draft.chosen.command = [] { return CompleteNamesCommand{}; };
    })->group("");
    return app;
}

bool takes_next_word(const CLI::App* command, const std::string& option) {
    for (; command; command = command->get_parent()) {
        if (const auto* found = command->get_option_no_throw(option))
            return found->get_items_expected_max() > 0;
    }
    return false;
}

// The deepest command that the arguments name, for help and suggestions.
CLI::App* chosen_command(CLI::App& app, const std::vector<std::string>& arguments) {
    CLI::App* current = &app;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].starts_with('-')) {
            if (takes_next_word(current, arguments[i])) ++i;
            continue;
        }
        auto children = current->get_subcommands([](CLI::App*) { return true; });
        auto is_named = [&](const CLI::App* child) { return child->get_name() == arguments[i]; };
        auto child = std::find_if(children.begin(), children.end(), is_named);
        if (child == children.end())
            break;  // a mistake, or the first value of a command without further ones
        current = *child;
    }
    return current;
}

// "polysync pipeline run" for that command.
std::string path_of(const CLI::App* command) {
    std::string path;
    for (; command; command = command->get_parent()) {
        path = command->get_name() + (path.empty() ? "" : " ") + path;
    }
    return path;
}

std::string help_of(CLI::App& app, const std::vector<std::string>& arguments) {
    CLI::App* command = chosen_command(app, arguments);
    if (command == &app) return app.help();
    return command->help(path_of(command->get_parent())) +
           "\nEverywhere: -f FILE, --server URL, --json, --log-level LEVEL, -v (see polysync --help)\n";
}

// "did you mean" for the first argument that is neither a known command nor a known option.
std::string suggest(CLI::App& app, const std::vector<std::string>& arguments) {
    CLI::App* command = chosen_command(app, arguments);
    std::vector<std::string> commands, options;
    for (CLI::App* child : command->get_subcommands([](CLI::App*) { return true; })) {
        if (!child->get_name().starts_with("_")) commands.push_back(child->get_name());
    }
    for (CLI::App* level : {command, &app}) {
        for (const CLI::Option* option : level->get_options()) {
            for (const auto& name : option->get_lnames()) options.push_back("--" + name);
        }
    }
    auto known = [&](const std::string& word) {
        return std::find(options.begin(), options.end(), word) != options.end();
    };
    for (const auto& argument : arguments) {
        if (argument.starts_with("--")) {
            std::string word = argument.substr(0, argument.find('='));
            auto near = known(word) ? std::string() : nearest_word(word, options);
            if (!near.empty()) return fmt::format("unknown option {}; did you mean {}?", word, near);
        } else if (!argument.starts_with("-") && command->get_name() != argument && !commands.empty()) {
            auto near = nearest_word(argument, commands);
            if (!near.empty() && near != argument)
                return fmt::format("unknown command '{}'; did you mean '{}'?", argument, near);
        }
    }
    return {};
}

Refusal refuse(CLI::App& app, const std::vector<std::string>& arguments, std::string message,
               std::string remedy) {
    Refusal refusal;
    refusal.exit_code = exit_bad_input;
    refusal.message = std::move(message);
    refusal.remedy = (remedy.empty() ? "" : remedy + " ") +
                     fmt::format("See {} --help.", path_of(chosen_command(app, arguments)));
    refusal.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    return refusal;
}

Parsed finish(CLI::App& app, Draft& draft, const std::vector<std::string>& arguments) {
    Invocation invocation;
    invocation.global = draft.global;
    invocation.global.file_given = app.count("--file") > 0;
    if (draft.verbosity > 0) {
        invocation.global.log_level = draft.verbosity == 1   ? log::Level::info
                                      : draft.verbosity == 2 ? log::Level::debug
                                                             : log::Level::trace;
    }
    if (!draft.log_level.empty() && !log::parse_level(draft.log_level, invocation.global.log_level)) {
        return refuse(app, arguments, fmt::format("--log-level: unknown level '{}'", draft.log_level),
                      "Known: trace, debug, info, warn, error, off.");
    }
    try {
        invocation.command = draft.chosen.command();
    } catch (const BadArgument& bad) {
        return refuse(app, arguments, bad.message, bad.remedy);
    }
    return invocation;
}

CommandNode describe(const CLI::App& app) {
    CommandNode node;
    node.name = app.get_name();
    node.description = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) {
            node.positionals.push_back(option->get_name(true));
            continue;
        }
        CommandNode::Option described;
        for (const auto& name : option->get_snames()) described.names.push_back("-" + name);
        for (const auto& name : option->get_lnames()) described.names.push_back("--" + name);
        described.description = option->get_description();
        described.takes_value = option->get_items_expected_max() > 0;
        if (option->get_name() == "--log-level")
            described.choices = {"trace", "debug", "info", "warn", "error", "off"};
        node.options.push_back(std::move(described));
    }
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!child->get_name().starts_with("_")) node.commands.push_back(describe(*child));
    }
    return node;
}

}  // namespace

Parsed parse_arguments(const std::vector<std::string>& arguments,
                       const std::vector<SandboxOption>& sandbox_options) {
    Draft draft;
    auto app = make_app(draft, sandbox_options);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        // What AWS, JSON and our own files hold is UTF-8. The argument is not repeated: it may hold a secret.
        if (!is_utf8(arguments[i]))
            return refuse(*app, arguments, fmt::format("argument {} is no UTF-8 text", i + 1),
                          "Check the terminal's or the script's encoding (LANG=C.UTF-8).");
    }
    try {
        std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
        app->parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return Refusal{.exit_code = exit_success, .out = help_of(*app, arguments)};
    } catch (const CLI::CallForVersion&) {
        Invocation invocation;
        invocation.command = VersionCommand{};
        return invocation;
    } catch (const CLI::ParseError& error) {
        if (arguments.empty())
            return Refusal{
                .exit_code = exit_bad_input, .out = {}, .message = "no command", .remedy = app->help()};
        std::string hint = suggest(*app, arguments);
        // CLI11 repeats values in some messages; ours does not, and theirs pass the redaction of the output.
        return refuse(*app, arguments, hint.empty() ? std::string(error.what()) : hint, "");
    } catch (const std::exception&) {
        return refuse(*app, arguments, "the command line cannot be understood", "");
    }
    return finish(*app, draft, arguments);
}

CommandNode command_tree(const std::vector<SandboxOption>& sandbox_options) {
    Draft draft;
    return describe(*make_app(draft, sandbox_options));
}

}  // namespace polysync::cli
