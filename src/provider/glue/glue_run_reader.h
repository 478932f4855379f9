// Reads many runs in few calls (GLUE-6, GLUE-9): runs of one job together from GetJobRuns pages where that is
// cheaper than one GetJobRun each, and follows Glue's own retries to the latest attempt.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "provider/glue/glue_definitions.h"
#include "provider/glue/glue_run.h"
#include "provider/provider.h"

namespace polysync::glue {

// One per provider; one executor. Remembers where the chains of running retries have got to, so that a poll
// asks for the latest attempt at once; without that memory (after a restart) it finds the attempt again.
class RunReader {
  public:
    RunReader(aws::GlueClient& client, DefinitionCache& definitions, Clock& clock)
        : client_(client), definitions_(definitions), clock_(clock) {}

    // What became of each run id of one job, by run id. Every id asked for has an entry; errors are per run.
    // Those that are `riding` have one where a page that was read for the others shows them; AskBy::list: all
    // the others, too.
    using Answers = std::map<std::string, Result<Chain>>;
    [[nodiscard]] Async<Answers> read(std::string job_name, std::vector<std::string> run_ids,
                                      std::vector<std::string> riding = {}, AskBy by = AskBy::any);
    [[nodiscard]] Async<Result<Chain>> read_one(std::string job_name, std::string run_id);

    // The latest attempt that is known of a submitted run; the run itself where no retry is known.
    [[nodiscard]] std::string latest_known_attempt(const std::string& job_name,
                                                   const std::string& run_id) const;

    static constexpr std::size_t max_remembered = 10000;
    static constexpr int page_size = 200;  // GetJobRuns' own maximum

  private:
    // What one read has learnt of one job.
    struct Work;

    Async<void> read_pages(Work& work);
    Async<void> read_single(Work& work, std::size_t index);
    Async<void> read_singles(Work& work);
    Async<void> load_newest_page(Work& work);
    Async<Result<Chain>> follow(Work& work, std::string run_id);
    [[nodiscard]] bool is_shown(const Work& work, const std::string& run_id) const;
    Async<bool> find_next(Work& work, Chain& chain);
    void remember(const std::string& job_name, const Chain& chain);

    struct Remembered {
        std::string last_id;
        std::optional<SystemTime> started_on;
    };

    aws::GlueClient& client_;
    DefinitionCache& definitions_;
    Clock& clock_;
    std::unordered_map<std::string, Remembered> remembered_;  // by "{job}/{run}"
};

}  // namespace polysync::glue
