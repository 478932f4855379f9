// The commands that ask a server, in the manner of kubectl and nomad: one file per noun defines its options
// and its coroutines.
#pragma once

#include "cli/command_line.h"

namespace polysync::cli {

// All of them but those of platforms, which stand beside the stateless ones.
void add_remote_commands(CLI::App& app, Chosen& chosen);

void add_task_commands(CLI::App& app, Chosen& chosen);
void add_run_commands(CLI::App& app, Chosen& chosen);
void add_chain_commands(CLI::App& app, Chosen& chosen);
void add_backfill_commands(CLI::App& app, Chosen& chosen);
// apply, plan, export.
void add_definition_commands(CLI::App& app, Chosen& chosen);
// job, profile, source.
void add_object_commands(CLI::App& app, Chosen& chosen);
// Below `polysync job`.
void add_import_command(CLI::App& job, Chosen& chosen);
// Below `polysync platform`.
void add_platform_object_commands(CLI::App& platform, Chosen& chosen);
void add_polls_command(CLI::App& platform, Chosen& chosen);
// schedule, events, alerts, audit.
void add_watch_commands(CLI::App& app, Chosen& chosen);
// Below `polysync server`.
void add_server_commands(CLI::App& server, Chosen& chosen);

}  // namespace polysync::cli
