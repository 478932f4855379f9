#include "provider/unknown_status.h"

#include <mutex>
#include <set>
#include <string>

#include "base/log.h"

namespace polysync {

void note_unknown_status(std::string_view service, std::string_view status) {
    constexpr std::size_t most = 256;
    static std::mutex mutex;
    static std::set<std::string> seen;
    {
        std::lock_guard lock(mutex);
        if (seen.size() >= most || !seen.insert(std::string(service) + ' ' + std::string(status)).second)
            return;
    }
    log::warn("{} reports the status '{}', which is not known here; it counts as Running", service, status);
}

}  // namespace polysync
