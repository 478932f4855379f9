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
#include "store/sqlite/sqlite_store.h"

namespace polysync::app {
namespace {

// sqlite:///PATH; the path is absolute, so that it does not depend on where the server is started.
Result<std::string> parse_store(const std::string& text) {
    constexpr std::string_view scheme = "sqlite://";
    if (text.empty()) return state_folder() + "/polysync.db";
    bool good = text.starts_with(scheme) && text.size() > scheme.size() + 1 && text[scheme.size()] == '/' &&
                text.back() != '/';
    if (good) return text.substr(text.find_first_not_of('/', scheme.size()) - 1);
    return make_error(
        ErrorKind::invalid_input, "invalid_store", fmt::format("--store {} names no SQLite file", text),
        "Write sqlite:// and an absolute path, for instance sqlite:///var/lib/polysync/polysync.db.");
}

Result<ServeOptions> read_options(const cli::ServerCommand& command, const cli::GlobalOptions& global) {
    ServeOptions options;
    POLYSYNC_TRY(options.node.store_path, parse_store(command.store));
    POLYSYNC_TRY(auto listen, server::parse_listen(command.listen));
    POLYSYNC_TRY(load_env_files(command.env_files));
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

}  // namespace

int run_restore(const cli::ServerCommand& command, const cli::GlobalOptions& global, cli::Console& console) {
    cli::Output output(console, global.json);
    auto path = parse_store(command.store);
    if (!path) return cannot_start(output, path.error());
    auto actor = "cli:" + environment_variable("USER").value_or("unknown");
    auto restored =
        store::restore_sqlite_store(command.restore_from, path.value(), actor, system_clock().now());
    if (!restored) return cannot_start(output, restored.error());
    const auto& replaced = restored.value().replaced;
    if (output.json()) {
        output.json_result(boost::json::object{{"store", path.value()}, {"replaced", replaced}});
        return cli::exit_success;
    }
    output.result(fmt::format("{} is as {} says", path.value(), command.restore_from));
    if (!replaced.empty()) output.note(fmt::format("what was there before is {}", replaced));
    output.note(
        "Everything is paused: what ran since the backup is not in it. Start the server, compare with AWS, "
        "mark what is "
        "done\n(polysync run mark-succeeded, polysync run skip), then: polysync server resume");
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
