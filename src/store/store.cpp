#include "store/store.h"

#include <fmt/format.h>

namespace polysync::store {

std::string_view to_string(ObjectKind kind) {
    switch (kind) {
        case ObjectKind::platform:
            return "platform";
        case ObjectKind::profile:
            return "profile";
        case ObjectKind::job:
            return "job";
        case ObjectKind::task:
            return "task";
        case ObjectKind::source:
            return "source";
    }
    return "task";
}

std::optional<ObjectKind> parse_object_kind(std::string_view word) {
    for (auto kind :
         {ObjectKind::platform, ObjectKind::profile, ObjectKind::job, ObjectKind::task, ObjectKind::source})
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

std::string_view to_string(BackfillState state) {
    switch (state) {
        case BackfillState::active:
            return "active";
        case BackfillState::paused:
            return "paused";
        case BackfillState::cancelled:
            return "cancelled";
        case BackfillState::done:
            return "done";
    }
    return "active";
}

std::string NodeLease::owner() const { return fmt::format("{}#{}", node, term); }

}  // namespace polysync::store
