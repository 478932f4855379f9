#include "model/run.h"

namespace polysync {

std::string_view to_string(CancelCause cause) {
    switch (cause) {
        case CancelCause::none:
            return "none";
        case CancelCause::user:
            return "user";
        case CancelCause::chain:
            return "chain";
        case CancelCause::backfill:
            return "backfill";
        case CancelCause::timeout:
            return "timeout";
    }
    return "none";
}

}  // namespace polysync
