#include <deque>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "runtime/intent.h"
#include "runtime/loops.h"
#include "runtime/spawn.h"

namespace polysync::runtime {
namespace {

constexpr std::size_t kept_lines = 200;
constexpr std::size_t longest_line = 4096;
constexpr int most_pages = 200;
constexpr int most_wanted = 20'000;  // behind the many of a platform that does not answer are those of others
constexpr std::size_t most_at_once = 500;  // of a platform
constexpr Millis interval = std::chrono::seconds(30);
constexpr Millis logs_lag = std::chrono::minutes(2);  // a log that is still empty may yet come
constexpr Millis patience = std::chrono::hours(6);    // with a platform that does not answer

std::string text_of(const std::deque<LogLine>& lines) {
    boost::json::array out;
    for (const auto& line : lines)
        out.push_back(boost::json::object{{"time", format_iso8601(line.time)},
                                          {"stream", line.stream},
                                          {"text", utf8_prefix(redact(line.text), longest_line)}});
    return boost::json::serialize(out);
}

}  // namespace

Async<void> LogKeeper::run() {
    while (!context_.stopping) {
        auto wanted = std::make_shared<std::vector<store::KeptLog>>();
        store::ReadWork work = [wanted](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*wanted, transaction.wanted_logs(most_wanted));
            return success();
        };
        auto read = co_await context_.store().read(std::move(work));
        if (!read) log::warn("kept logs cannot be read: {}", read.error().describe());
        std::map<ObjectId, std::vector<store::KeptLog>> by_platform;
        for (auto& log : *wanted) {
            if (std::size_t(number(log.run)) % context_.nodes != context_.rank) continue;  // another node's
            auto& logs = by_platform[log.platform];
            if (logs.size() < most_at_once) logs.push_back(std::move(log));
        }
        for (auto& [platform, logs] : by_platform)
            if (busy_.insert(platform).second) spawn(context_, keep(platform, std::move(logs)));
        co_await context_.keep_logs.wait_until(context_.clock().steady_now() + interval);
    }
}

Async<void> LogKeeper::keep(ObjectId platform, std::vector<store::KeptLog> wanted) {
    for (auto& log : wanted) {
        if (context_.stopping) break;
        bool answered = co_await keep_one(std::move(log));
        if (!answered) break;  // the others of this platform at the next look
    }
    busy_.erase(platform);
}

// The attempt may have been sent by a process before this one.
Async<void> LogKeeper::learn_secrets_of(RunId run, int attempt) {
    auto attempts = std::make_shared<std::vector<Attempt>>();
    store::ReadWork work = [attempts, run](store::ReadTransaction& transaction) -> Status {
        POLYSYNC_TRY(*attempts, transaction.attempts(run));
        return success();
    };
    auto read = co_await context_.store().read(std::move(work));
    if (!read) co_return;
    for (const auto& row : *attempts) {
        if (row.attempt != attempt) continue;
        auto intent = read_intent(row.intent);
        if (intent) learn_secrets(intent.value(), context_.parts.secrets);
    }
}

// False where the platform does not answer now.
Async<bool> LogKeeper::keep_one(store::KeptLog wanted) {
    auto provider = provider_of(context_, wanted.platform);
    std::deque<LogLine> lines;
    std::string cursor;
    std::optional<Error> error;
    if (!provider) error = provider.error();
    for (int page = 0; provider && page < most_pages && !context_.stopping; ++page) {
        RunReference reference{.run_id = wanted.pipeline_run_id};
        auto got = co_await provider.value()->logs(std::move(reference), cursor);
        if (!got) {
            error = got.error();
            break;
        }
        for (auto& line : got.value().lines) {
            lines.push_back(std::move(line));
            if (lines.size() > kept_lines) lines.pop_front();
        }
        wanted.note = got.value().note;
        bool stands_still = got.value().cursor == cursor;
        cursor = std::move(got.value().cursor);
        if (got.value().at_end || stands_still) break;
    }
    if (context_.stopping) co_return false;
    auto age = context_.clock().now() - wanted.wanted_at;
    bool passes = error && (error->kind == ErrorKind::transient || error->kind == ErrorKind::throttled ||
                            error->kind == ErrorKind::credentials || error->kind == ErrorKind::clock_skew);
    if (passes && age < patience) co_return false;
    if (!error && lines.empty() && age < logs_lag) co_return true;
    co_await learn_secrets_of(wanted.run, wanted.attempt);
    if (error) wanted.note = error->describe();
    wanted.note = redact(wanted.note);
    wanted.lines = text_of(lines);
    wanted.done = true;
    store::Work work = [wanted](store::Transaction& transaction) { return transaction.put_kept_log(wanted); };
    auto done = co_await context_.store().write(std::move(work));
    if (!done) log::warn("run {}: its log cannot be kept: {}", number(wanted.run), done.error().describe());
    co_return bool(done);
}

}  // namespace polysync::runtime
