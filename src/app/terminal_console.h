// The real terminal: stdout, stderr, stdin and signals.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "cli/console.h"

namespace polysync::app {

// On `io`, which must outlive it. From now on SIGINT and SIGTERM end waits instead of the program.
[[nodiscard]] std::unique_ptr<cli::Console> make_terminal_console(boost::asio::io_context& io);

}  // namespace polysync::app
