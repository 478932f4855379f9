// Alerts: what somebody must hear of, once.
#pragma once

#include <boost/json/object.hpp>

#include "store/store.h"

namespace polysync::runtime {

// Kinds: "deadline" (TASK-12), "queued_too_long", "waiting_at_aws" (spec 10), "token_expired" (TASK-5),
// "outcome_unknown" (SAFE-1), "backfill_cancelled". One alert per `dedupe`, with an event of type "alert";
// nothing happens where it exists.
[[nodiscard]] Status raise_alert(store::Transaction& transaction, SystemTime at, std::string kind,
                                 std::string subject, std::string dedupe,
                                 const boost::json::object& document);

}  // namespace polysync::runtime
