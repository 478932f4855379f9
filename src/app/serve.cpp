#include "app/serve.h"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "app/shutdown.h"
#include "app/state_folder.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/exit_code.h"
#include "server/token.h"

namespace polysync::app {
namespace {

void greet(const ServeOptions& options, Node& node, cli::Output& output) {
    if (output.json()) {
        output.json_result(boost::json::object{{"url", node.url()},
                                               {"store", options.node.store.text()},
                                               {"token_file", options.token_file},
                                               {"pid", ::getpid()}});
    } else if (options.greeting) {
        output.result(options.greeting(node));
    } else {
        output.result(fmt::format("polysync {} listens on {}\nstore  {}\ntoken  {}", POLYSYNC_VERSION,
                                  node.url(), options.node.store.text(), options.token_file));
    }
}

// Tells the command line where the server is; a home that cannot be written is no reason not to serve.
std::optional<Announcement> announce(const ServeOptions& options, Node& node) {
    auto made = Announcement::make(node.local_url(), std::filesystem::absolute(options.token_file).string());
    if (made) return std::move(made.value());
    log::warn("the command line will not find this server by itself: {}", made.error().describe());
    return std::nullopt;
}

Async<void> live(const ServeOptions& options, Node& node, Shutdown& shutdown, cli::Output& output,
                 std::optional<Status>& ended) {
    auto ready = co_await node.start();
    if (ready && options.prepare) ready = co_await options.prepare(node);
    if (ready) {
        auto announced = announce(options, node);
        greet(options, node, output);
        auto signal = co_await shutdown.wait();
        if (!output.json()) output.note(fmt::format("{}: stopping; what runs in AWS goes on", signal));
        announced.reset();
    }
    co_await node.stop();
    shutdown.finish();
    ended = std::move(ready);
}

}  // namespace

int cannot_start(cli::Output& output, const Error& error) {
    output.error(error);
    return error.kind == ErrorKind::invalid_input ? cli::exit_bad_input : cli::exit_run_failed;
}

int serve(ServeOptions options, boost::asio::io_context& io, cli::Output& output) {
    auto token = server::load_or_create_token(options.token_file, system_random());
    if (!token) return cannot_start(output, token.error());
    options.node.listener.token = token.value();
    Shutdown shutdown(io);
    auto opened = Node::open(options.node, io);
    if (!opened) return cannot_start(output, opened.error());
    auto node = std::move(opened.value());
    std::optional<Status> ended;
    std::exception_ptr failure;
    auto done = [&failure](std::exception_ptr error) { failure = error; };
    boost::asio::co_spawn(io, live(options, *node, shutdown, output, ended), done);
    while (!ended && !failure && io.run_one() > 0) continue;
    if (failure) std::rethrow_exception(failure);
    int code = ended->has_value() ? int(cli::exit_success) : cannot_start(output, ended->error());
    io.poll();
    // What did not end in time may still refer to the node: the process ends around it.
    if (!io.stopped()) std::_Exit(code);
    return code;
}

}  // namespace polysync::app
