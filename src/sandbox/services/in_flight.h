// How many runs were under way at the same time, for GET /_sandbox/books: what a client's limits are judged
// by.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/service.h"
#include "sandbox/services/input.h"

namespace polysync::sandbox {

// Per account and region, and there for all jobs together and for each. Exact below 1,000; above it, up to 1
// % less than there were. Runs must keep their addresses.
template <class Run>
class InFlight {
  public:
    // `run` begins now. `is_over` says of an earlier run whether it has ended by now.
    template <class IsOver>
    void begin(const CallContext& context, const std::string& job, Run& run, const IsOver& is_over) {
        Place& place = places_[context.account + "/" + context.region];
        place.all.add(run, is_over);
        place.jobs[job].add(run, is_over);
    }

    // {"123456789012/us-east-1": {"all": 7, "jobs": {"nightly": 3, …}}}
    [[nodiscard]] JsonObject to_json() const {
        JsonObject books;
        for (const auto& [name, place] : places_) {
            JsonObject jobs;
            for (const auto& [job, lane] : place.jobs) jobs[job] = lane.most;
            books[name] = {{"all", place.all.most}, {"jobs", std::move(jobs)}};
        }
        return books;
    }

  private:
    static constexpr std::size_t exact_below = 1000;

    struct Lane {
        std::vector<Run*> open;  // and some that have ended: only looked at when there could be a new maximum
        std::size_t most = 0;

        template <class IsOver>
        void add(Run& run, const IsOver& is_over) {
            open.push_back(&run);
            // Looking at all of them for each new one would be quadratic; of thousands, a hundredth is
            // enough.
            if (open.size() <= (most < exact_below ? most : most + most / 100)) return;
            std::erase_if(open, [&](Run* other) { return other != &run && is_over(*other); });
            most = std::max(most, open.size());
        }
    };
    struct Place {
        Lane all;
        std::map<std::string, Lane, std::less<>> jobs;
    };
    std::map<std::string, Place, std::less<>> places_;
};

}  // namespace polysync::sandbox
