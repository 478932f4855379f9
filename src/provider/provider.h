// What every platform type offers; one implementation per folder. A provider belongs to one Platform, lives
// as long as the connection that it was made from, and is used from one executor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "aws/core/call_options.h"
#include "aws/core/limiter_stats.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "model/job.h"
#include "model/parameter.h"
#include "model/pipeline_run.h"
#include "model/platform.h"

namespace polysync {

// A guid (36 characters) that names one submission for ever (SAFE-1).
using SubmissionToken = StrongId<struct SubmissionTokenTag>;

struct SubmitSpec {
    Job job;                             // attributes: those that the user set
    std::vector<ParameterValue> values;  // those that the user set, and declared outputs without a value
    SubmissionToken token;
};

// Where one part of the request comes from, for --dry-run and the run's record.
struct Provenance {
    std::string member;  // "WorkerType", "Arguments.--source_path"
    std::string value;   // as sent; references and secrets redacted
    std::string source;  // "-p", "job attribute", "platform default", "Glue job definition (not sent)",
                         // "generated"
};

// Everything that a submission sends, fixed before the call, so that it can be made durable and found again.
struct SubmissionIntent {
    PlatformType type = PlatformType::aws_glue;
    std::string external_id;
    SubmissionToken token;
    std::string operation;           // "StartJobRun"
    boost::json::object request;     // the exact request body
    std::vector<Parameter> outputs;  // Output and InputOutput parameters to fill at the end
    std::vector<Provenance> provenance;
    std::vector<std::string> warnings;         // for people; shown, never fatal
    std::vector<std::string> from_definition;  // members that submit() completes from AWS's definition
                                               // (GLUE-4)
    bool repeat_is_safe = false;  // AWS itself makes a second sending harmless (client token, execution name)
    SystemTime created_at{};
};

// With which calls a run is asked about, where the service lists a job's runs. Lists and calls for single
// runs have rate limits of their own, so whoever asks about many keeps them apart: one does not wait for the
// other.
enum class AskBy {
    any,     // by a list, and what it does not tell by a call of its own
    list,    // what it does not tell is left to be asked for by itself
    itself,  // by a call of its own
};

// One submitted run, with what is needed to ask about it.
struct RunReference {
    std::string run_id;
    std::string external_id;  // SageMaker: the pipeline's name as the pipeline has it; may be empty when
                              // unknown
    std::vector<Parameter> outputs;
    std::optional<SystemTime> submitted_at;  // narrows look-ups (Express log search); may be unknown
    bool with_progress = false;  // also what costs a call per run while it runs: SageMaker's step counts
    bool rides = false;          // asked for only where a call for other runs answers for this one too
    AskBy by = AskBy::any;
};
// Takes those out of `group`, indices of `runs`, that are to be asked for by calls of their own.
[[nodiscard]] std::vector<std::size_t> take_singles(std::vector<std::size_t>& group,
                                                    const std::vector<RunReference>& runs);

struct StatusAnswer {
    std::string run_id;
    Result<PipelineRun> run;      // not_found: AWS does not know the run
    bool left_out = false;        // it was to ride along and no call covered it; `run` says nothing then
    bool needs_own_call = false;  // AskBy::list: the list does not tell, or not how it ended; nor does `run`
};
// For a run that was to ride along.
[[nodiscard]] StatusAnswer left_out(std::string run_id);
[[nodiscard]] StatusAnswer needs_own_call(std::string run_id);

struct JobPage {
    std::vector<Job> jobs;
    std::vector<std::string> warnings;  // a definition that could not be read is a warning, not an error
    std::string next;                   // opaque; empty at the end
};

inline constexpr Millis look_up_gap = std::chrono::seconds(60);

enum class FindResult {
    found,  // `run` says which
    // Not seen; lists are eventually consistent, so look again later. Providers keep no count: it is the
    // caller who may take two such answers, at least `look_up_gap` apart and both after the deadline of the
    // call, for "was not submitted" (SAFE-1).
    not_yet,
    repeat_is_safe,  // submit(intent) again cannot start a second run
    unknowable,      // AWS cannot tell
};

struct FindAnswer {
    FindResult result = FindResult::not_yet;
    std::optional<PipelineRun> run;
    std::string explanation;
};

enum class CancelResult { requested, already_ended };

struct LogLine {
    SystemTime time;
    std::string stream;  // "output", "error", "attempt 2", a state's or step's name
    std::string text;
};

struct LogPage {
    std::vector<LogLine> lines;
    std::string cursor;   // opaque; pass it to go on from here; stays valid across restarts
    bool at_end = false;  // nothing more right now
    std::string note;     // why there is nothing, for people: "the run has written no log yet"
};

struct ConnectionCheck {
    std::string name;  // "credentials", "identity", "glue:ListJobs"
    bool passed = false;
    std::string detail;  // plain words; what is missing, with permission and ARN where AWS names them
    std::string remedy;
    std::optional<ErrorKind> failure;  // the kind of the error behind a failed check, where there is one
};

struct ConnectionReport {
    std::vector<ConnectionCheck> checks;
    std::string caller_arn;
    std::string account;
    std::string credentials_source;
    std::optional<Millis> clock_offset;  // server minus local time
    [[nodiscard]] bool passed() const;
};

// What a policy is scoped to: imported jobs and queues; empty means "all of the account".
struct PolicyScope {
    std::string account;  // empty: "*" cannot be avoided, the text says so
    std::vector<std::string> external_ids;
    std::vector<std::string> queues;  // Batch
    std::vector<std::string> roles;   // Batch: ARNs of the definitions' job and execution roles, for
                                      // iam:PassRole
};

class Provider {
  public:
    virtual ~Provider() = default;

