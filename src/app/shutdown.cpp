#include "app/shutdown.h"

#include <csignal>
#include <cstdlib>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace polysync::app {

struct Shutdown::State {
    explicit State(boost::asio::io_context& io)
        : signals(io, SIGINT, SIGTERM), waiting(io, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::signal_set signals;
    boost::asio::steady_timer waiting;
    int first = 0;

    static void listen(const std::shared_ptr<State>& state) {
        state->signals.async_wait([state](const boost::system::error_code& error, int signal) {
            if (error) return;
            if (state->first != 0) std::_Exit(128 + signal);
            state->first = signal;
            state->waiting.cancel();
            listen(state);
        });
    }
};

Shutdown::Shutdown(boost::asio::io_context& io) : state_(std::make_shared<State>(io)) {
    State::listen(state_);
}

Shutdown::~Shutdown() { finish(); }

void Shutdown::finish() {
    boost::system::error_code ignored;
    state_->signals.cancel(ignored);
    state_->waiting.cancel();
}

Async<std::string_view> Shutdown::wait() {
    boost::system::error_code ignored;
    auto state = state_;
    if (state->first == 0)
        co_await state->waiting.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    co_return state->first == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace polysync::app
