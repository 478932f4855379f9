// One running Polysync: store, providers, runtime, operations and the API's listener, put together.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "app/connector.h"
#include "app/name_lock.h"
#include "app/providers.h"
#include "app/store_choice.h"
#include "base/async.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "server/server.h"
#include "store/store.h"
#include "store/store_clock.h"

namespace polysync::app {

struct NodeOptions {
    StoreChoice store;
    std::string name;  // unique among the nodes of a shared store; empty: made of machine and port
    server::ServerOptions listener;
};

// The runtime lives on the caller's io_context, which one thread runs and which outlives the node; listener,
// store and HTTP client have threads of their own.
class Node {
  public:
    // Opens and migrates the store and takes the port; whoever connects waits until start() has read the
    // definitions. Errors: those of the store (in use, newer schema, unusable path), of the listener (port
    // taken, address) and of the HTTP client (CA bundle).
    [[nodiscard]] static Result<std::unique_ptr<Node>> open(NodeOptions options, boost::asio::io_context& io);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Answers requests as soon as the definitions are read, then takes up the runs that are in flight and
    // begins to run tasks; ready when it returns. Errors: those of the stored definitions and of reading the
    // store.
    [[nodiscard]] Async<Status> start();
    // Answers what was asked, lets calls and writes under way end, and returns; all of it is bounded. What
    // runs in AWS goes on (SAFE-6).
    [[nodiscard]] Async<void> stop();

    [[nodiscard]] std::string url() const { return listener_->url(); }
    // How this machine reaches it, where it listens on every address.
    [[nodiscard]] std::string local_url() const;
    [[nodiscard]] runtime::Runtime& runtime() { return *runtime_; }
    [[nodiscard]] Result<http::HttpClient*> http() { return connector_.http(); }

  private:
    Node(std::optional<NameLock> name_lock, std::unique_ptr<store::Store> store);

    // In the order in which they are needed.
    std::optional<NameLock> name_lock_;
    std::unique_ptr<store::Store> store_;
    store::StoreClock clock_;  // when something was called, and how long ago, is said by one clock
    Connector connector_;
    Providers providers_;
    std::unique_ptr<runtime::Runtime> runtime_;
    std::unique_ptr<runtime::Operations> operations_;
    std::unique_ptr<server::Server> listener_;
};

}  // namespace polysync::app