    [[nodiscard]] virtual const Platform& platform() const = 0;

    // One page of what exists, with parameters (GLUE-1, BATCH-1, SM-1, SFN-1). `next` of the page before, or
    // empty.
    [[nodiscard]] virtual Async<Result<JobPage>> discover(std::string next) = 0;
    // The definition of one job as AWS has it now. Errors: not_found.
    [[nodiscard]] virtual Async<Result<Job>> describe(std::string external_id) = 0;

    // The exact request of a submission, without any call. Errors: invalid_input (BATCH-2, SFN-2 …).
    [[nodiscard]] virtual Result<SubmissionIntent> prepare(const SubmitSpec& spec) const = 0;
    // Fills the intent's `from_definition` members from AWS; nothing to do for most. Reads only.
    [[nodiscard]] virtual Async<Result<SubmissionIntent>> complete(SubmissionIntent intent) = 0;
    // Sends the request of a prepared and completed intent. Never starts a second run for an intent by
    // itself: an outcome that cannot be told is ErrorKind::unclear, and find_submission() is next. A "not
    // now" is ErrorKind::contention or throttled (PLAT-8). `leave` as in aws/core/call_options.h.
    [[nodiscard]] virtual Async<Result<PipelineRun>> submit(const SubmissionIntent& intent,
                                                            aws::LeaveToSend leave) = 0;
    [[nodiscard]] Async<Result<PipelineRun>> submit(const SubmissionIntent& intent) {
        return submit(intent, {});
    }
    // What became of an intent whose answer was lost (SAFE-1). `called_at`: when the call was made, by our
    // clock.
    [[nodiscard]] virtual Async<Result<FindAnswer>> find_submission(const SubmissionIntent& intent,
                                                                    SystemTime called_at) = 0;

    // One answer per reference, in their order, in the fewest calls. An error of one run or call leaves the
    // others' answers. Runs that ride are answered where a list made for others shows them, or shows that
    // they have ended.
    [[nodiscard]] virtual Async<std::vector<StatusAnswer>> statuses(std::vector<RunReference> runs) = 0;

    // Asks AWS to stop the run. `token` stays the same over retries of one cancel. Errors: unsupported
    // (SFN-9), not_found.
    [[nodiscard]] virtual Async<Result<CancelResult>> cancel(RunReference run, SubmissionToken token) = 0;

    // Empty where the partition has no public console. `external_id` may be empty where the run id tells
    // enough.
    [[nodiscard]] virtual std::string monitor_url(std::string_view external_id,
                                                  std::string_view run_id) const = 0;

    [[nodiscard]] virtual Async<ConnectionReport> test_connection() = 0;

    // The least-privilege IAM policy (PLAT-5) as a JSON document, and words about it.
    [[nodiscard]] virtual boost::json::object required_permissions(const PolicyScope& scope) const = 0;

    // Fills remedy, and kind where the service's own code says more (contention). Pure (PLAT-6, PLAT-8).
    [[nodiscard]] virtual Error diagnose(Error error) const = 0;

    // The rate limits of the calls made so far, shared with every platform of the same account and region.
    [[nodiscard]] virtual std::vector<aws::LimiterStats> limits() const { return {}; }

    // Log lines, steps or history events after `cursor` (empty: from the start), all attempts.
    [[nodiscard]] virtual Async<Result<LogPage>> logs(RunReference run, std::string cursor) = 0;
};

}  // namespace polysync
