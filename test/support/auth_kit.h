// What tests of credential sources share: an AuthEnvironment in which nothing is real.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aws/auth/auth_environment.h"
#include "aws/auth/credentials_source.h"
#include "aws/auth/sources.h"
#include "test/support/fake_environment.h"
#include "test/support/fake_http.h"
#include "test/support/run_async.h"

namespace polysync::test {

class FakeProcesses final : public aws::ProcessRunner {
  public:
    std::deque<Result<aws::ProcessResult>> results;
    std::vector<std::vector<std::string>> started;

    Async<Result<aws::ProcessResult>> run(std::vector<std::string> argv, aws::ProcessLimits) override {
        started.push_back(std::move(argv));
        if (results.empty())
            co_return make_error(ErrorKind::invalid_input, "process_not_started", "no such program");
        auto result = std::move(results.front());
        results.pop_front();
        co_return result;
    }
};

// "ok <access key id>", or the error's kind and code.
inline std::string outcome(const Result<aws::Credentials>& keys) {
    if (keys) return "ok " + keys.value().access_key_id;
    return std::string(to_string(keys.error().kind)) + " " + keys.error().code;
}

// STS's answer to `operation`, "AssumeRole" or "AssumeRoleWithWebIdentity".
inline std::string assumed_xml(const std::string& operation, const std::string& key_id,
                               const std::string& expiration = "2026-01-02T04:04:05Z") {
    return "<" + operation + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + operation +
           "Result><AssumedRoleUser><AssumedRoleId>A:s</"
           "AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>"
           "</AssumedRoleUser><Credentials><AccessKeyId>" +
           key_id +
           "</AccessKeyId><SecretAccessKey>assumed-secret-key</"
           "SecretAccessKey><SessionToken>assumed-session-token</SessionToken><Expiration>" +
           expiration + "</Expiration></Credentials></" + operation + "Result></" + operation + "Response>";
}

inline std::string sts_error_xml(const std::string& code, const std::string& message) {
    return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message +
           "</Message></Error><RequestId>r</RequestId></ErrorResponse>";
}

class AuthTest : public ::testing::Test {
  protected:
    AuthTest() { context_.endpoints.region = "eu-west-1"; }

    Result<aws::Credentials> fetch(aws::CredentialsSource& source) { return run_async(source.fetch()); }
    Result<aws::Credentials> fetch(const aws::SourcePtr& source) { return run_async(source->fetch()); }
    void set(const std::string& name, std::string value) { environment_.variables[name] = std::move(value); }
    void unset(const std::string& name) { environment_.variables.erase(name); }
    void file(const std::string& path, std::string text) { environment_.files[path] = std::move(text); }

    FakeHttp http_;
    ManualClock clock_{parse_iso8601("2026-01-02T03:04:05Z").value()};
    SeededRandom random_{1};
    FakeEnvironment environment_;
    FakeProcesses processes_;
    aws::AuthEnvironment auth_{http_, clock_, random_, environment_, processes_, "polysync-test"};
    aws::SourceContext context_{auth_, {}};
};

}  // namespace polysync::test
