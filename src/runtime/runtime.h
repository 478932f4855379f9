// The loops that make tasks run: scheduler, dispatcher, watcher, rescuer, canceller, housekeeping. One
// io_context thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "engine/catalog.h"
#include "provider/provider.h"
#include "store/store.h"

namespace polysync::runtime {

// Gives the provider of a platform; keeps connections, credentials and limiters for as long as the platform's
// definition stays the same.
class ProviderSource {
  public:
    virtual ~ProviderSource() = default;
    // Errors: those of a platform that cannot be used at all (a secret reference that does not resolve); the
    // platform's runs then wait.
    [[nodiscard]] virtual Result<std::shared_ptr<Provider>> provider(
        const engine::CatalogPlatform& platform) = 0;
};

// Resolves env://, file:// and vault:// references of parameters, at the moment of sending (TASK-1).
using SecretResolver =
    std::function<Result<Secret>(const std::string& reference, const std::string& parameter)>;

// From the store's objects to a catalog; definition/ knows the documents' form, so the program passes it in.
// Errors: invalid_input, the first problem; definitions are checked before they are stored, so that only a
// changed environment or program makes any.
using CatalogLoader = std::function<Result<std::shared_ptr<const engine::Catalog>>(
    std::int64_t version, const std::vector<store::Object>& objects,
    const std::map<std::string, std::string>& environment)>;

// How often the loops look when nothing wakes them; the simulator has more time to save than to lose.
struct Pace {
    Millis housekeeping = std::chrono::seconds(5);
    Millis definitions = std::chrono::seconds(2);
    // Of a node: for so long after its last beat nobody else takes its runs. It beats six times as often, and
    // counts on two thirds of it itself.
    Millis lease = std::chrono::seconds(30);
};

struct RuntimeParts {
    store::Store* store = nullptr;
    Clock* clock = nullptr;
    Random* random = nullptr;
    ProviderSource* providers = nullptr;
    CatalogLoader catalogs;
    SecretResolver secrets;      // empty: references are refused
    std::string node = "local";  // unique among the nodes of one store
    bool shared_store = false;   // other nodes may run on it: leases are needed
    // Whoever holds this, a lock of the machine's that ends with its process, is the only process of the
    // node's name where it is held: so those before it are dead, and need not be waited for. Empty: no such
    // lock.
    std::string name_lock;
    // Told of how many nodes there are, this one among them, when that has changed; may be empty.
    std::function<void(std::size_t)> on_nodes;
    std::map<std::string, std::string> environment;  // ${env.X}, until one is applied
    Pace pace;
};

// Where the runtime stands, for health checks, metrics and `why`.
struct RuntimeStatus {
    bool ready = false;       // the catalog is loaded and in-flight runs are followed again
    std::string store_error;  // the last write's error while the store does not answer; empty: it does
    struct PlatformStatus {
        ObjectId platform{};
        std::string error;  // why its provider cannot be used right now
        std::size_t in_flight = 0;
        std::optional<Millis> staleness;  // age of the oldest status among its runs
    };
    std::vector<PlatformStatus> platforms;
};

// How one platform is polled by this process (docs/polling.md).
struct PlatformPolls {
    // Part of a sweep: what one operation is to answer.
    struct Call {
        std::string operation;
        ObjectId job{};          // whose runs a list shows; 0: any
        std::size_t runs = 0;    // those that it is made for
        std::size_t riding = 0;  // those that go along at no cost
        std::size_t calls = 0;
    };
    std::string error;
    std::size_t followed = 0;         // runs in flight
    std::size_t early = 0;            // of these: whose end is far off
    std::size_t cancelling = 0;       // of these: to be cancelled
    std::size_t jobs = 0;             // that they belong to
    std::optional<Millis> staleness;  // age of the oldest status
    Millis late{0};                   // by which the most overdue look has passed its latest moment
    std::size_t due_in_10_s = 0, due_in_1_min = 0, due_in_5_min = 0;
    std::optional<Millis> next_in;  // the next sweep; negative: it is under way or waits for a rate limit
    std::vector<Call> next;
    std::uint64_t sweeps = 0, calls = 0, statuses = 0;  // since this process began; calls as planned
};

class Runtime {
  public:
    [[nodiscard]] static std::unique_ptr<Runtime> make(RuntimeParts parts);
    virtual ~Runtime() = default;

    // Reads the definitions. From then on operations may be asked for, on the executor that runs this; what
    // they make durable is carried out once start() has done its part.
    [[nodiscard]] virtual Async<Status> load() = 0;
    // Loads, where that is still to do, starts the loops on the executor that runs it and returns when
    // in-flight runs are adopted (the rescuer may still look up).
    [[nodiscard]] virtual Async<Status> start() = 0;
    // Lets running store writes and calls end (bounded by `grace`), then returns; nothing that runs in AWS is
    // touched (SAFE-6).
    [[nodiscard]] virtual Async<void> stop(Millis grace) = 0;

    // Something outside changed runs or definitions (a REST request): the loops look at once instead of at
    // their next tick. Cheap; any thread.
    virtual void wake() = 0;

    // Reads changed definitions now, and wakes the loops.
    [[nodiscard]] virtual Async<Status> refresh() = 0;
    // A cancel of this run in flight has become durable; the canceller carries it out, here or on the node
    // that follows the run.
    virtual void cancel_recorded(const TaskRun& run) = 0;

    // The newest catalog; after a change of definitions it may take one tick, or `refresh()`, to arrive. Any
    // thread.
    [[nodiscard]] virtual std::shared_ptr<const engine::Catalog> catalog() const = 0;
    [[nodiscard]] virtual RuntimeStatus status() const = 0;
    // Looks at every run in flight of the platform.
    [[nodiscard]] virtual PlatformPolls polls(ObjectId platform) const = 0;
};

}  // namespace polysync::runtime
