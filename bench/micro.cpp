// Polysync's share of a call, without any network: what is left of PERF-1 and PERF-2 when sockets, TLS and
// libcurl cost nothing. Files with answers come from bench/run.py: MICRO_ANSWERS names their folder.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aws/auth/sigv4.h"
#include "aws/batch/client.h"
#include "aws/glue/client.h"
#include "base/clock.h"
#include "bench/bench_connection.h"

namespace polysync::bench {
namespace {

std::string read_answer(const std::string& name) {
    const char* folder = std::getenv("MICRO_ANSWERS");
    std::ifstream file(std::string(folder != nullptr ? folder : "build/bench-work/answers") + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Answers at once with a copy of one body.
class CannedHttp final : public http::HttpClient {
  public:
    explicit CannedHttp(std::string body) : body_(std::move(body)) {}
    Async<Result<http::Response>> send(http::Request) override {
        http::Response response;
        response.status = 200;
        response.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                            {"x-amzn-RequestId", "9d0b1a52-5b0e-4c68-9b4e-0a1b2c3d4e5f"}};
        response.body.reserve(body_.size() + 64);
        response.body = body_;
        co_return response;
    }

  private:
    std::string body_;
};

Async<void> get_job_run(aws::GlueClient& client, bool& good) {
    const auto run = co_await client.get_job_run("nightly-load", "jr_1");
    good = run && run.value().state == "SUCCEEDED";
}

Async<void> describe_jobs(aws::BatchClient& client, const std::vector<std::string>& ids, bool& good) {
    const auto jobs = co_await client.describe_jobs(ids);
    good = jobs && jobs.value().size() == 100;
}

void call_get_job_run(benchmark::State& state) {
    CannedHttp http(read_answer("get_job_run"));
    aws::LimiterRegistry limiters(system_clock());
    aws::GlueClient client(make_connection("https://glue.eu-west-1.amazonaws.com", http, limiters));
    boost::asio::io_context io(1);
    bool good = true;
    for (auto _ : state) {
        boost::asio::co_spawn(io, get_job_run(client, good), boost::asio::detached);
        io.restart();
        io.run();
        if (!good) return state.SkipWithError("unexpected answer; run bench/run.py --only aws first");
    }
}
BENCHMARK(call_get_job_run);

void call_describe_jobs(benchmark::State& state) {
    CannedHttp http(read_answer("v1/describejobs"));
    aws::LimiterRegistry limiters(system_clock());
    aws::BatchClient client(make_connection("https://batch.eu-west-1.amazonaws.com", http, limiters));
    const std::vector<std::string> ids(100, "00000000-a532-4122-842e-2ccab8d54efb");
    boost::asio::io_context io(1);
    bool good = true;
    for (auto _ : state) {
        boost::asio::co_spawn(io, describe_jobs(client, ids, good), boost::asio::detached);
        io.restart();
        io.run();
        if (!good) return state.SkipWithError("unexpected answer; run bench/run.py --only aws first");
    }
}
BENCHMARK(call_describe_jobs);

void sign(benchmark::State& state) {
    const std::string body(std::size_t(state.range(0)), 'x');
    const std::vector<aws::HeaderView> headers = {{"content-type", "application/x-amz-json-1.1"},
                                                  {"host", "glue.eu-west-1.amazonaws.com"},
                                                  {"x-amz-date", "20260914T030405Z"},
                                                  {"x-amz-target", "AWSGlue.GetJobRun"}};
    aws::Signer signer;
    for (auto _ : state) {
        benchmark::DoNotOptimize(signer.authorization("AKIDEXAMPLE", "wJalrXUtnFEMI",
                                                      {"eu-west-1", "glue", "20260914T030405Z"},
                                                      {"POST", "/", "", headers, body}));
    }
}
BENCHMARK(sign)->Arg(0)->Arg(64)->Arg(600);

}  // namespace
}  // namespace polysync::bench

BENCHMARK_MAIN();
