#include "provider/batch/batch_logs.h"

#include <set>

#include <fmt/format.h>

namespace polysync::batch {

namespace {

std::string option(const aws::batch::LogConfiguration& log, const std::string& name) {
    auto found = log.options.find(name);
    return found == log.options.end() ? std::string() : found->second;
}

class Planner {
  public:
    explicit Planner(const aws::batch::Job& job) : job_(job) {
        group_ = option(job.log, "awslogs-group");
        if (group_.empty()) group_ = "/aws/batch/job";
    }

    LogPlan plan() {
        std::size_t number = 0;
        for (const aws::batch::Attempt& attempt : job_.attempts) {
            ++number;
            for (const auto& container : attempt.containers)
                add(container, number, attempt.containers.size() > 1);
        }
        // The attempt that runs is not among the attempts yet.
        for (const auto& container : job_.containers) add(container, number + 1, job_.containers.size() > 1);
        add(job_.container, number + 1, false);
        return std::move(plan_);
    }

  private:
    void add(const aws::batch::ContainerState& container, std::size_t attempt, bool is_one_of_many) {
        if (container.log_stream_name.empty() || !seen_.insert(container.log_stream_name).second) return;
        LogSource source;
        source.group = group_;
        source.stream = container.log_stream_name;
        source.label = fmt::format("attempt {}", attempt);
        if (is_one_of_many && !container.name.empty()) source.label += " " + container.name;
        plan_.sources.push_back(std::move(source));
    }

    const aws::batch::Job& job_;
    std::string group_;
    std::set<std::string> seen_;
    LogPlan plan_;
};

std::string note_on(const aws::batch::Job& job) {
    if (job.array_size)
        return fmt::format(
            "an array job has no log of its own: its {} children have, under the run ids {}:0 to {}:{}",
            *job.array_size, job.id, job.id, *job.array_size - 1);
    if (job.number_of_nodes && !job.node_index)
        return fmt::format(
            "a multi-node job has no log of its own: its {} nodes have, under the run ids {}#0 to {}#{}",
            *job.number_of_nodes, job.id, job.id, *job.number_of_nodes - 1);
    if (job.is_eks) return "logs of EKS jobs reach CloudWatch only where the cluster runs a log agent";
    if (job.status == "SUCCEEDED" || job.status == "FAILED")
        return "the job ended without a log stream: no container ran";
    return fmt::format("the job is {} and has written no log yet", job.status);
}

}  // namespace

LogPlan plan_logs(const aws::batch::Job& job, std::string_view region) {
    LogPlan plan;
    if (!job.log.driver.empty() && job.log.driver != "awslogs") {
        plan.note = fmt::format("the job logs through the driver '{}', not to CloudWatch", job.log.driver);
        return plan;
    }
    if (std::string elsewhere = option(job.log, "awslogs-region");
        !elsewhere.empty() && elsewhere != region) {
        plan.note = fmt::format("the job logs to CloudWatch in {}, not in {}", elsewhere, region);
        return plan;
    }
    plan = Planner(job).plan();
    if (plan.sources.empty()) plan.note = note_on(job);
    return plan;
}

}  // namespace polysync::batch
