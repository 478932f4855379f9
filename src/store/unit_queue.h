// Units of work on their way to a thread of their store's, and the coroutines that wait for them.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/async.h"
#include "base/result.h"
#include "base/resume.h"

namespace polysync::store {

template <class Transaction>
struct Unit {
    std::function<Status(Transaction&)> work;
    std::vector<RunId> reads;  // runs that the work will ask for
    std::optional<Status> result;
    std::unique_ptr<Continuation> continuation;
};

// What keeps the store from taking writes, where a unit met it.
template <class Units>
[[nodiscard]] const Error* trouble_of(const Units& units) {
    for (const auto& unit : units) {
        if (!unit->result || *unit->result) continue;
        const auto& error = unit->result->error();
        if (error.kind == ErrorKind::transient && error.code.starts_with("store_")) return &error;
    }
    return nullptr;
}

// A thread that takes what is queued, many units at once.
template <class Transaction>
class UnitThread {
  public:
    using UnitPtr = std::shared_ptr<Unit<Transaction>>;
    using Units = std::vector<UnitPtr>;

    // `run_all` gives each unit its result.
    explicit UnitThread(std::function<void(Units&)> run_all)
        : run_all_(std::move(run_all)), thread_([this] { loop(); }) {}
    ~UnitThread() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    [[nodiscard]] Async<Status> perform(UnitPtr unit) {
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
            Enqueue{}, boost::asio::use_awaitable, this, unit);
        co_return std::move(*unit->result);
    }

    // What has been queued since run_all() began ends with this error, at once. For run_all() to call.
    void refuse_waiting(const Error& error) {
        Units units;
        {
            std::lock_guard lock(mutex_);
            units.swap(queue_);
        }
        ResumeBatches resumes;
        for (auto& unit : units) {
            unit->result = error;
            resumes.add(std::move(unit->continuation));
        }
        units.clear();
        resumes.flush();
    }

  private:
    struct Enqueue {
        template <class Handler>
        void operator()(Handler handler, UnitThread* to, UnitPtr unit) const {
            unit->continuation = make_continuation(std::move(handler));
            to->add(std::move(unit));
        }
    };

    void add(UnitPtr unit) {
        {
            std::lock_guard lock(mutex_);
            queue_.push_back(std::move(unit));
        }
        wake_.notify_one();
    }

    void loop() {
        Units units;
        ResumeBatches resumes;
        while (true) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                units.swap(queue_);
            }
            run_all_(units);
            for (auto& unit : units) resumes.add(std::move(unit->continuation));
            units.clear();
            resumes.flush();
        }
    }

    std::function<void(Units&)> run_all_;
    std::mutex mutex_;
    std::condition_variable wake_;
    Units queue_;
    bool stopping_ = false;
    std::thread thread_;  // last: starts when the rest is there
};

}  // namespace polysync::store
