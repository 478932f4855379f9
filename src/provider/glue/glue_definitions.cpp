#include "provider/glue/glue_definitions.h"

namespace polysync::glue {

Async<Result<std::shared_ptr<const aws::glue::Job>>> DefinitionCache::get(std::string job_name) {
    auto known = entries_.find(job_name);
    if (known != entries_.end() && clock_.steady_now() - known->second.read_at < max_age)
        co_return known->second.job;
    Result<aws::glue::Job> answer = co_await client_.get_job(job_name);
    if (!answer) co_return answer.error();
    auto job = std::make_shared<const aws::glue::Job>(std::move(answer.value()));
    if (entries_.size() >= max_entries) entries_.clear();
    entries_[std::move(job_name)] = Entry{job, clock_.steady_now()};
    co_return job;
}

}  // namespace polysync::glue
