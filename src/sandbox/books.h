// What the sandbox was asked and what it answered, for tests and benchmarks: GET /_sandbox/books.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace polysync::sandbox {

enum class Outcome {
    ok,         // answered 200 by the service
    refused,    // an error of the service, the signature check or the validation
    throttled,  // by a quota
    faulted,    // an injected fault changed the answer (the effect may have happened)
};

class Books {
  public:
    void count(std::string_view service, std::string_view operation, Outcome outcome);
    // An input member that the AWS model does not know, as "glue.StartJobRun.jobNmae".
    void count_unknown_member(std::string_view service, std::string_view operation, std::string_view member);
    void count_unrouted() { ++unrouted_; }
    // The canonical request of the last signature that did not match, session token masked: what a client's
    // author needs.
    void keep_mismatch(std::string canonical) { last_mismatch_ = std::move(canonical); }
    void clear() { *this = Books(); }

    // {"calls": {"glue.GetJobRun": {"ok": 3, …}}, "unknown_members": {…}, …}
    [[nodiscard]] boost::json::object to_json() const;

  private:
    using Counts = std::array<std::uint64_t, 4>;
    std::map<std::string, std::map<std::string, Counts, std::less<>>, std::less<>> calls_;
    std::map<std::string, std::uint64_t, std::less<>> unknown_members_;
    std::uint64_t unrouted_ = 0;
    std::string last_mismatch_;
};

}  // namespace polysync::sandbox
