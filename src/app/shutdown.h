// Stop signals of a server.
#pragma once

#include <memory>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/async.h"

namespace polysync::app {

// The first SIGINT or SIGTERM is waited for; the second ends the process at once, which costs nothing: what
// must survive is durable.
class Shutdown {
  public:
    explicit Shutdown(boost::asio::io_context& io);
    ~Shutdown();
    Shutdown(const Shutdown&) = delete;
    Shutdown& operator=(const Shutdown&) = delete;

    // Returns at the first signal with its name.
    [[nodiscard]] Async<std::string_view> wait();
    // Nothing of this keeps the io_context busy any more.
    void finish();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace polysync::app
