// PERF-4: one sweep over many Batch jobs in flight, a tenth of which have succeeded since the last one, from
// its first call until all that changed is durable. Everything is the program's own: watcher, provider,
// libcurl with TLS, signatures, SQLite with synchronous=FULL; only the rate limit is lifted. bench/sweep.py
// starts the other side, batch_answers.
//
//     batch_sweep FOLDER ENDPOINT CA_FILE RUNS      one line of JSON
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "aws/core/limiter_registry.h"
#include "base/random.h"
#include "bench/bench_connection.h"
#include "bench/bench_result.h"
#include "bench/engine_bench.h"
#include "bench/running_runs.h"
#include "http/curl/curl_client.h"
#include "provider/parts.h"

namespace polysync::bench {
namespace {

using std::chrono::steady_clock;

constexpr int runs_per_unit = 1000;
constexpr int jobs_per_call = 100;

Platform batch_platform() {
    Platform platform;
    platform.name = "bench";
    platform.type = PlatformType::aws_batch;
    platform.region = "eu-west-1";
    return platform;
}

class Sweep {
  public:
    Sweep(const std::string& folder, std::string endpoint, const std::string& ca_file, int runs)
        : endpoint_(std::move(endpoint)),
          runs_(runs),
          http_(take(http::make_curl_client({.ca_bundle = ca_file}))),
          limiters_(system_clock()),
          bench_(folder, provider(), batch_platform()) {}

    void measure() {
        seed();
        double cpu_before_s = cpu_s();
        bench_.start();
        wait_for_calls(calls_of_sweep());
        settle();
        // What the first sweep says is news to a program that has just started; from here on nothing is.
        double first_cpu_s = cpu_s() - cpu_before_s;
        ask("POST", "/bench/change");
        long calls_before = calls_at_server();
        double idle_since_s = cpu_s();
        cpu_before_s = wait_for_sweep();
        double idle_cpu_s = cpu_before_s - idle_since_s;

        auto began = steady_clock::now();
        wait_for_calls(2 * calls_of_sweep());
        while (in_flight() != runs_ - runs_ / 10) run_for(std::chrono::milliseconds(10));
        double used_s = cpu_s() - cpu_before_s;
        std::chrono::duration<double> wall = steady_clock::now() - began;
        long calls = calls_at_server() - calls_before;
        check_succeeded();
        bench_.stop();
        boost::json::object result{{"runs", runs_},
                                   {"changed", runs_ / 10},
                                   {"calls", calls},
                                   {"cpu_s", used_s},
                                   {"wall_s", wall.count()},
                                   {"first_cpu_s", first_cpu_s},
                                   {"idle_cpu_s", idle_cpu_s},
                                   {"rss_kib", peak_rss_kib()}};
        std::puts(boost::json::serialize(result).c_str());
    }

  private:
    std::shared_ptr<Provider> provider() {
        ProviderParts parts;
        parts.platform = batch_platform();
        parts.connection = make_connection(endpoint_, *http_, limiters_);
        parts.clock = &system_clock();
        parts.random = &system_random();
        return make_batch_provider(std::move(parts));
    }

    // Submitted long ago: each is looked at as seldom as the task's freshness allows.
    void seed() {
        RunningRuns what{bench_task, bench_platform, 1, system_clock().now() - std::chrono::hours(1)};
        for (int from = 0; from < runs_; from += runs_per_unit) {
            std::vector<std::string> ids;
            for (int i = from; i < std::min(from + runs_per_unit, runs_); ++i)
                ids.push_back(fmt::format("{:08x}-a532-4122-842e-2ccab8d54efb", i));
            bench_.write(
                [&](store::Transaction& transaction) { return insert_running(transaction, what, ids); });
        }
    }

    long calls_of_sweep() const { return (runs_ + jobs_per_call - 1) / jobs_per_call; }

    long calls_made() const {
        long calls = 0;
        for (const auto& one : limiters_.stats()) calls += long(one.calls);
        return calls;
    }

    void wait_for_calls(long wanted) {
        bench_.run_until([&] { return calls_made() >= wanted; });
    }

    // CPU time before the step that made its first call.
    double wait_for_sweep() {
        long calls = calls_made();
        double before_s = cpu_s();
        bench_.run_until([&] {
            if (calls_made() > calls) return true;
            before_s = cpu_s();
            return false;
        });
        return before_s;
    }

    void run_for(std::chrono::milliseconds time) {
        auto until = steady_clock::now() + time;
        bench_.run_until([&] { return steady_clock::now() >= until; });
    }

    // Until nothing is left to do for this process.
    void settle() {
        double before_s = 0;
        do {
            before_s = cpu_s();
            run_for(std::chrono::milliseconds(500));
        } while (cpu_s() - before_s > 0.02);
    }

    int in_flight() {
        int count = 0;
        bench_.read([&](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(auto counts, transaction.in_flight_counts());
            for (const auto& one : counts) count += int(one.count);
            return success();
        });
        return count;
    }

    void check_succeeded() {
        int succeeded = 0;
        bench_.read([&](store::ReadTransaction& transaction) -> Status {
            store::Page page{.cursor = {}, .limit = 1000};
            do {
                POLYSYNC_TRY(auto found, transaction.list_runs({.states = {RunState::succeeded}}, page));
                succeeded += int(found.runs.size());
                page.cursor = found.next;
            } while (!page.cursor.empty());
            return success();
        });
        if (succeeded != runs_ / 10) fail(fmt::format("{} runs have succeeded", succeeded));
    }

    Async<void> send(std::string method, std::string path, std::optional<std::string>& body) {
        http::Request request;
        request.method = std::move(method);
        request.url = endpoint_ + path;
        auto answer = co_await http_->send(std::move(request));
        if (!answer) fail(answer.error().describe());
        body = answer.value().body;
    }

    std::string ask(std::string method, std::string path) {
        std::optional<std::string> body;
        bench_.spawn(send(std::move(method), std::move(path), body));
        bench_.run_until([&] { return body.has_value(); });
        return *body;
    }

    long calls_at_server() {
        return boost::json::parse(ask("GET", "/bench/calls")).at("calls").to_number<long>();
    }

    std::string endpoint_;
    int runs_;
    std::unique_ptr<http::HttpClient> http_;
    aws::LimiterRegistry limiters_;
    EngineBench bench_;
};

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    polysync::bench::Sweep(argv[1], argv[2], argv[3], std::atoi(argv[4])).measure();
    return 0;
}
