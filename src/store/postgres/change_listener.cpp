#include "store/postgres/change_listener.h"

#include <poll.h>

#include <fmt/format.h>

namespace polysync::store {
namespace {

constexpr int wait_slice_ms = 200;  // how soon a stop is seen

}  // namespace

std::string changes_text(const Changes& changes) {
    std::string out;
    if (changes.definitions) out += 'd';
    if (changes.queued) out += 'q';
    if (changes.cancels) out += 'c';
    return out;
}

Changes parse_changes(std::string_view text) {
    auto has = [&](char letter) { return text.find(letter) != std::string_view::npos; };
    return {.definitions = has('d'), .queued = has('q'), .cancels = has('c')};
}

ChangeListener::~ChangeListener() {
    listen({});
    if (thread_.joinable()) thread_.join();
}

void ChangeListener::listen(std::function<void(const Changes&)> listener) {
    std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
    if (listener_ && !thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void ChangeListener::tell(const Changes& changes) {
    std::lock_guard lock(mutex_);
    if (listener_) listener_(changes);
}

void ChangeListener::loop() {
    bool listens = false;
    while (!stopping_) {
        if (!hear(listens)) {
            listens = false;
            connection_.drop();
        }
    }
}

// Waits for a moment; an error is a lost connection.
Status ChangeListener::hear(bool& listens) {
    POLYSYNC_TRY(auto* connection, connection_.get());
    if (!listens) {
        POLYSYNC_TRY(connection->execute(fmt::format("LISTEN \"{}\"", target_.schema)));
        listens = true;
        tell({true, true, true});  // what was said before is lost
    }
    pollfd waiting{.fd = connection->socket(), .events = POLLIN};
    if (::poll(&waiting, 1, wait_slice_ms) <= 0) return success();
    POLYSYNC_TRY(auto said, connection->notifications());
    std::string words;
    for (const auto& one : said) {
        auto space = one.find(' ');
        if (space != std::string::npos && one.substr(0, space) != own_name_) words += one.substr(space);
    }
    if (!words.empty()) tell(parse_changes(words));
    return success();
}

}  // namespace polysync::store
