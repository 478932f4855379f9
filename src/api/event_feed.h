// The store's events, passed on to any number of listeners. One reader polls the store while somebody
// listens; a listener keeps nothing but its place, so a slow one costs no memory and, far behind, reads the
// store itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace polysync::api {

struct FeedItem {
    std::int64_t sequence = 0;
    std::string type, subject;
    std::string text;  // as a server-sent event, redacted
};
using FeedItemPtr = std::shared_ptr<const FeedItem>;

// One executor: that of its callers.
class EventFeed {
  public:
    explicit EventFeed(store::Store& store);
    ~EventFeed();

    // Of the newest event: where a listener starts that wants only what comes.
    [[nodiscard]] Async<Result<std::int64_t>> newest();
    // The events after that one, oldest first, at most 500; where there is none, waits for one, at most so
    // long.
    [[nodiscard]] Async<Result<std::vector<FeedItemPtr>>> after(std::int64_t sequence, Millis patience);
    // Everyone who waits goes on at once, now and from now on.
    void stop();
    [[nodiscard]] bool stopped() const;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace polysync::api
