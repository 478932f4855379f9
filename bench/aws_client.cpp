// Polysync's AWS client (PERF-1, PERF-2): the whole way of a call as the program takes it, 64 in flight.
// Arguments: operation, endpoint, CA file, calls.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "aws/batch/client.h"
#include "aws/core/limiter_registry.h"
#include "aws/glue/client.h"
#include "base/clock.h"
#include "bench/bench_connection.h"
#include "bench/bench_result.h"
#include "http/curl/curl_client.h"

namespace polysync::bench {
namespace {

constexpr int in_flight = 64;
constexpr long warm_up_calls = 512;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

struct Work {
    std::string operation;
    aws::GlueClient glue;
    aws::BatchClient batch;
    std::vector<std::string> ids;
    long left = 0;
};

Async<void> call_once(Work& work) {
    if (work.operation == "get_job_run") {
        auto run = co_await work.glue.get_job_run("nightly-load", "jr_1");
        if (!run) give_up(run.error().describe());
        if (run.value().state != "SUCCEEDED") give_up("unexpected answer");
    } else {
        auto jobs = co_await work.batch.describe_jobs(work.ids);
        if (!jobs) give_up(jobs.error().describe());
        if (jobs.value().size() != 100) give_up("unexpected answer");
    }
}

Async<void> call_while_any_left(Work& work) {
    while (work.left-- > 0) co_await call_once(work);
}

void run_calls(boost::asio::io_context& io, Work& work, long calls) {
    work.left = calls;
    auto rethrow = [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    };
    for (int i = 0; i < in_flight; ++i) boost::asio::co_spawn(io, call_while_any_left(work), rethrow);
    io.restart();
    io.run();
}

int run(const std::string& operation, const std::string& endpoint, const std::string& ca_file, long calls) {
    boost::asio::io_context io(1);
    http::CurlOptions options;
    options.ca_bundle = ca_file;
    auto http = http::make_curl_client(options);
    if (!http) give_up(http.error().describe());
    aws::LimiterRegistry limiters(system_clock());
    const auto connection = make_connection(endpoint, *http.value(), limiters);

    Work work{operation, aws::GlueClient(connection), aws::BatchClient(connection), {}};
    for (int i = 0; i < 100; ++i) work.ids.push_back(fmt::format("{:08x}-a532-4122-842e-2ccab8d54efb", i));
    run_calls(io, work, warm_up_calls);
    const double cpu_before_s = cpu_s();
    const auto started = system_clock().steady_now();
    run_calls(io, work, calls);
    const double used_s = cpu_s() - cpu_before_s;
    const std::chrono::duration<double> wall = system_clock().steady_now() - started;
    const boost::json::object result{
        {"calls", calls}, {"cpu_s", used_s}, {"wall_s", wall.count()}, {"rss_kib", peak_rss_kib()}};
    std::puts(boost::json::serialize(result).c_str());
    return 0;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc != 5)
        return std::fputs("usage: aws_client get_job_run|describe_jobs ENDPOINT CA_FILE CALLS\n", stderr), 2;
    return polysync::bench::run(argv[1], argv[2], argv[3], std::strtol(argv[4], nullptr, 10));
}
