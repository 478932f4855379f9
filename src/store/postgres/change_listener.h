// Hears what other processes have changed: LISTEN on a connection and a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "store/postgres/reconnecting.h"
#include "store/store.h"

namespace polysync::store {

// What a process says of a commit, after its name; empty: nothing.
[[nodiscard]] std::string changes_text(const Changes& changes);
[[nodiscard]] Changes parse_changes(std::string_view text);

class ChangeListener {
  public:
    // `own_name`: whose changes are not told. All of them outlive it; `stopping` ends it.
    ChangeListener(const PostgresTarget& target, const std::string& own_name,
                   const std::atomic<bool>& stopping)
        : target_(target), own_name_(own_name), stopping_(stopping), connection_(target, stopping) {}
    ~ChangeListener();

    void listen(std::function<void(const Changes&)> listener);

  private:
    void loop();
    [[nodiscard]] Status hear(bool& listens);
    void tell(const Changes& changes);

    const PostgresTarget& target_;
    const std::string& own_name_;
    const std::atomic<bool>& stopping_;
    Reconnecting connection_;
    std::mutex mutex_;
    std::function<void(const Changes&)> listener_;
    std::thread thread_;
};

}  // namespace polysync::store
