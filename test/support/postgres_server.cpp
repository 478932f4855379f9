#include "test/support/postgres_server.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <pwd.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace polysync::test {
namespace {

namespace fs = std::filesystem;

fs::path bin_folder() {
    if (const char* given = std::getenv("POSTGRES_BIN")) return given;
    int newest = 0;
    fs::path found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
        int version = std::atoi(entry.path().filename().c_str());
        if (version > newest && fs::exists(entry.path() / "bin" / "postgres")) {
            newest = version;
            found = entry.path() / "bin";
        }
    }
    if (found.empty()) throw std::runtime_error("PostgreSQL is missing: scripts/setup test installs it");
    return found;
}

// PostgreSQL refuses to run as root.
const passwd* other_user() {
    if (::geteuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");
    return user ? user : ::getpwnam("nobody");
}

// The child's standard output and error go to `output`.
pid_t launch(std::vector<std::string> command, int output) {
    const passwd* user = other_user();
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = ::fork();
    if (child != 0) return child;
    if (user && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // also where the test is killed
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (::chdir("/") != 0) ::_exit(126);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

PostgresServer::PostgresServer() {
    std::string folder = (fs::temp_directory_path() / "polysync-pg-XXXXXX").string();
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    if (const passwd* user = other_user())
        if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
            throw std::runtime_error("chown failed");
    auto log = folder_ / "initdb.log";
    int output = ::open(log.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    pid_t child = launch({(bin_folder() / "initdb").string(), "-D", (folder_ / "data").string(), "-A",
                          "trust", "-U", "polysync", "-E", "UTF8", "--locale=C", "--no-sync"},
                         output);
    ::close(output);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) throw std::runtime_error("initdb failed: " + text_of(log));
    start();
}

PostgresServer::~PostgresServer() {
    stop();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

std::string PostgresServer::url(const std::string& schema) const {
    return "postgres://polysync@/postgres?host=" + folder_.string() + "&schema=" + schema;
}

void PostgresServer::stop() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGQUIT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

void PostgresServer::start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    // The disk survives every kill in a test: what is written need not be flushed.
    pid_ = launch({(bin_folder() / "postgres").string(), "-D", (folder_ / "data").string(), "-c",
                   "listen_addresses=", "-c", "unix_socket_directories=" + folder_.string(), "-c",
                   "max_connections=100", "-c", "fsync=off"},
                  ends[1]);
    ::close(ends[1]);
    std::string said;
    char buffer[4096];
    while (said.find("ready to accept connections") == std::string::npos) {
        auto size = ::read(ends[0], buffer, sizeof buffer);
        if (size <= 0) throw std::runtime_error("PostgreSQL does not start: " + said);
        said.append(buffer, std::size_t(size));
    }
    std::thread([from = ends[0]] {  // what it says later is nobody's concern, but must be read
        char rest[4096];
        while (::read(from, rest, sizeof rest) > 0) {
        }
        ::close(from);
    })
        .detach();
}

}  // namespace polysync::test
