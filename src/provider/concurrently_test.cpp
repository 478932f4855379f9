#include "provider/concurrently.h"

#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "test/support/run_async.h"

namespace polysync {
namespace {

struct Book {
    std::vector<std::size_t> done;
    int running = 0;
    int most_running = 0;
};

Async<void> note(Book& book, std::size_t number) {
    book.most_running = std::max(book.most_running, ++book.running);
    for (int i = 0; i < 3; ++i) co_await boost::asio::post(boost::asio::use_awaitable);
    --book.running;
    book.done.push_back(number);
}

Async<void> run_all(Book& book, std::size_t count, std::size_t at_once) {
    std::function<Async<void>(std::size_t)> work = [&book](std::size_t number) { return note(book, number); };
    co_await concurrently(count, at_once, std::move(work));
}

TEST(Concurrently, RunsAllAtMostSoManyAtOnce) {
    struct Case {
        std::size_t count, at_once;
        int most;
    };
    for (const Case& c : {Case{0, 4, 0}, Case{1, 4, 1}, Case{3, 1, 1}, Case{10, 4, 4}, Case{3, 8, 3}}) {
        Book book;
        test::run_async(run_all(book, c.count, c.at_once));
        EXPECT_EQ(book.done.size(), c.count);
        EXPECT_EQ(book.most_running, c.most);
    }
}

Async<void> wait_for_ever(Book& book, std::size_t number) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
    boost::system::error_code error;
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    book.done.push_back(number);
}

Async<void> wait_all(Book& book, bool& returned) {
    std::function<Async<void>(std::size_t)> work = [&book](std::size_t number) {
        return wait_for_ever(book, number);
    };
    co_await concurrently(10, 3, std::move(work));
    returned = true;
}

TEST(Concurrently, ACancelEndsWhatIsUnderWayAndStartsNoMore) {
    boost::asio::io_context io;
    boost::asio::cancellation_signal cancel;
    Book book;
    bool returned = false;
    auto done = [](std::exception_ptr) {};
    boost::asio::co_spawn(io, wait_all(book, returned),
                          boost::asio::bind_cancellation_slot(cancel.slot(), done));
    io.poll();
    EXPECT_FALSE(returned);
    cancel.emit(boost::asio::cancellation_type::terminal);
    io.restart();
    io.poll();
    EXPECT_TRUE(returned);
    EXPECT_EQ(book.done.size(), 3u);
}

}  // namespace
}  // namespace polysync
