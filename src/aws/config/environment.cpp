#include "aws/config/environment.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/file.h"

namespace polysync::aws {
namespace {

Error file_error(std::string_view what, const std::string& path, int code) {
    ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::not_found
                     : code == EACCES || code == EPERM ? ErrorKind::access_denied
                                                       : ErrorKind::transient;
    return make_error(kind, kind == ErrorKind::not_found ? "file_missing" : "file_unreadable",
                      fmt::format("{} {}: {}", what, path, std::strerror(code)),
                      "Check that the file exists and that this user may use it.");
}

class SystemEnvironment final : public Environment {
  public:
    std::optional<std::string> get(std::string_view name) const override {
        const char* value = std::getenv(std::string(name).c_str());
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    }
    Result<std::string> read_file(std::string_view path, std::size_t max_bytes) const override;
    Status write_private_file(std::string_view path, std::string_view text) override;
};

Result<std::string> SystemEnvironment::read_file(std::string_view path, std::size_t max_bytes) const {
    std::string name = expand_home(path);
    FileDescriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return file_error("cannot read", name, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return file_error("cannot read", name, errno);
    if (!S_ISREG(status.st_mode)) {
        return make_error(ErrorKind::invalid_input, "file_unreadable",
                          fmt::format("{} is not a regular file", name));
    }
    std::string text;
    char buffer[16 * 1024];
    for (;;) {
        ssize_t count = ::read(file.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_error("cannot read", name, errno);
        if (count == 0) return text;
        text.append(buffer, std::size_t(count));
        if (text.size() > max_bytes) {
            return make_error(ErrorKind::invalid_input, "file_too_large",
                              fmt::format("{} is larger than {} bytes", name, max_bytes));
        }
    }
}

Status SystemEnvironment::write_private_file(std::string_view path, std::string_view text) {
    std::string name = expand_home(path);
    std::string temporary = name + ".XXXXXX";  // mkstemp makes it readable by its owner only
    int descriptor = ::mkstemp(temporary.data());
    if (descriptor < 0) return file_error("cannot write", name, errno);
    bool good = false;
    {
        FileDescriptor file(descriptor);
        std::size_t done = 0;
        while (done < text.size()) {
            ssize_t count = ::write(file.get(), text.data() + done, text.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) break;
            done += std::size_t(count);
        }
        good = done == text.size() && ::fsync(file.get()) == 0;
    }
    if (good && ::rename(temporary.c_str(), name.c_str()) == 0) return success();
    Error error = file_error("cannot write", name, errno);
    ::unlink(temporary.c_str());
    return error;
}

}  // namespace

std::string Environment::value(std::string_view name) const { return get(name).value_or(""); }

bool Environment::flag(std::string_view name) const {
    std::string text = value(name);
    if (text.size() != 4) return false;
    for (char& c : text) c = char(c | 0x20);
    return text == "true";
}

std::string Environment::expand_home(std::string_view path) const {
    if (path != "~" && !path.starts_with("~/")) return std::string(path);
    return value("HOME").append(path.substr(1));
}

Environment& system_environment() {
    static SystemEnvironment environment;
    return environment;
}

}  // namespace polysync::aws
