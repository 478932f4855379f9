#include "app/node.h"

#include <cstring>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "api/catalog_input.h"
#include "aws/config/environment.h"
#include "aws/config/secret_reference.h"
#include "base/clock.h"
#include "base/random.h"

namespace polysync::app {
namespace {

constexpr Millis listener_grace = std::chrono::seconds(5);
constexpr Millis runtime_grace = std::chrono::seconds(10);

Result<Secret> resolve(const std::string& reference, const std::string& parameter) {
    return aws::resolve_secret(reference, parameter, aws::system_environment());
}

std::string machine_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "local";
}

// The same after a restart, so that a node takes up its own runs at once; on one machine nodes differ by
// their ports, and where these are anybody's guess, by chance.
std::string node_name(const NodeOptions& options) {
    if (!options.name.empty()) return options.name;
    if (!options.store.is_shared()) return machine_name();
    auto port = options.listener.port;
    return fmt::format("{}:{}", machine_name(),
                       port ? std::to_string(port) : make_guid(system_random()).substr(0, 8));
}

}  // namespace

Result<std::unique_ptr<Node>> Node::open(NodeOptions options, boost::asio::io_context& io) {
    auto name = node_name(options);
    std::optional<NameLock> name_lock;
    if (options.store.is_shared()) {
        POLYSYNC_TRY(name_lock, NameLock::take(name));
    }
    POLYSYNC_TRY(auto store, open_store(options.store));
    std::unique_ptr<Node> node(new Node(std::move(name_lock), std::move(store)));
    POLYSYNC_TRY(node->connector_.http());
    node->connector_.ask_for_accounts();

    runtime::RuntimeParts parts;
    parts.store = node->store_.get();
    parts.clock = &node->clock_;
    parts.random = &system_random();
    parts.providers = &node->providers_;
    parts.catalogs = api::catalog_loader();
    parts.secrets = resolve;
    parts.shared_store = options.store.is_shared();
    parts.node = name;
    parts.on_nodes = [&connector = node->connector_](std::size_t nodes) { connector.share_with(nodes); };
    if (node->name_lock_) parts.name_lock = node->name_lock_->id();
    node->runtime_ = runtime::Runtime::make(parts);
    node->operations_ = runtime::Operations::make(parts, *node->runtime_);

    api::Parts served;
    served.store = node->store_.get();
    served.runtime = node->runtime_.get();
    served.operations = node->operations_.get();
    served.runtime_executor = io.get_executor();
    served.providers = &node->providers_;
    served.clock = &node->clock_;
    served.version = POLYSYNC_VERSION;
    served.started_at = node->clock_.now();
    POLYSYNC_TRY(node->listener_, server::Server::listen(std::move(options.listener), std::move(served)));
    return node;
}

std::string Node::local_url() const {
    auto url = listener_->url();
    for (const auto& [any, loopback] :
         {std::pair("//0.0.0.0:", "//127.0.0.1:"), std::pair("//[::]:", "//[::1]:")})
        if (auto at = url.find(any); at != std::string::npos) url.replace(at, std::strlen(any), loopback);
    return url;
}

Node::Node(std::optional<NameLock> name_lock, std::unique_ptr<store::Store> store)
    : name_lock_(std::move(name_lock)),
      store_(std::move(store)),
      clock_(system_clock(), *store_),
      connector_(clock_),
      providers_(connector_) {}

Async<Status> Node::start() {
    auto loaded = co_await runtime_->load();
    if (!loaded) co_return loaded;
    // Before what is in flight is adopted, which takes its time with a hundred thousand runs (PERF-12).
    listener_->serve();
    auto started = co_await runtime_->start();
    co_return started;
}

Async<void> Node::stop() {
    co_await listener_->stop(listener_grace);
    co_await runtime_->stop(runtime_grace);
}

}  // namespace polysync::app
