// `polysync server`: from its options to a node that runs until it is told to stop.
#pragma once

#include <boost/asio/io_context.hpp>

#include "cli/console.h"
#include "cli/invocation.h"

namespace polysync::app {

// Runs `polysync server restore`; the exit code.
[[nodiscard]] int run_restore(const cli::ServerCommand& command, const cli::GlobalOptions& global,
                              cli::Console& console);

// Runs `polysync server move`; the exit code.
[[nodiscard]] int run_move(const cli::ServerCommand& command, const cli::GlobalOptions& global,
                           cli::Console& console);

// Runs until SIGINT or SIGTERM; the exit code: 0, 2 where the options are wrong, 1 where it cannot start. A
// second signal ends it at once. `io` runs the runtime; nothing else may be on it.
[[nodiscard]] int run_server(const cli::ServerCommand& command, const cli::GlobalOptions& global,
                             boost::asio::io_context& io, cli::Console& console);

}  // namespace polysync::app
