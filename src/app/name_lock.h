// A node's name on this machine: one process at a time.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace polysync::app {

// Held until the process ends, whatever ends it.
class NameLock {
  public:
    // In the state folder. Errors: invalid_input (another process here has the name; the folder).
    [[nodiscard]] static Result<NameLock> take(const std::string& name);
    // Of this lock, made by chance once and kept with it: no other lock anywhere has it.
    [[nodiscard]] const std::string& id() const { return id_; }

  private:
    NameLock(FileLock lock, std::string id) : lock_(std::move(lock)), id_(std::move(id)) {}
    FileLock lock_;
    std::string id_;
};

}  // namespace polysync::app
