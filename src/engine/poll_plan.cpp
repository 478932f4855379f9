#include "engine/poll_plan.h"

#include <algorithm>

namespace polysync::engine {
namespace {

constexpr Millis pause_per_call = std::chrono::milliseconds(1500);

std::size_t pages_of(const PollShape& shape, std::size_t runs) {
    return (runs + shape.page - 1) / shape.page;
}

}  // namespace

PollShape poll_shape(PlatformType type) {
    switch (type) {
        case PlatformType::aws_batch:
            return {false, 20, 100, "DescribeJobs", "DescribeJobs"};
        case PlatformType::aws_glue:
            return {true, 10, 200, "GetJobRuns", "GetJobRun"};
        case PlatformType::aws_sagemaker:
            return {true, 4, 100, "ListPipelineExecutions", "DescribePipelineExecution"};
        case PlatformType::aws_step_functions:
            return {true, 10, 1000, "ListExecutions", "DescribeExecution"};
    }
    return {};
}

bool rides_along(Millis since_last_look, Millis wanted) { return since_last_look >= wanted / 2; }

bool is_listed(const PollShape& shape, const JobLooks& looks) {
    bool is_alone = looks.due + looks.riding < 2;
    return !is_alone && pages_of(shape, looks.in_flight) <= looks.due + looks.riding / 2;
}

std::size_t calls_for_job(const PollShape& shape, const JobLooks& looks) {
    return is_listed(shape, looks) ? calls_for_list(shape, looks.in_flight) : looks.due;
}

std::size_t calls_for_list(const PollShape& shape, std::size_t in_flight) {
    return pages_of(shape, in_flight);
}

std::size_t calls_for_ids(const PollShape& shape, std::size_t runs) { return pages_of(shape, runs); }

std::size_t room_in_last_call(const PollShape& shape, std::size_t runs) {
    return pages_of(shape, runs) * shape.page - runs;
}

Millis pause_after(const SweepYield& sweep) {
    auto idle = double(sweep.answers - std::min(sweep.news, sweep.answers));
    auto share = sweep.answers == 0 ? 1.0 : idle / double(sweep.answers);
    return Millis(std::int64_t(double(pause_per_call.count()) * double(sweep.calls) * share));
}

}  // namespace polysync::engine
