#include "runtime/pauses.h"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "runtime/propagation.h"

namespace polysync::runtime {
namespace {

using engine::CatalogTask;

const store::Pause* find_pause(const std::vector<store::Pause>& pauses, ObjectId object) {
    auto found = std::find_if(pauses.begin(), pauses.end(),
                              [&](const store::Pause& pause) { return pause.object == object; });
    return found == pauses.end() ? nullptr : &*found;
}

// One end of one pause. While another one still holds the same task, that one's end does the rest.
class Resume {
  public:
    Resume(store::Transaction& transaction, const engine::Catalog& catalog, store::Pause ended,
           std::vector<store::Pause> others, const std::string& actor, SystemTime now)
        : transaction_(transaction),
          catalog_(catalog),
          ended_(std::move(ended)),
          others_(std::move(others)),
          actor_(actor),
          now_(now) {}

    Result<int> release(bool run_kept_keys) {
        bool everything = number(ended_.object) == 0;
        Propagation propagation(transaction_, catalog_, now_);
        int dropped = 0;
        for (const auto& [id, task] : catalog_.tasks) {
            if (!everything && id != ended_.object) continue;
            const auto* other = find_pause(others_, everything ? id : ObjectId{});
            POLYSYNC_TRY(stop_ageing(task, other ? std::min(other->at, now_) : now_));
            // While everything is paused, only what stands on its schedule alone is held back.
            if (everything && (other || task.has_triggering_edges())) continue;
            if (run_kept_keys) {
                POLYSYNC_TRY(propagation.run_kept(task));
                continue;
            }
            POLYSYNC_TRY(auto keys, propagation.drop_kept(task));
            if (keys.empty()) continue;
            POLYSYNC_TRY(note_dropped(task, keys));
            dropped += int(keys.size());
        }
        return run_kept_keys ? propagation.queued() : dropped;
    }

  private:
    // Tokens that waited through the pause are as old as if it had not been; `until`: where another pause,
    // which counts for itself, began.
    Status stop_ageing(const CatalogTask& task, SystemTime until) {
        POLYSYNC_TRY(auto tokens, transaction_.tokens_of(task.id));
        std::erase_if(tokens, [&](const Token& token) { return std::max(token.at, ended_.at) >= until; });
        for (auto& token : tokens) token.at += until - std::max(token.at, ended_.at);
        return tokens.empty() ? success() : transaction_.put_tokens(tokens);
    }

    Status note_dropped(const CatalogTask& task, const std::vector<std::string>& keys) {
        auto [first, last] = std::minmax_element(keys.begin(), keys.end());
        boost::json::object note{{"at", format_iso8601(now_)},
                                 {"by", actor_},
                                 {"resumed", number(ended_.object) == 0 ? "everything" : "it"},
                                 {"first", *first},
                                 {"last", *last},
                                 {"count", keys.size()}};
        auto text = boost::json::serialize(note);
        POLYSYNC_TRY(transaction_.put_setting(dropped_setting(task.id), text));
        store::Event event{.at = now_,
                           .type = "task.keys_dropped",
                           .subject = "task/" + task.task.meta.name.str(),
                           .document = text};
        return transaction_.append_events(std::span(&event, 1));
    }

    store::Transaction& transaction_;
    const engine::Catalog& catalog_;
    store::Pause ended_;
    std::vector<store::Pause> others_;
    const std::string& actor_;
    SystemTime now_;
};

}  // namespace

std::string dropped_setting(ObjectId task) { return fmt::format("dropped/{}", number(task)); }

Status pause_in(store::Transaction& transaction, ObjectId object, const std::string& actor,
                const std::string& reason, SystemTime now) {
    POLYSYNC_TRY(auto pauses, transaction.pauses());
    const auto* known = find_pause(pauses, object);
    return transaction.put_pause({object, actor, reason, known ? known->at : now});
}

Result<int> resume_in(store::Transaction& transaction, const engine::Catalog& catalog, ObjectId object,
                      bool run_kept_keys, const std::string& actor, SystemTime now) {
    POLYSYNC_TRY(auto pauses, transaction.pauses());
    const auto* found = find_pause(pauses, object);
    if (!found) return 0;
    auto ended = *found;
    std::erase_if(pauses, [&](const store::Pause& pause) { return pause.object == object; });
    POLYSYNC_TRY(transaction.delete_pause(object));
    return Resume(transaction, catalog, std::move(ended), std::move(pauses), actor, now)
        .release(run_kept_keys);
}

}  // namespace polysync::runtime
