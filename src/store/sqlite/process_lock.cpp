#include "store/sqlite/process_lock.h"

#include <fmt/format.h>

namespace polysync::store {

Result<FileLock> take_store(const std::string& path) {
    auto lock = FileLock::try_take(path + ".lock");
    if (!lock)
        return make_error(ErrorKind::invalid_input, "store_path", lock.error().message,
                          "Check that the folder exists and may be written by this user.");
    if (lock.value()) return std::move(*lock.value());
    return make_error(ErrorKind::transient, "store_in_use", fmt::format("another process uses {}", path),
                      "One server at a time may use a SQLite store; stop the other one.");
}

}  // namespace polysync::store
