#include "provider/glue/glue_run_reader.h"

#include <algorithm>
#include <set>

#include "aws/core/page.h"
#include "provider/concurrently.h"
#include "provider/glue/glue_names.h"

namespace polysync::glue {

namespace {

constexpr std::size_t calls_at_once = 4;

// Pages without any of our runs are worth their price only while many runs are missing: at most one such page
// for every eight. A run that rides counts for half.
bool is_page_worth_it(std::size_t missing, std::size_t empty_pages) {
    return missing >= 2 && empty_pages * 8 <= missing;
}

}  // namespace

struct RunReader::Work {
    std::string job_name;
    std::vector<std::string> wanted;                // distinct run ids
    std::vector<std::string> singles;               // those that GetJobRun is asked for
    std::set<std::string> missing;                  // not answered yet
    std::set<std::string> riding;                   // the same, of those that ride
    std::map<std::string, aws::glue::JobRun> runs;  // by id: everything that any call gave
    std::map<std::string, std::string> next;        // PreviousRunId → id
    std::map<std::string, Error> errors;            // by run id
    bool has_newest_page = false;
    std::set<std::string> listed;  // ids that came from the pages: their retries would be there too

    void keep(aws::glue::JobRun run) {
        if (run.id.empty()) return;
        if (!run.previous_run_id.empty()) next[run.previous_run_id] = run.id;
        std::string id = run.id;
        runs.insert_or_assign(std::move(id), std::move(run));
    }
};

std::string RunReader::latest_known_attempt(const std::string& job_name, const std::string& run_id) const {
    auto known = remembered_.find(join_run_id(job_name, run_id));
    return known == remembered_.end() ? run_id : known->second.last_id;
}

Async<Result<Chain>> RunReader::read_one(std::string job_name, std::string run_id) {
    std::vector<std::string> ids{run_id};
    Answers answers = co_await read(std::move(job_name), std::move(ids));
    co_return answers.at(run_id);
}

bool RunReader::is_shown(const Work& work, const std::string& run_id) const {
    return work.runs.contains(run_id) || work.runs.contains(latest_known_attempt(work.job_name, run_id));
}

Async<RunReader::Answers> RunReader::read(std::string job_name, std::vector<std::string> run_ids,
                                          std::vector<std::string> riding, AskBy by) {
    std::ranges::sort(run_ids);
    run_ids.erase(std::unique(run_ids.begin(), run_ids.end()), run_ids.end());
    Work work;
    work.job_name = std::move(job_name);
    work.missing.insert(run_ids.begin(), run_ids.end());
    work.wanted = std::move(run_ids);
    work.riding.insert(riding.begin(), riding.end());
    if (by != AskBy::itself && work.wanted.size() + work.riding.size() > 1) co_await read_pages(work);
    if (by == AskBy::list) {
        std::erase_if(work.wanted, [&work](const std::string& id) { return work.missing.contains(id); });
    } else {
        co_await read_singles(work);
    }
    for (std::string& id : riding) {
        if (!work.missing.contains(id) && is_shown(work, id)) work.wanted.push_back(std::move(id));
    }
    Answers answers;
    for (const std::string& id : work.wanted) {
        if (auto failed = work.errors.find(id); failed != work.errors.end()) {
            answers.emplace(id, failed->second);
            continue;
        }
        Result<Chain> chain = co_await follow(work, id);
        if (chain) remember(work.job_name, chain.value());
        answers.emplace(id, std::move(chain));
    }
    co_return answers;
}

Async<void> RunReader::read_pages(Work& work) {
    aws::PageGuard guard("glue", "GetJobRuns");
    std::string token;
    std::size_t empty_pages = 0;
    do {
        Result<aws::Page<aws::glue::JobRun>> page =
            co_await client_.get_job_runs(work.job_name, token, page_size);
        if (!page) {
            // Without glue:GetJobRuns the single reads still work; any other failure would meet them too.
            if (page.error().kind != ErrorKind::access_denied) {
                for (const std::string& id : work.missing) work.errors.emplace(id, page.error());
                work.missing.clear();
            }
            co_return;
        }
        work.has_newest_page = true;
        std::size_t before = work.missing.size() + work.riding.size();
        for (aws::glue::JobRun& run : page.value().items) {
            work.missing.erase(run.id);
            work.riding.erase(run.id);
            work.listed.insert(run.id);
            work.keep(std::move(run));
        }
        if (work.missing.size() + work.riding.size() == before) ++empty_pages;
        Result<std::string> next = guard.next(std::move(page.value().next_token));
        if (!next) co_return;
        token = std::move(next.value());
    } while (!token.empty() && is_page_worth_it(work.missing.size() + work.riding.size() / 2, empty_pages));
}

Async<void> RunReader::read_singles(Work& work) {
    work.singles.assign(work.missing.begin(), work.missing.end());
    std::function<Async<void>(std::size_t)> one = [this, &work](std::size_t index) {
        return read_single(work, index);
    };
    co_await concurrently(work.singles.size(), calls_at_once, std::move(one));
}

Async<void> RunReader::read_single(Work& work, std::size_t index) {
    const std::string id = work.singles[index];
    std::string target = latest_known_attempt(work.job_name, id);
    Result<aws::glue::JobRun> run = co_await client_.get_job_run(work.job_name, target);
    if (!run && target != id && run.error().kind == ErrorKind::not_found) {
        remembered_.erase(join_run_id(work.job_name, id));
        run = co_await client_.get_job_run(work.job_name, id);
    }
    if (!run) {
        work.errors.emplace(id, run.error());
        co_return;
    }
    work.missing.erase(id);
    run.value().id = run.value().id.empty() ? target : run.value().id;
    work.keep(std::move(run.value()));
}

// The chain of `run_id` as far as it is known here, then as far as Glue knows it.
Async<Result<Chain>> RunReader::follow(Work& work, std::string run_id) {
    Chain chain;
    auto first = work.runs.find(run_id);
    if (first != work.runs.end()) {
        chain.first = chain.last = first->second;
    } else {
        // Only the latest attempt was asked for.
        auto known = remembered_.find(join_run_id(work.job_name, run_id));
        auto last = known == remembered_.end() ? work.runs.end() : work.runs.find(known->second.last_id);
        if (last == work.runs.end())
            co_return make_error(ErrorKind::internal, "unexpected_answer",
                                 "GetJobRun answered with another run than asked for");
        chain.last = last->second;
        chain.first.id = run_id;
        chain.first.started_on = known->second.started_on;
    }
    std::set<std::string> visited{chain.last.id};
    while (chain.last.state == "FAILED") {
        if (!co_await find_next(work, chain)) break;
        if (!visited.insert(chain.last.id).second) break;
    }
    co_return chain;
}

// Moves on to the attempt after `chain.last`; otherwise false, with `retry_is_due` set.
Async<bool> RunReader::find_next(Work& work, Chain& chain) {
    int number = std::max(chain.last.attempt, attempt_number(chain.last.id)) + 1;
    auto seen = [&work, &chain, number]() -> const aws::glue::JobRun* {
        if (auto by_link = work.next.find(chain.last.id); by_link != work.next.end())
            return &work.runs.at(by_link->second);
        auto by_name = work.runs.find(attempt_id(root_id(chain.first.id), number));
        return by_name == work.runs.end() ? nullptr : &by_name->second;
    };
    if (const auto* next = seen()) {
        chain.last = *next;
        co_return true;
    }
    Result<std::shared_ptr<const aws::glue::Job>> definition = co_await definitions_.get(work.job_name);
    std::optional<int> max_retries;
    if (definition) {
        max_retries = definition.value()->max_retries.value_or(0);
    } else if (definition.error().kind == ErrorKind::not_found) {
        max_retries = 0;  // the job is gone, and with it Glue's retries
    }
    if (max_retries && number > *max_retries) co_return false;
    co_await load_newest_page(work);
    if (const auto* next = seen()) {
        chain.last = *next;
        co_return true;
    }
    if (!work.listed.contains(chain.last.id)) {
        Result<aws::glue::JobRun> by_name =
            co_await client_.get_job_run(work.job_name, attempt_id(root_id(chain.first.id), number));
        if (by_name) {
            chain.last = std::move(by_name.value());
            co_return true;
        }
    }
    chain.retry_is_due = is_retry_due(chain.last, max_retries, clock_.now());
    co_return false;
}

Async<void> RunReader::load_newest_page(Work& work) {
    if (work.has_newest_page) co_return;
    work.has_newest_page = true;
    Result<aws::Page<aws::glue::JobRun>> page = co_await client_.get_job_runs(work.job_name, {}, page_size);
    if (!page) co_return;  // the look-up by name follows
    for (aws::glue::JobRun& run : page.value().items) {
        work.listed.insert(run.id);
        work.keep(std::move(run));
    }
}

void RunReader::remember(const std::string& job_name, const Chain& chain) {
    std::string key = join_run_id(job_name, chain.first.id);
    bool is_over = !chain.retry_is_due && is_terminal(map_state(chain.last.state));
    if (chain.last.id == chain.first.id || is_over) {
        remembered_.erase(key);
        return;
    }
    if (remembered_.size() >= max_remembered) remembered_.clear();
    remembered_[key] = Remembered{chain.last.id, chain.first.started_on};
}

}  // namespace polysync::glue
