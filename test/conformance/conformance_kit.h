// What the conformance suite runs on: a sandbox in this process whose time moves only when told to, and
// providers that speak to it over real sockets.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include "aws/core/connection.h"
#include "aws/core/limiter_registry.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/http_client.h"
#include "provider/parts.h"
#include "sandbox/sandbox.h"
#include "test/support/run_async.h"

namespace polysync::conformance {

namespace json = boost::json;

// What one platform type's simulated service calls things.
struct Subject {
    PlatformType type;
    std::string service;          // of the sandbox: "glue"
    std::string permission;       // IAM's prefix: "glue", "states"
    std::string start;            // the operation that starts a run
    std::string list;             // the one that test_connection makes
    std::string failed_status;    // AWS's word for a failure
    std::string running_status;   // AWS's word for a run under way
    std::string contention_code;  // a "not now" of the start call; empty where the service has none
    bool repeats_safely = false;  // the same request again cannot start a second run
    bool has_log_groups = false;  // logs come from CloudWatch
};
[[nodiscard]] const std::vector<Subject>& subjects();
// For GoogleTest's messages.
inline void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.service; }

// The calendar of the machine, moved by what was asked for; sleeping takes no time.
class TestClock final : public Clock {
  public:
    [[nodiscard]] SystemTime now() const override { return system_clock().now() + shift_; }
    [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
    [[nodiscard]] Async<void> sleep_until(SteadyTime deadline) override;
    void advance(Millis by) {
        shift_ += by;
        steady_ += by;
    }

  private:
    Millis shift_{0};
    SteadyTime steady_ = system_clock().steady_now();
};

// Changes answers on their way: what a later version of AWS might send.
using AnswerChange = std::function<void(json::value& body)>;

// One sandbox and what is needed to speak with it. Test thread only.
class World {
  public:
    explicit World(const Subject& subject);
    ~World();

    [[nodiscard]] const Subject& subject() const { return subject_; }

    // A provider as a fresh process has it: no memory of earlier ones. `change` acts on its answers.
    struct Options {
        std::string region = "us-east-1";
        std::string secret = "polysync-sandbox-secret";
        json::object defaults;
        AnswerChange change;
    };
    [[nodiscard]] std::unique_ptr<Provider> provider(Options options);
    [[nodiscard]] std::unique_ptr<Provider> provider() { return provider(Options()); }
    [[nodiscard]] Platform platform(const Options& options) const;

    // Adds a job that goes as `outcome` says (the sandbox's members of an outcome); gives its external id.
    std::string add_job(std::string_view name, json::object outcome = {});
    // `count` jobs "bulk-00000" and on.
    void add_bulk(int count);
    [[nodiscard]] std::string external_id(std::string_view name) const;

    // Time that passes for the simulated runs and for the providers' calendar.
    void advance(Millis by);

    // Whether the sandbox simulates that service.
    [[nodiscard]] bool simulates(std::string_view service);
    json::object admin(std::string_view method, std::string_view path, const json::object& document = {});
    void fault(json::object described);
    void clear_faults();
    // "glue.GetJobRun" → calls so far.
    [[nodiscard]] std::map<std::string, std::int64_t> calls();
    [[nodiscard]] std::int64_t all_calls();
    // Runs that were really started under the token.
    [[nodiscard]] std::int64_t runs_of(const SubmissionToken& token);

    template <class T>
    T run(Async<T> work) {
        return test::run_async(io_, std::move(work));
    }

    [[nodiscard]] SubmissionToken new_token() { return SubmissionToken(make_guid(random_)); }
    // A submission of that job, prepared and completed.
    [[nodiscard]] SubmissionIntent intent(Provider& provider, const std::string& external_id,
                                          std::vector<ParameterValue> values = {});
    [[nodiscard]] SubmitSpec spec(const std::string& external_id) const;
    // Starts a run that must start.
    RunReference start(Provider& provider, const std::string& external_id);
    // The status of one run that must be known.
    PipelineRun status(Provider& provider, const RunReference& run);

    TestClock clock;

    // Everything that providers of a type called in this process, as "glue:GetJobRun".
    [[nodiscard]] static std::set<std::string>& called(PlatformType type);

  private:
    class ChangingHttp;

    const Subject& subject_;
    SeededRandom random_{7};
    TestClock wall_;  // of signatures: never moved
    boost::asio::io_context io_;
    std::unique_ptr<sandbox::Sandbox> sandbox_;
    std::unique_ptr<http::HttpClient> http_;
    std::vector<std::unique_ptr<http::HttpClient>> changing_;
    std::unique_ptr<aws::LimiterRegistry> limiters_;
};

[[nodiscard]] ParameterValue value(std::string name, std::string text, DataType type = DataType::string);

}  // namespace polysync::conformance
