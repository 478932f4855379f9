// The terminal, injected, so that tests run commands in-process.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/async.h"

namespace polysync::cli {

// Used from one executor. `out` and `err` get text that is already redacted.
class Console {
  public:
    virtual ~Console() = default;
    virtual void out(std::string_view text) = 0;
    virtual void err(std::string_view text) = 0;
    // Why `out` lost text (a full disk); empty: it did not. A reader that went away is no loss.
    [[nodiscard]] virtual std::string out_error() const = 0;
    [[nodiscard]] virtual bool out_is_terminal() const = 0;
    [[nodiscard]] virtual bool err_is_terminal() const = 0;
    [[nodiscard]] virtual bool in_is_terminal() const = 0;
    // NO_COLOR is not set and the terminal is not dumb.
    [[nodiscard]] virtual bool colours_allowed() const = 0;
    [[nodiscard]] virtual int columns() const = 0;

    // True at the next interrupt (Ctrl-C, SIGTERM); false when the coroutine is cancelled.
    [[nodiscard]] virtual Async<bool> interrupted() = 0;
    // An interrupt that was seen but not acted on: for whoever waits next.
    void put_back_interrupt() { ++put_back_; }
    // True where one was put back; it is taken.
    [[nodiscard]] bool take_interrupt() {
        if (put_back_ == 0) return false;
        --put_back_;
        return true;
    }
    // One line of standard input without its end; nothing at its end or when cancelled.
    [[nodiscard]] virtual Async<std::optional<std::string>> read_line() = 0;

  private:
    int put_back_ = 0;
};

}  // namespace polysync::cli
