#include "aws/auth/process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/resume.h"

extern char** environ;

namespace polysync::aws {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] bool usable() const { return ends_[0] >= 0; }
    [[nodiscard]] int read_end() const { return ends_[0]; }
    [[nodiscard]] int write_end() const { return ends_[1]; }
    void close_end(int which) {
        if (ends_[which] >= 0) ::close(ends_[which]);
        ends_[which] = -1;
    }

  private:
    int ends_[2] = {-1, -1};
};

// Kills and reaps a child that nobody waited for.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        (void)wait_for_end(0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // The exit code, or -1 while it runs (with WNOHANG).
    int wait_for_end(int flags) {
        int status = 0;
        pid_t ended = 0;
        do ended = ::waitpid(pid_, &status, flags);
        while (ended < 0 && errno == EINTR);
        if (ended == 0) return -1;
        pid_ = 0;
        if (ended < 0) return 127;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t pid_;
};

Result<pid_t> spawn(const std::vector<std::string>& argv, const Pipe& output, const Pipe& errors) {
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.write_end(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors.write_end(), 2);
    pid_t pid = 0;
    int problem = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (problem == 0) return pid;
    return make_error(ErrorKind::invalid_input, "process_not_started",
                      fmt::format("cannot start {}: {}", argv[0], std::strerror(problem)));
}

Error timed_out(const std::vector<std::string>& argv, const ProcessLimits& limits) {
    return make_error(ErrorKind::transient, "process_timed_out",
                      fmt::format("{} did not end within {} ms", argv[0], limits.timeout.count()));
}

// Reads what is there; false at the end of the stream.
bool drain(int descriptor, std::string& into) {
    char buffer[8192];
    ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    into.append(buffer, std::size_t(count));
    return count > 0;
}

Result<ProcessResult> run_blocking(const std::vector<std::string>& argv, const ProcessLimits& limits) {
    Pipe output, errors;
    if (!output.usable() || !errors.usable()) {
        return make_error(ErrorKind::transient, "process_not_started",
                          "no file descriptor is left for a pipe");
    }
    auto deadline = SteadyClock::now() + limits.timeout;
    POLYSYNC_TRY(pid_t pid, spawn(argv, output, errors));
    Child child(pid);
    output.close_end(1);
    errors.close_end(1);
    ProcessResult result;
    pollfd polled[2] = {{output.read_end(), POLLIN, 0}, {errors.read_end(), POLLIN, 0}};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
        if (left <= 0) return timed_out(argv, limits);
        if (::poll(polled, 2, int(left)) < 0 && errno != EINTR) break;
        if (polled[0].revents != 0 && !drain(polled[0].fd, result.output)) polled[0].fd = -1;
        if (polled[1].revents != 0 && !drain(polled[1].fd, result.error_output)) polled[1].fd = -1;
        if (result.output.size() > limits.max_output_bytes) {
            return make_error(ErrorKind::internal, "process_output_too_large",
                              fmt::format("{} wrote more than {} bytes", argv[0], limits.max_output_bytes));
        }
        if (result.error_output.size() > limits.max_error_bytes)
            result.error_output.resize(limits.max_error_bytes);
    }
    // The streams are closed; the program itself usually ends at once, but may not.
    while ((result.exit_code = child.wait_for_end(WNOHANG)) < 0) {
        if (SteadyClock::now() >= deadline) return timed_out(argv, limits);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return result;
}

class SystemProcesses final : public ProcessRunner {
  public:
    Async<Result<ProcessResult>> run(std::vector<std::string> argv, ProcessLimits limits) override {
        auto task = std::make_shared<Task>();
        task->argv = std::move(argv);
        task->limits = limits;
        // A cancellation does not end it: the program is waited for, and its time-out bounds that.
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(Start{}, asio::use_awaitable,
                                                                             &pool_, task);
        co_return std::move(*task->result);
    }

  private:
    struct Task {
        std::vector<std::string> argv;
        ProcessLimits limits;
        std::optional<Result<ProcessResult>> result;
        std::unique_ptr<Continuation> waiting;
    };
    struct Start {
        template <class Handler>
        void operator()(Handler handler, asio::thread_pool* pool, const std::shared_ptr<Task>& task) const {
            task->waiting = make_continuation(std::move(handler));
            asio::post(*pool, [task] {
                task->result = run_blocking(task->argv, task->limits);
                ResumeBatches resumes;
                resumes.add(std::move(task->waiting));
                resumes.flush();
            });
        }
    };

    asio::thread_pool pool_{2};
};

}  // namespace

ProcessRunner& system_processes() {
    static SystemProcesses processes;
    return processes;
}

Result<std::vector<std::string>> split_command_line(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = '\0';
    for (std::size_t i = 0; i < line.size(); ++i) {
        char c = line[i];
        if (quote == '\'') {
            if (c == quote)
                quote = '\0';
            else
                word += c;
        } else if (c == '\\' && i + 1 < line.size() &&
                   (quote == '\0' || line[i + 1] == '"' || line[i + 1] == '\\')) {
            word += line[++i];
            in_word = true;
        } else if (quote == '"') {
            if (c == quote)
                quote = '\0';
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            in_word = true;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != '\0')
        return make_error(ErrorKind::invalid_input, "bad_command_line", "a quote is not closed");
    if (in_word) words.push_back(std::move(word));
    if (words.empty())
        return make_error(ErrorKind::invalid_input, "bad_command_line", "the command line is empty");
    return words;
}

}  // namespace polysync::aws
