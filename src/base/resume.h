// How a thread of our own (libcurl's, a store's) wakes the coroutines that wait for it: on their executors,
// many at once, and without ever touching an executor's context after the coroutine has gone on - which may
// then destroy that context.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace polysync {

// A coroutine that waits. Resumed at most once, on its own executor, which it keeps busy until then.
class Continuation {
  public:
    virtual ~Continuation() = default;
    virtual void resume() = 0;
    [[nodiscard]] virtual boost::asio::any_io_executor executor() const = 0;
};

template <class Handler>
class HandlerContinuation final : public Continuation {
  public:
    explicit HandlerContinuation(Handler handler)
        : handler_(std::move(handler)),
          work_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))) {}
    void resume() override {
        work_.reset();
        boost::asio::get_associated_cancellation_slot(handler_).clear();
        std::move(handler_)();
    }
    boost::asio::any_io_executor executor() const override { return work_.get_executor(); }

  private:
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
};

// For the initiation of boost::asio::async_initiate.
template <class Handler>
[[nodiscard]] std::unique_ptr<Continuation> make_continuation(Handler handler) {
    return std::make_unique<HandlerContinuation<Handler>>(std::move(handler));
}

// Collects continuations and resumes them with one post, and so one wake-up, per executor. One thread.
class ResumeBatches {
  public:
    void add(std::unique_ptr<Continuation> continuation) {
        auto executor = continuation->executor();
        for (auto& batch : batches_) {
            if (batch->executor == executor) return batch->continuations.push_back(std::move(continuation));
        }
        batches_.push_back(std::make_shared<Batch>());
        batches_.back()->executor = std::move(executor);
        batches_.back()->continuations.push_back(std::move(continuation));
    }
    void flush() {
        for (auto& batch : batches_) {
            boost::asio::post(batch->executor, ResumeAll{batch});
            batch->posted = true;
            batch->posted.notify_one();
        }
        batches_.clear();
    }

  private:
    struct Batch {
        boost::asio::any_io_executor executor;
        std::vector<std::unique_ptr<Continuation>> continuations;
        std::atomic<bool> posted{false};
    };
    struct ResumeAll {
        std::shared_ptr<Batch> batch;
        void operator()() {
            // post() may still be at work when its handler runs already; a resumed coroutine may be the last
            // user of the io_context, and destroy it, only after that.
            batch->posted.wait(false);
            for (auto& continuation : batch->continuations) std::exchange(continuation, nullptr)->resume();
        }
    };

    std::vector<std::shared_ptr<Batch>> batches_;
};

}  // namespace polysync
