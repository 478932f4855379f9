#include "store/postgres/reconnecting.h"

#include <algorithm>
#include <thread>

namespace polysync::store {
namespace {

constexpr std::chrono::milliseconds first_backoff{50}, longest_backoff{2000}, slice{50};

}  // namespace

Result<PgConnection*> Reconnecting::get() {
    if (connection_ && !connection_->is_lost()) return connection_.get();
    connection_.reset();
    pause();
    auto opened = PgConnection::open(target_, stopping_);
    if (!opened) {
        backoff_ = std::clamp(backoff_ * 2, first_backoff, longest_backoff);
        auto error = opened.error();
        if (worked_once_ && error.kind == ErrorKind::invalid_input) error.kind = ErrorKind::transient;
        return error;
    }
    backoff_ = std::chrono::milliseconds(0);
    worked_once_ = true;
    connection_ = std::move(opened.value());
    return connection_.get();
}

void Reconnecting::pause() {
    for (auto left = backoff_; left.count() > 0 && !stopping_; left -= slice)
        std::this_thread::sleep_for(slice);
}

}  // namespace polysync::store
