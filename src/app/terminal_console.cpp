#include "app/terminal_console.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace polysync::app {
namespace {

constexpr std::size_t max_line_bytes = 4096;

// One per process; lives as long as its io_context runs.
class TerminalConsole final : public cli::Console {
  public:
    explicit TerminalConsole(boost::asio::io_context& io) : io_(io), signals_(io, SIGINT, SIGTERM) {}

    void out(std::string_view text) override {
        int failure = write(stdout, text);
        if (out_failure_ == 0 && failure != EPIPE) out_failure_ = failure;  // EPIPE: `polysync … | head`
    }
    void err(std::string_view text) override { (void)write(stderr, text); }
    [[nodiscard]] std::string out_error() const override {
        return out_failure_ == 0 ? std::string() : std::strerror(out_failure_);
    }
    [[nodiscard]] bool out_is_terminal() const override { return ::isatty(STDOUT_FILENO) == 1; }
    [[nodiscard]] bool err_is_terminal() const override { return ::isatty(STDERR_FILENO) == 1; }
    [[nodiscard]] bool in_is_terminal() const override { return ::isatty(STDIN_FILENO) == 1; }

    [[nodiscard]] bool colours_allowed() const override {
        const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: any value but an empty one
        const char* terminal = std::getenv("TERM");
        return (!no_color || !*no_color) && terminal && std::strcmp(terminal, "dumb") != 0;
    }

    [[nodiscard]] int columns() const override {
        winsize size{};
        return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    }

    Async<bool> interrupted() override {
        if (take_interrupt()) co_return true;
        boost::system::error_code error;
        co_await signals_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error;
    }

    Async<std::optional<std::string>> read_line() override {
        boost::asio::posix::stream_descriptor input(io_, ::dup(STDIN_FILENO));
        std::string line;
        while (line.size() < max_line_bytes) {
            char byte = 0;
            boost::system::error_code error;
            auto one = boost::asio::buffer(&byte, 1);
            std::size_t count = co_await input.async_read_some(
                one, boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error || count == 0) co_return std::nullopt;
            if (byte == '\n') break;
            line += byte;
        }
        co_return line;
    }

  private:
    // errno of what failed, 0: nothing.
    static int write(FILE* stream, std::string_view text) {
        errno = 0;
        bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
        written = std::fflush(stream) == 0 && written;
        return written ? 0 : errno != 0 ? errno : EIO;
    }

    boost::asio::io_context& io_;
    boost::asio::signal_set signals_;
    int out_failure_ = 0;
};

}  // namespace

std::unique_ptr<cli::Console> make_terminal_console(boost::asio::io_context& io) {
    return std::make_unique<TerminalConsole>(io);
}

}  // namespace polysync::app
