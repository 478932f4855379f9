#include "app/name_lock.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "app/state_folder.h"
#include "aws/config/environment.h"
#include "base/random.h"

namespace polysync::app {

Result<NameLock> NameLock::take(const std::string& name) {
    auto folder = state_folder() + "/nodes";
    POLYSYNC_TRY(make_private_folder(folder));
    std::string file = name;  // as far as a file can have it
    for (auto& c : file)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
    auto path = fmt::format("{}/{}", folder, file);
    POLYSYNC_TRY(auto lock, FileLock::try_take(path + ".lock"));
    if (!lock)
        return make_error(ErrorKind::invalid_input, "node_name_in_use",
                          fmt::format("another server of the name {} runs on this machine", name),
                          "Stop it, or give this one a name of its own: --node NAME.");
    auto there = aws::system_environment().read_file(path + ".id", aws::max_config_bytes);
    auto id = there ? there.value() : std::string();
    if (id.size() != 36) {
        id = make_guid(system_random());
        POLYSYNC_TRY(aws::system_environment().write_private_file(path + ".id", id));
    }
    return NameLock(std::move(*lock), std::move(id));
}

}  // namespace polysync::app
