// `polysync dev`: a server, a sandbox of AWS and sample tasks together, in a folder of their own.
#pragma once

#include <boost/asio/io_context.hpp>

#include "cli/console.h"
#include "cli/invocation.h"

namespace polysync::app {

// Runs until SIGINT or SIGTERM; the exit code, as of run_server(). The sandbox is a process of its own: it
// survives a server that is killed, is found again by the next one, and ends with one that is stopped.
[[nodiscard]] int run_dev(const cli::DevCommand& command, const cli::GlobalOptions& global,
                          boost::asio::io_context& io, cli::Console& console);

}  // namespace polysync::app
