// A node from its start to its stop, for `polysync server` and `polysync dev`.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "app/node.h"
#include "cli/output.h"

namespace polysync::app {

struct ServeOptions {
    NodeOptions node;
    std::string token_file;  // made where it is missing
    // Runs when requests are answered, before anything is printed; may be empty. Its error stops the server.
    std::function<Async<Status>(Node&)> prepare;
    // What to print when all is ready; empty: where the server listens.
    std::function<std::string(Node&)> greeting;
};

// Runs until SIGINT or SIGTERM; the exit code.
[[nodiscard]] int serve(ServeOptions options, boost::asio::io_context& io, cli::Output& output);

// Prints why; 2 where it is the user's input, 1 otherwise.
[[nodiscard]] int cannot_start(cli::Output& output, const Error& error);

}  // namespace polysync::app
