// RestClient::follow: the server's events as they come, over connections that may be lost.
#include <deque>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cli/interrupt.h"
#include "cli/rest_client.h"

namespace polysync::cli {
namespace {

constexpr auto reconnect_delay = std::chrono::seconds(1);

// Where the HTTP client's thread leaves the pieces; everything but leave() belongs to the executor.
class Pieces : public std::enable_shared_from_this<Pieces> {
  public:
    Pieces(boost::asio::any_io_executor executor, std::int64_t last,
           std::function<bool(const ServerEvent&)> on_event)
        : executor_(std::move(executor)), stop_(executor_), last_(last), on_event_(std::move(on_event)) {
        stop_.expires_at(boost::asio::steady_timer::time_point::max());
    }

    // Any thread.
    void leave(std::string_view piece) {
        boost::asio::post(executor_, Take{shared_from_this(), std::string(piece)});
    }
    void begin_connection() { reader_ = EventReader(); }
    [[nodiscard]] std::int64_t last() const { return last_; }
    [[nodiscard]] bool enough() const { return enough_; }
    // Ends when `on_event` has had enough.
    Async<void> had_enough() {
        boost::system::error_code ignored;
        if (!enough_)
            co_await stop_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

  private:
    struct Take {
        std::shared_ptr<Pieces> pieces;
        std::string piece;
        void operator()() const { pieces->take(piece); }
    };
    void take(const std::string& piece) {
        for (const auto& event : reader_.take(piece)) {
            if (enough_) return;
            if (event.sequence != 0) last_ = event.sequence;
            enough_ = !on_event_(event);
            if (enough_) stop_.cancel();
        }
    }

    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer stop_;
    EventReader reader_;
    std::int64_t last_;
    std::function<bool(const ServerEvent&)> on_event_;
    bool enough_ = false;
};

}  // namespace

Async<Status> RestClient::follow(std::optional<std::int64_t> after,
                                 std::function<bool(const ServerEvent&)> on_event) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto pieces = std::make_shared<Pieces>(executor, after.value_or(-1), std::move(on_event));
    bool connected_once = false;
    while (true) {
        RestRequest request;
        request.path = "/events";
        if (pieces->last() >= 0) request.query.push_back({"after", std::to_string(pieces->last())});
        http::Request asked = make_request(request, "");
        for (auto& header : asked.headers)
            if (header.name == "Accept") header.value = "text/event-stream";
        asked.timeout = std::chrono::hours(24);
        asked.on_data = [pieces](std::string_view piece) { pieces->leave(piece); };
        pieces->begin_connection();
        std::optional<Result<http::Response>> answered;
        co_await until_first(detail::keep(http_.send(std::move(asked)), answered), pieces->had_enough());
        if (pieces->enough()) co_return success();
        if (answered && *answered && answered->value().status / 100 != 2)
            co_return refusal(answered->value());
        if (answered && !*answered) {
            if (answered->error().kind == ErrorKind::cancelled) co_return answered->error();
            // The first connection must come about; later ones are waited for, as servers are restarted.
            if (!connected_once && answered->error().code == "connect_failed")
                co_return unreachable(std::move(answered->error()));
        }
        connected_once = true;
        auto cancelled = co_await boost::asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != boost::asio::cancellation_type::none)
            co_return make_error(ErrorKind::cancelled, "cancelled", "interrupted");
        co_await clock_.sleep_for(reconnect_delay);
    }
}

}  // namespace polysync::cli
