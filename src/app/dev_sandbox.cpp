#include "app/dev_sandbox.h"

#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "aws/config/environment.h"
#include "base/file.h"

namespace polysync::app {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(5);
constexpr auto start_timeout = std::chrono::seconds(20);
constexpr auto stop_timeout = std::chrono::seconds(10);

std::string lock_path(const std::string& folder) { return folder + "/sandbox.lock"; }
std::string note_path(const std::string& folder) { return folder + "/sandbox.json"; }
std::string log_path(const std::string& folder) { return folder + "/sandbox.log"; }

// The sandbox inherits the lock, and only its death lets go of it: a pid that is used again deceives nobody.
bool is_locked(const std::string& folder) { return FileLock::is_held(lock_path(folder)); }

std::optional<DevSandbox> read_note(const std::string& folder) {
    auto text = aws::system_environment().read_file(note_path(folder), aws::max_config_bytes);
    if (!text) return std::nullopt;
    boost::system::error_code error;
    auto document = boost::json::parse(text.value(), error);
    const auto* object = error ? nullptr : document.if_object();
    const auto* endpoint = object ? object->if_contains("endpoint") : nullptr;
    const auto* pid = object ? object->if_contains("pid") : nullptr;
    if (!endpoint || !endpoint->is_string() || !pid || !pid->is_int64()) return std::nullopt;
    return DevSandbox{std::string(endpoint->get_string()), int(pid->get_int64()), false};
}

std::uint16_t port_of(const std::string& endpoint) {
    std::uint16_t port = 0;
    auto digits = std::string_view(endpoint).substr(endpoint.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

Error not_started(std::string_view why, const std::string& folder) {
    return make_error(ErrorKind::internal, "sandbox_not_started",
                      fmt::format("the sandbox does not start: {}", why),
                      fmt::format("{} says more.", log_path(folder)));
}

// A process of this program that inherits the locked descriptor; in a session of its own, so that the
// terminal's Ctrl-C is for the server alone.
Result<pid_t> spawn_sandbox(const std::string& folder, std::uint16_t port, int lock) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    auto log = log_path(folder);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    constexpr int inherited = 3;
    posix_spawn_file_actions_adddup2(&actions, lock, inherited);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    auto listen = fmt::format("127.0.0.1:{}", port);
    std::vector<std::string> words{"polysync", "sandbox",      "--listen",
                                   listen,     "--ready-file", note_path(folder)};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = 0;
    int code = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) return not_started(std::strerror(code), folder);
    return pid;
}

// What the sandbox says of itself; nothing where the process has ended instead, or takes too long.
std::optional<DevSandbox> await_note(const std::string& folder, pid_t pid) {
    auto until = std::chrono::steady_clock::now() + start_timeout;
    while (std::chrono::steady_clock::now() < until) {
        if (auto note = read_note(folder)) return note;
        bool has_ended = pid > 0 ? ::waitpid(pid, nullptr, WNOHANG) == pid : !is_locked(folder);
        if (has_ended) return std::nullopt;
        std::this_thread::sleep_for(look_interval);
    }
    return std::nullopt;
}

Result<DevSandbox> start_sandbox(const std::string& folder, std::uint16_t port) {
    auto lock = FileLock::try_take(lock_path(folder));
    if (!lock) return not_started(lock.error().message, folder);
    if (!lock.value()) return not_started("another one runs", folder);
    ::unlink(note_path(folder).c_str());
    POLYSYNC_TRY(auto pid, spawn_sandbox(folder, port, lock.value()->descriptor()));
    auto started = await_note(folder, pid);
    if (started) {
        started->is_new = true;
        return *started;
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return make_error(ErrorKind::transient, "sandbox_ended", "the sandbox has ended");
}

}  // namespace

Result<DevSandbox> find_or_start_sandbox(const std::string& folder, std::uint16_t port) {
    if (is_locked(folder)) {
        // Begun by a server that was killed, perhaps while it waited for this very note.
        if (auto running = await_note(folder, 0)) return *running;
    }
    auto known = read_note(folder);
    for (std::uint16_t wanted : {known ? port_of(known->endpoint) : port, port, std::uint16_t(0)}) {
        auto started = start_sandbox(folder, wanted);
        bool goes_on = !started && started.error().code == "sandbox_ended" && wanted != 0;
        if (!goes_on) return started ? started : not_started("see its log", folder);
    }
    return not_started("no port is free", folder);
}

void stop_sandbox(const std::string& folder) {
    if (!is_locked(folder)) return;
    auto known = await_note(folder, 0);
    if (!known) return;
    ::kill(known->pid, SIGTERM);
    auto until = std::chrono::steady_clock::now() + stop_timeout;
    while (is_locked(folder)) {
        ::waitpid(known->pid, nullptr, WNOHANG);
        if (std::chrono::steady_clock::now() > until) ::kill(known->pid, SIGKILL);
        std::this_thread::sleep_for(look_interval);
    }
    ::waitpid(known->pid, nullptr, WNOHANG);
}

}  // namespace polysync::app
