#include "base/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace polysync {

FileDescriptor::~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::optional<FileLock>> FileLock::try_take(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0)
        return std::optional<FileLock>(FileLock(std::move(file)));
    if (file.is_open() && errno == EWOULDBLOCK) return std::optional<FileLock>();
    return make_error(ErrorKind::internal, "lock_file", path + " cannot be opened: " + std::strerror(errno));
}

bool FileLock::is_held(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace polysync
