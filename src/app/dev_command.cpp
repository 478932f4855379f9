#include "app/dev_command.h"

#include <cstdlib>
#include <filesystem>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "app/connector.h"
#include "app/dev_definitions.h"
#include "app/dev_prime.h"
#include "app/dev_sandbox.h"
#include "app/serve.h"
#include "app/state_folder.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/rest_client.h"
#include "server/token.h"

namespace polysync::app {
namespace {

// Where the sandbox listens if nobody else does, so that what the documentation says works here.
constexpr std::uint16_t sandbox_port = 4570;

// One `polysync dev` per folder.
Result<FileLock> take_folder(const std::string& folder) {
    POLYSYNC_TRY(make_private_folder(folder));
    auto lock = FileLock::try_take(folder + "/dev.lock");
    if (!lock)
        return make_error(ErrorKind::invalid_input, "folder", lock.error().message,
                          "Name another folder with --state.");
    if (lock.value()) return std::move(*lock.value());
    return make_error(ErrorKind::transient, "dev_in_use",
                      fmt::format("another 'polysync dev' runs in {}", folder),
                      "Use that one, or name another folder with --state.");
}

// Only what this command has made: the folder may be anybody's.
void forget_everything(const std::string& folder) {
    stop_sandbox(folder);
    for (const char* name : {"polysync.db", "polysync.db-wal", "polysync.db-shm", "polysync.db.lock",
                             "sandbox.json", "sandbox.log", "sandbox.primed", "sandbox.lock", "token"})
        ::unlink((folder + "/" + name).c_str());
    std::error_code ignored;
    std::filesystem::remove_all(folder + "/definitions", ignored);
}

// Everything is on this machine, and nothing of the user's AWS settings may lead elsewhere.
void shield() {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "AWS_CA_BUNDLE",
                             "AWS_PROFILE", "AWS_ENDPOINT_URL"})
        ::unsetenv(name);
    ::setenv("POLYSYNC_SANDBOX_SECRET", "polysync-sandbox-secret", 1);
}

Status run_prime(boost::asio::io_context& io, const std::string& folder, const DevSandbox& sandbox) {
    Connector connector;
    POLYSYNC_TRY(auto http, connector.http());
    std::optional<Status> primed;
    struct Priming {
        static Async<void> run(http::HttpClient& client, std::string place, DevSandbox its_sandbox,
                               std::optional<Status>& out) {
            out = co_await prime(client, std::move(place), std::move(its_sandbox));
        }
    };
    std::exception_ptr failure;
    auto done = [&failure](std::exception_ptr error) { failure = error; };
    boost::asio::co_spawn(io, Priming::run(*http, folder, sandbox, primed), done);
    io.run();
    io.restart();
    if (failure) std::rethrow_exception(failure);
    return *primed;
}

// Copied into the coroutine: it outlives whoever calls it.
struct Place {
    std::string folder, endpoint, token_file;
};

Async<Status> apply_definitions(Node& node, Place place) {
    POLYSYNC_CO_TRY(auto http, node.http());
    POLYSYNC_CO_TRY(auto token, server::load_or_create_token(place.token_file, system_random()));
    cli::RestClient client(*http, {.url = node.local_url(), .token = std::move(token), .actor = "dev"},
                           system_clock(), system_random());
    co_return co_await apply_samples(client, std::move(place.folder), std::move(place.endpoint));
}

std::string greeting(Node& node, const Place& place) {
    auto now = system_clock().now();
    auto day = format_iso8601(now - std::chrono::days(1)).substr(0, 10);
    auto hour = format_iso8601(now - std::chrono::hours(2)).substr(0, 13) + ":00Z";
    auto local = place.folder == state_folder() + "/dev" ? std::string() : " --state " + place.folder;
    return fmt::format(
        "Polysync {version} runs {tasks} sample tasks at {url}, on a simulated AWS at {aws}.\n"
        "\n"
        "In another terminal, a chain of three services, and one that fails until it is repaired:\n"
        "\n"
        "    polysync task run sales/orders-extract --key {hour} --downstream --wait\n"
        "    polysync task run finance/ledger-extract --key {day} --downstream\n"
        "    polysync run list --key {day}\n"
        "    polysync run list --state Failed                 its number, for what comes next\n"
        "    polysync run logs RUN\n"
        "    curl {aws}/_sandbox/glue/outcome -d '{{\"account\": \"210987654321\", \"job\": "
        "\"dev-reconcile\"}}'\n"
        "    polysync run rerun RUN --scope downstream        repaired: what was skipped runs\n"
        "\n"
        "A whole day, hour by hour, and what waits for it; what is in the way of what; what comes:\n"
        "\n"
        "    polysync task backfill sales/orders-extract --from {day}T00:00Z --to {day}T23:00Z --max-active "
        "6 --downstream\n"
        "    polysync task why sales/orders-extract\n"
        "    polysync task list\n"
        "    polysync schedule next\n"
        "    polysync events --follow\n"
        "\n"
        "Yours to change: {folder}/definitions, then polysync apply -f {folder}/definitions\n"
        "kill -9 {pid} loses nothing: 'polysync dev{local}' goes on from there. Ctrl-C stops it all; --fresh "
        "starts anew.",
        fmt::arg("version", POLYSYNC_VERSION), fmt::arg("tasks", node.runtime().catalog()->tasks.size()),
        fmt::arg("url", node.url()), fmt::arg("aws", place.endpoint), fmt::arg("hour", hour),
        fmt::arg("day", day), fmt::arg("folder", place.folder), fmt::arg("pid", ::getpid()),
        fmt::arg("local", local));
}

}  // namespace

int run_dev(const cli::DevCommand& command, const cli::GlobalOptions& global, boost::asio::io_context& io,
            cli::Console& console) {
    cli::Output output(console, global.json);
    auto listen = server::parse_listen(command.listen);
    if (!listen) return cannot_start(output, listen.error());
    auto folder =
        std::filesystem::absolute(command.state.empty() ? state_folder() + "/dev" : command.state).string();
    auto taken = take_folder(folder);
    if (!taken) return cannot_start(output, taken.error());
    if (command.fresh) forget_everything(folder);
    shield();
    auto sandbox = find_or_start_sandbox(folder, sandbox_port);
    if (!sandbox) return cannot_start(output, sandbox.error());
    auto primed = run_prime(io, folder, sandbox.value());
    if (!primed) return cannot_start(output, primed.error());
    ServeOptions options;
    options.node.store.place = SqliteFile{folder + "/polysync.db"};
    options.token_file = folder + "/token";
    options.node.listener.address = listen.value().address;
    options.node.listener.port = listen.value().port;
    Place place{folder, sandbox.value().endpoint, options.token_file};
    options.prepare = [place](Node& node) { return apply_definitions(node, place); };
    options.greeting = [place](Node& node) { return greeting(node, place); };
    int code = serve(std::move(options), io, output);
    // One that was found is left to whoever can start: work may be going on in it.
    if (code == cli::exit_success || sandbox.value().is_new) stop_sandbox(folder);
    return code;
}

}  // namespace polysync::app
