#include "api/event_feed.h"

#include <deque>
#include <list>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/secret.h"

namespace polysync::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr int page_size = 500;
constexpr std::size_t ring_size = 4096;
constexpr Millis poll_interval(150);

FeedItemPtr make_item(const store::Event& event) {
    json::object data{{"sequence", event.sequence},
                      {"at", format_iso8601(event.at)},
                      {"type", event.type},
                      {"subject", event.subject}};
    json::error_code error;
    auto document = json::parse(event.document, error);
    if (!error) data["document"] = std::move(document);
    return std::make_shared<FeedItem>(
        FeedItem{event.sequence, event.type, event.subject,
                 redact(fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.sequence, event.type,
                                    json::serialize(data)))});
}

using Items = std::vector<FeedItemPtr>;

}  // namespace

class EventFeed::Impl : public std::enable_shared_from_this<Impl> {
  public:
    explicit Impl(store::Store& store) : store_(store) {}

    Async<Result<std::int64_t>> newest() {
        auto sequence = std::make_shared<std::int64_t>(0);
        store::ReadWork work = [sequence](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*sequence, transaction.last_event_sequence());
            return success();
        };
        auto done = co_await store_.read(std::move(work));
        if (!done) co_return done.error();
        co_return *sequence;
    }

    static Async<Result<Items>> after(std::shared_ptr<Impl> self, std::int64_t sequence, Millis patience) {
        auto held = self->held_after(sequence);
        if (held) co_return std::move(*held);
        auto read = co_await self->read_after(sequence);
        if (!read || !read.value().empty() || self->stopping_) co_return read;
        asio::steady_timer timer(co_await asio::this_coro::executor, patience);
        auto place = self->waiting_.insert(self->waiting_.end(), &timer);
        if (!self->polling_) {
            self->polling_ = true;
            self->last_ = sequence;
            self->ring_.clear();
            asio::co_spawn(timer.get_executor(), poll(self), asio::detached);
        }
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        self->waiting_.erase(place);
        auto news = self->held_after(sequence);
        if (news) co_return std::move(*news);
        co_return Items();
    }

    void stop() {
        stopping_ = true;
        wake();
        if (pause_) pause_->cancel();
    }

    bool is_stopping() const { return stopping_; }

  private:
    void wake() {
        for (auto* timer : waiting_) timer->cancel();
    }

    // What the ring holds after that event; nothing where it does not reach so far back, or has no more.
    std::optional<Items> held_after(std::int64_t sequence) const {
        if (!polling_ || ring_.empty() || sequence >= last_ || sequence + 1 < ring_.front()->sequence)
            return std::nullopt;
        Items out;
        for (const auto& item : ring_) {
            if (item->sequence > sequence) out.push_back(item);
            if (out.size() == std::size_t(page_size)) break;
        }
        return out;
    }

    Async<Result<Items>> read_after(std::int64_t sequence) {
        auto events = std::make_shared<std::vector<store::Event>>();
        store::ReadWork work = [events, sequence](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*events, transaction.events_after(sequence, page_size));
            return success();
        };
        auto done = co_await store_.read(std::move(work));
        if (!done) co_return done.error();
        Items items;
        for (const auto& event : *events) items.push_back(make_item(event));
        co_return items;
    }

    // Ends when nobody has waited for a whole round.
    static Async<void> poll(std::shared_ptr<Impl> self) {
        asio::steady_timer pause(co_await asio::this_coro::executor);
        self->pause_ = &pause;
        while (!self->stopping_ && !self->waiting_.empty()) {
            auto news = co_await self->read_after(self->last_);
            if (news && !news.value().empty()) {
                for (auto& item : news.value()) self->ring_.push_back(std::move(item));
                while (self->ring_.size() > ring_size) self->ring_.pop_front();
                self->last_ = self->ring_.back()->sequence;
                self->wake();
            }
            boost::system::error_code ignored;
            pause.expires_after(poll_interval);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        self->pause_ = nullptr;
        self->polling_ = false;
        self->wake();  // who came in the meantime asks anew
    }

    store::Store& store_;
    std::deque<FeedItemPtr> ring_;
    std::int64_t last_ = 0;  // of the newest in the ring, or where polling began
    std::list<asio::steady_timer*> waiting_;
    asio::steady_timer* pause_ = nullptr;
    bool polling_ = false, stopping_ = false;
};

EventFeed::EventFeed(store::Store& store) : impl_(std::make_shared<Impl>(store)) {}
EventFeed::~EventFeed() { impl_->stop(); }

Async<Result<std::int64_t>> EventFeed::newest() { return impl_->newest(); }

Async<Result<std::vector<FeedItemPtr>>> EventFeed::after(std::int64_t sequence, Millis patience) {
    return Impl::after(impl_, sequence, patience);
}

void EventFeed::stop() { impl_->stop(); }
bool EventFeed::stopped() const { return impl_->is_stopping(); }

}  // namespace polysync::api
