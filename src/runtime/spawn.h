// Small things that the loops share.
#pragma once

#include <memory>
#include <string>

#include "base/async.h"
#include "provider/provider.h"
#include "runtime/context.h"
#include "runtime/intent.h"

namespace polysync::runtime {

// Runs the coroutine beside the others, until the end of which stop() waits; one that throws is a bug, which
// is logged and ends the program.
void spawn(Context& context, Async<void> work);

// The provider of a platform of the current catalog. Errors: not_found (undefined), those of ProviderSource.
[[nodiscard]] Result<std::shared_ptr<Provider>> provider_of(Context& context, ObjectId platform);

// Fills in what the provider takes from AWS's definition, where anything is missing; what is sent is durable
// before it is (SAFE-1). Errors: the provider's, the store's.
[[nodiscard]] Async<Status> complete_intent(Context& context, Provider& provider, const TaskRun& run,
                                            StoredIntent& intent);

// Sleeps, but not beyond the stop of the runtime; false where it stops.
[[nodiscard]] Async<bool> sleep_unless_stopping(Context& context, Millis delay);

// For Provider::submit: whether this process still holds the lease under which it got the run.
[[nodiscard]] aws::LeaveToSend leave_to_send(const Context& context, const TaskRun& run);

}  // namespace polysync::runtime
