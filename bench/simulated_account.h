// An AWS account in virtual time, for counting calls: it answers the status operations of one service, as AWS
// pages them, about runs that do nothing but last.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "aws/core/connection.h"
#include "aws/core/limiter_registry.h"
#include "model/platform.h"
#include "test/sim/virtual_clock.h"

namespace polysync::bench {

class SimulatedAccount {
  public:
    SimulatedAccount(PlatformType type, std::size_t jobs, sim::VirtualClock& clock);

    // Polysync's id of a new run, which has begun already.
    [[nodiscard]] std::string start(std::size_t job, SystemTime began, SystemTime ends);
    // What a job is called there.
    [[nodiscard]] static std::string job_name(std::size_t job);
    [[nodiscard]] std::string external_id(std::size_t job) const;
    // Lets each call wait for a token of `limiters`, where there is one, and take 50 ms.
    [[nodiscard]] std::shared_ptr<aws::Connection> connect(aws::LimiterRegistry* limiters);

    [[nodiscard]] std::string answer(std::string_view operation, const boost::json::object& input);

    struct Counts {
        std::map<std::string, std::uint64_t> calls;  // by operation
        std::uint64_t ends = 0;                      // that were told
        Millis lag{0}, longest_lag{0};               // from an end until it was told; the sum of all
    };
    Counts counts;

  private:
    struct Run {
        SystemTime began, ends;
        std::uint32_t job;
        bool is_end_told = false;
    };
    using Index = std::uint32_t;
    [[nodiscard]] bool has_ended(const Run& run) const { return clock_.true_time() >= run.ends; }
    void tell(Run& run);
    [[nodiscard]] std::string arn_of(Index run) const;
    [[nodiscard]] std::string describe_jobs(const boost::json::object& input);
    [[nodiscard]] std::string get_job_runs(const boost::json::object& input);
    [[nodiscard]] std::string get_job_run(const boost::json::object& input);
    [[nodiscard]] std::string list_pipeline_executions(const boost::json::object& input);
    [[nodiscard]] std::string describe_pipeline_execution(const boost::json::object& input);
    [[nodiscard]] std::string list_executions(const boost::json::object& input);
    [[nodiscard]] std::string describe_execution(const boost::json::object& input);
    [[nodiscard]] std::string job_run(Index index);
    // A page of the job's runs, newest first, in a list of that name.
    template <class Show>
    [[nodiscard]] std::string page(std::string_view list, std::string_view token_name, std::size_t job,
                                   const boost::json::object& input, std::size_t size, bool running_only,
                                   Show show);

    PlatformType type_;
    sim::VirtualClock& clock_;
    std::vector<Run> runs_;
    std::vector<std::vector<Index>> by_job_;  // in order of their starts
};

}  // namespace polysync::bench
