#include "app/server_command.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "app/env_file.h"
#include "app/node.h"
#include "app/serve.h"
#include "app/state_folder.h"
#include "base/clock.h"
#include "base/random.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "store/move.h"

namespace polysync::app {
namespace {

// Passwords may be in the files.
Result<StoreChoice> store_of(const cli::ServerCommand& command) {
    POLYSYNC_TRY(load_env_files(command.env_files));
    return parse_store(command.store, command.store_password);
}

Result<ServeOptions> read_options(const cli::ServerCommand& command, const cli::GlobalOptions& global) {
    ServeOptions options;
    POLYSYNC_TRY(options.node.store, store_of(command));
    options.node.name = command.node;
    POLYSYNC_TRY(auto listen, server::parse_listen(command.listen));
    bool needs_folder = command.store.empty() || global.token_file.empty();
    if (needs_folder) {
        POLYSYNC_TRY(make_private_folder(state_folder()));
    }
    options.token_file = global.token_file.empty() ? state_folder() + "/token" : global.token_file;
    auto& listener = options.node.listener;
    listener.address = listen.address;
    listener.port = listen.port;
    listener.allow_remote = command.allow_remote;
    listener.tls_certificate_file = command.tls_certificate;
    listener.tls_key_file = command.tls_key;
    listener.allowed_hosts = command.allowed_hosts;
    return options;
}

Result<store::Restored> restore(const std::string& backup, const StoreChoice& choice) {
    auto actor = "cli:" + environment_variable("USER").value_or("unknown");
    auto now = system_clock().now();
    if (const auto* file = std::get_if<SqliteFile>(&choice.place))
        return store::restore_sqlite_store(backup, file->path, actor, now);
    return store::restore_postgres_store(backup, std::get<store::PostgresTarget>(choice.place), actor, now);
}

store::Place place_of(const StoreChoice& choice) {
    if (const auto* file = std::get_if<SqliteFile>(&choice.place)) return file->path;
    return std::get<store::PostgresTarget>(choice.place);
}

}  // namespace

int run_restore(const cli::ServerCommand& command, const cli::GlobalOptions& global, cli::Console& console) {
    cli::Output output(console, global.json);
    auto choice = store_of(command);
    if (!choice) return cannot_start(output, choice.error());
    auto restored = restore(command.restore_from, choice.value());
    if (!restored) return cannot_start(output, restored.error());
    const auto& replaced = restored.value().replaced;
    if (output.json()) {
        output.json_result(boost::json::object{{"store", choice.value().text()}, {"replaced", replaced}});
        return cli::exit_success;
    }
    output.result(fmt::format("{} is as {} says", choice.value().text(), command.restore_from));
    if (!replaced.empty()) output.note(fmt::format("what was there before is {}", replaced));
    output.note(
        "Everything is paused: what ran since the backup is not in it. Start the server, compare with AWS, "
        "mark what is "
        "done\n(polysync run mark-succeeded, polysync run skip), then: polysync server resume");
    return cli::exit_success;
}

int run_move(const cli::ServerCommand& command, const cli::GlobalOptions& global, cli::Console& console) {
    cli::Output output(console, global.json);
    auto from = store_of(command);
    if (!from) return cannot_start(output, from.error());
    auto to = parse_store(command.move_to, command.move_to_password);
    if (!to) return cannot_start(output, to.error());
    auto moved = store::move_store({.from = place_of(from.value()),
                                    .to = place_of(to.value()),
                                    .to_text = to.value().text(),
                                    .now = system_clock().now()});
    if (!moved) return cannot_start(output, moved.error());
    if (output.json()) {
        output.json_result(boost::json::object{{"from", from.value().text()}, {"to", to.value().text()}});
        return cli::exit_success;
    }
    output.result(fmt::format("{} is now in {}", from.value().text(), to.value().text()));
    output.note(
        "The old store is kept, and no server starts on it any more. Start the servers on the new one.");
    return cli::exit_success;
}

int run_server(const cli::ServerCommand& command, const cli::GlobalOptions& global,
               boost::asio::io_context& io, cli::Console& console) {
    cli::Output output(console, global.json);
    auto options = read_options(command, global);
    if (!options) return cannot_start(output, options.error());
    return serve(std::move(options.value()), io, output);
}

}  // namespace polysync::app
