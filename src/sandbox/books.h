// What the sandbox was asked and what it answered, for tests and benchmarks: GET /_sandbox/books.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/clock.h"

namespace polysync::sandbox {

enum class Outcome {
    ok,         // answered 200 by the service
    refused,    // an error of the service, the signature check or the validation
    throttled,  // by a quota
    faulted,    // an injected fault changed the answer (the effect may have happened)
};

struct KeptCall {
    SystemTime at;
    std::string access_key_id;  // empty: it was not signed, or not well
    std::string operation;      // "glue.GetJobRun"
    Outcome outcome;
    boost::json::object input;  // empty where the call did not come so far that it was read
};

class Books {
  public:
    void count(std::string_view service, std::string_view operation, Outcome outcome);
    // The same for the key that signed the call.
    void count_by_key(std::string_view access_key_id, std::string_view service, std::string_view operation,
                      Outcome outcome);
    // Keeps a call, and of those before it so many that there are `most`.
    void keep(KeptCall call, std::size_t most);
    // An input member that the AWS model does not know, as "glue.StartJobRun.jobNmae".
    void count_unknown_member(std::string_view service, std::string_view operation, std::string_view member);
    void count_unrouted() { ++unrouted_; }
    // The canonical request of the last signature that did not match, session token masked: what a client's
    // author needs.
    void keep_mismatch(std::string canonical) { last_mismatch_ = std::move(canonical); }
    void clear() { *this = Books(); }

    // {"calls": {"glue.GetJobRun": {"ok": 3, …}}, "unknown_members": {…}, …}
    [[nodiscard]] boost::json::object to_json() const;
    // Oldest first: {"at_ms": since 1970, "access_key_id": …, "operation": "glue.GetJobRun", "outcome": "ok",
    // "input": its members}.
    [[nodiscard]] boost::json::array kept_calls() const;

  private:
    using Counts = std::array<std::uint64_t, 4>;
    using Calls = std::map<std::string, std::map<std::string, Counts, std::less<>>, std::less<>>;
    static void count(Calls& calls, std::string_view service, std::string_view operation, Outcome outcome);
    static boost::json::object to_json(const Calls& calls);

    Calls calls_;
    std::map<std::string, Calls, std::less<>> calls_by_key_;
    std::deque<KeptCall> kept_;
    std::map<std::string, std::uint64_t, std::less<>> unknown_members_;
    std::uint64_t unrouted_ = 0;
    std::string last_mismatch_;
};

}  // namespace polysync::sandbox
