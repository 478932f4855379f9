// Files of the operating system that let go of themselves.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"

namespace polysync {

// An open file, closed at the end.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}  // as open(2) gives it
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileDescriptor();

    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// flock(2) on a file that is there for the lock alone: held until the last process that has the descriptor
// lets go of it or dies. The file stays, so that the lock is always on the same one.
class FileLock {
  public:
    FileLock() = default;
    // Makes the file where it is missing, for its owner only. Nothing where another process holds it. Errors:
    // internal, with what the system says of the path.
    [[nodiscard]] static Result<std::optional<FileLock>> try_take(const std::string& path);
    // Whether a process holds it; makes no file.
    [[nodiscard]] static bool is_held(const std::string& path);

    // For a child that is to hold it too; closed on exec.
    [[nodiscard]] int descriptor() const { return file_.get(); }

  private:
    explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}
    FileDescriptor file_;
};

}  // namespace polysync
