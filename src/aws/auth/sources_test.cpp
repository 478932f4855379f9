// PLAT-2: keys given by the platform, the environment, a container, an instance or a program.
#include "aws/auth/sources.h"

#include <gtest/gtest.h>

#include "base/secret.h"
#include "test/support/auth_kit.h"

namespace polysync::aws {
namespace {

using test::header_of;
using test::outcome;

class StaticKeysTest : public test::AuthTest {};

TEST_F(StaticKeysTest, ClearTextAndReferences) {
    set("SECRET_NAME", "from-the-variable");
    file("/run/token", "  from-the-file\n");
    auto keys =
        fetch(make_static_keys({"AKIA1", "env://SECRET_NAME", "file:///run/token", "here"}, context_));
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys.value().access_key_id, "AKIA1");
    EXPECT_EQ(keys.value().secret_access_key.reveal(), "from-the-variable");
    EXPECT_EQ(keys.value().session_token.reveal(), "from-the-file");
    EXPECT_EQ(keys.value().expiration, std::nullopt);
    EXPECT_EQ(keys.value().source, "here");
    for (const char* secret : {"from-the-variable", "from-the-file"})
        EXPECT_EQ(redact(secret), "[redacted]");  // SAFE-3
    EXPECT_EQ(redact("AKIA1"), "AKIA1");
}

TEST_F(StaticKeysTest, WhatCannotBeResolvedNamesItsPlace) {
    struct Case {
        const char* id;
        const char* secret;
        const char* told;
    };
    set("EMPTY", "");
    file("/empty", " \n");
    for (const Case& given :
         {Case{"AKIA1", "env://MISSING", "MISSING"}, Case{"AKIA1", "env://EMPTY", "EMPTY"},
          Case{"AKIA1", "file:///nowhere", "/nowhere"}, Case{"AKIA1", "file:///empty", "/empty"},
          Case{"AKIA1", "vault://v/s", "vault"}, Case{"", "x", "access_key_id"},
          Case{"AKIA1", "", "secret_access_key"}}) {
        auto keys = fetch(make_static_keys({given.id, given.secret, "", "the platform"}, context_));
        ASSERT_FALSE(keys) << given.told;
        EXPECT_EQ(keys.error().kind, ErrorKind::invalid_input);
        EXPECT_NE(keys.error().message.find(given.told), std::string::npos) << keys.error().message;
        EXPECT_FALSE(keys.error().remedy.empty());
    }
}

class EnvironmentKeysTest : public test::AuthTest {};

TEST_F(EnvironmentKeysTest, Variables) {
    EXPECT_EQ(outcome(fetch(make_environment_keys(context_))), "not_found not_configured");
    set("AWS_ACCESS_KEY_ID", "AKIA2");
    EXPECT_EQ(outcome(fetch(make_environment_keys(context_))), "invalid_input partial_credentials");
    set("AWS_SECRET_ACCESS_KEY", "variable-secret");
    set("AWS_SESSION_TOKEN", "new-token-name");
    EXPECT_EQ(fetch(make_environment_keys(context_)).value().session_token.reveal(), "new-token-name");
    set("AWS_SECURITY_TOKEN", "old-token-name");
    set("AWS_CREDENTIAL_EXPIRATION", "2026-01-02T05:00:00Z");
    auto keys = fetch(make_environment_keys(context_));
    EXPECT_EQ(keys.value().session_token.reveal(), "old-token-name");
    EXPECT_EQ(format_iso8601(*keys.value().expiration), "2026-01-02T05:00:00Z");
    EXPECT_EQ(redact("variable-secret old-token-name"), "[redacted] [redacted]");
    set("AWS_CREDENTIAL_EXPIRATION", "tomorrow");
    EXPECT_EQ(outcome(fetch(make_environment_keys(context_))), "invalid_input bad_expiration");
}

class ContainerTest : public test::AuthTest {
  protected:
    static constexpr const char* keys_json =
        R"({"AccessKeyId":"ASIA3","SecretAccessKey":"container-secret","Token":"container-token","Expiration":"2026-01-02T09:00:00Z","RoleArn":"x","New":{}})";
};

TEST_F(ContainerTest, RelativeUriWinsAndNeedsNoProxy) {
    EXPECT_EQ(outcome(fetch(make_container(context_))), "not_found not_configured");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://elsewhere/creds");
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/abc");
    http_.answer(200, keys_json);
    auto keys = fetch(make_container(context_));
    ASSERT_EQ(outcome(keys), "ok ASIA3");
    EXPECT_EQ(keys.value().session_token.reveal(), "container-token");
    EXPECT_EQ(format_iso8601(*keys.value().expiration), "2026-01-02T09:00:00Z");
    const http::Request& sent = http_.requests().at(0);
    EXPECT_EQ(sent.url, "http://169.254.170.2/v2/credentials/abc");
    EXPECT_FALSE(sent.use_proxy);
    EXPECT_EQ(header_of(sent, "authorization"), "");
    EXPECT_EQ(redact("container-secret"), "[redacted]");
}

TEST_F(ContainerTest, TokenFileIsReadForEveryRequestAndWins) {
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "variable-token");
    auto source = make_container(context_);
    http_.answer(200, keys_json).answer(200, keys_json).answer(200, keys_json);
    EXPECT_EQ(outcome(fetch(source)), "ok ASIA3");
    set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/token");
    file("/var/run/token", "file-token-1");
    EXPECT_EQ(outcome(fetch(source)), "ok ASIA3");
    file("/var/run/token", "file-token-2");
    EXPECT_EQ(outcome(fetch(source)), "ok ASIA3");
    EXPECT_EQ(header_of(http_.requests()[0], "Authorization"), "variable-token");
    EXPECT_EQ(header_of(http_.requests()[1], "Authorization"), "file-token-1");
    EXPECT_EQ(header_of(http_.requests()[2], "Authorization"), "file-token-2");
    for (const char* token : {"a\r\nHost: b", "a\n"}) {
        file("/var/run/token", token);
        EXPECT_EQ(outcome(fetch(source)), "invalid_input bad_setting");
    }
    environment_.files.clear();
    EXPECT_EQ(outcome(fetch(source)), "credentials token_file_unreadable");
}

TEST_F(ContainerTest, PlainHttpOnlyToKnownHosts) {
    struct Case {
        const char* url;
        bool allowed;
    };
    for (const Case& given :
         {Case{"http://localhost:80/x", true}, Case{"http://127.0.0.1/x", true},
          Case{"http://127.1.2.3:9/x", true}, Case{"http://[::1]:80/x", true},
          Case{"http://169.254.170.2/x", true}, Case{"http://169.254.170.23/x", true},
          Case{"http://[fd00:ec2::23]/x", true}, Case{"https://anything.example/x", true},
          Case{"http://169.254.170.3/x", false}, Case{"http://example.com/x", false},
          Case{"http://127.evil.example/x", false}, Case{"http://localhost@evil.example/x", false},
          Case{"http://127.0.0.1@evil/x", false}, Case{"http://localhost.evil.example/x", false},
          Case{"ftp://localhost/x", false}, Case{"/x", false}}) {
        set("AWS_CONTAINER_CREDENTIALS_FULL_URI", given.url);
        if (given.allowed) http_.answer(200, keys_json);
        EXPECT_EQ(outcome(fetch(make_container(context_))),
                  given.allowed ? "ok ASIA3" : "invalid_input bad_setting")
            << given.url;
    }
    unset("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/x");
    EXPECT_EQ(outcome(fetch(make_container(context_))), "invalid_input bad_setting");
}

TEST_F(ContainerTest, ThreeAttemptsASecondApart) {
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
    http_.answer(500, "{}").fail(ErrorKind::unclear, "timed_out").answer(200, keys_json);
    EXPECT_EQ(outcome(fetch(make_container(context_))), "ok ASIA3");
    EXPECT_EQ(clock_.slept(), Millis(2000));
    http_.answer(500).answer(503).answer(500, "x");
    EXPECT_EQ(outcome(fetch(make_container(context_))), "transient container_unavailable");
    http_.fail(ErrorKind::transient, "connect_failed")
        .fail(ErrorKind::unclear, "timed_out")
        .fail(ErrorKind::unclear, "timed_out");
    EXPECT_EQ(outcome(fetch(make_container(context_))), "transient timed_out");
    http_.answer(404, R"({"code":"NoRole","message":"no role for this task"})");
    auto refused = fetch(make_container(context_));
    EXPECT_EQ(outcome(refused), "credentials container_refused");
    EXPECT_NE(refused.error().message.find("no role for this task"), std::string::npos);
}

TEST_F(ContainerTest, AnswersThatAreNoKeys) {
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
    struct Case {
        const char* body;
        const char* code;
    };
    for (const Case& given :
         {Case{"", "unreadable_answer"}, Case{"<html>", "unreadable_answer"}, Case{"[]", "unreadable_answer"},
          Case{"{}", "incomplete_keys"}, Case{R"({"AccessKeyId":"A"})", "incomplete_keys"},
          Case{R"({"AccessKeyId":"A","SecretAccessKey":"long-secret-x","Expiration":"never"})",
               "bad_expiration"}}) {
        http_.answer(200, given.body);
        auto keys = fetch(make_container(context_));
        EXPECT_EQ(outcome(keys), std::string("credentials ") + given.code) << given.body;
        EXPECT_EQ(keys.error().message.find("long-secret-x"), std::string::npos);
    }
}

class InstanceMetadataTest : public test::AuthTest {
  protected:
    static constexpr const char* keys_json =
        R"({"Code":"Success","LastUpdated":"x","Type":"AWS-HMAC","AccessKeyId":"ASIA4","SecretAccessKey":"instance-secret","Token":"instance-token","Expiration":"2026-01-02T09:00:00Z"})";
    SourcePtr source_ = make_instance_metadata(context_);
};

TEST_F(InstanceMetadataTest, TokenRoleKeys) {
    http_.answer(200, "session-token-1").answer(200, "etl role\n").answer(200, keys_json);
    auto keys = fetch(source_);
    ASSERT_EQ(outcome(keys), "ok ASIA4");
    EXPECT_EQ(keys.value().source, "EC2 instance role etl role");
    ASSERT_EQ(http_.requests().size(), 3u);
    EXPECT_EQ(http_.requests()[0].method, "PUT");
    EXPECT_EQ(http_.requests()[0].url, "http://169.254.169.254/latest/api/token");
    EXPECT_EQ(header_of(http_.requests()[0], "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
    EXPECT_EQ(http_.requests()[1].url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
    EXPECT_EQ(http_.requests()[2].url,
              "http://169.254.169.254/latest/meta-data/iam/security-credentials/etl%20role");
    for (const http::Request& request : http_.requests()) {
        EXPECT_FALSE(request.use_proxy);
        EXPECT_EQ(request.timeout, Millis(1000));
        if (request.method == "GET") {
            EXPECT_EQ(header_of(request, "x-aws-ec2-metadata-token"), "session-token-1");
        }
    }
    EXPECT_TRUE(source_->outlives_expiry());
    EXPECT_EQ(redact("instance-secret"), "[redacted]");
}

TEST_F(InstanceMetadataTest, TokenIsKeptAndReplacedAfter401) {
    http_.answer(200, "session-token-1").answer(200, "r").answer(200, keys_json);
    EXPECT_EQ(outcome(fetch(source_)), "ok ASIA4");
    http_.answer(401).answer(200, "session-token-2").answer(200, "r").answer(200, keys_json);
    EXPECT_EQ(outcome(fetch(source_)), "ok ASIA4");
    EXPECT_EQ(header_of(http_.requests()[3], "x-aws-ec2-metadata-token"), "session-token-1");
    EXPECT_EQ(header_of(http_.requests()[5], "x-aws-ec2-metadata-token"), "session-token-2");
    http_.answer(401).answer(200, "session-token-3").answer(401);
    EXPECT_EQ(outcome(fetch(source_)), "credentials metadata_refused");
}

TEST_F(InstanceMetadataTest, VersionOneIsNeverUsed) {
    for (int status : {403, 404, 405}) {
        http_.answer(status);
        EXPECT_EQ(outcome(fetch(source_)), "credentials metadata_v2_unavailable");
    }
    http_.fail(ErrorKind::unclear, "timed_out");
    auto silent = fetch(source_);
    EXPECT_EQ(outcome(silent), "transient timed_out");
    EXPECT_NE(silent.error().remedy.find("hop limit"), std::string::npos);
    EXPECT_EQ(http_.requests().size(), 4u);
    for (const http::Request& request : http_.requests()) EXPECT_EQ(request.method, "PUT");
}

TEST_F(InstanceMetadataTest, Refusals) {
    http_.answer(200, "t").answer(404);
    EXPECT_EQ(outcome(fetch(source_)), "credentials no_instance_profile");
    http_.answer(200, "r").answer(
        200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})");
    auto refused = fetch(source_);
    EXPECT_EQ(outcome(refused), "credentials AssumeRoleUnauthorizedAccess");
    EXPECT_NE(refused.error().message.find("EC2 cannot assume the role"), std::string::npos);
    http_.answer(503);
    EXPECT_EQ(outcome(fetch(source_)), "transient metadata_unavailable");
    http_.answer(200, " \n");
    EXPECT_EQ(outcome(fetch(source_)), "credentials no_instance_profile");
}

TEST_F(InstanceMetadataTest, Settings) {
    set("AWS_EC2_METADATA_DISABLED", "TRUE");
    EXPECT_EQ(outcome(fetch(source_)), "not_found not_configured");
    unset("AWS_EC2_METADATA_DISABLED");
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    set("AWS_METADATA_SERVICE_TIMEOUT", "5");
    set("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2");
    http_.answer(500).answer(500);
    EXPECT_EQ(outcome(fetch(source_)), "transient metadata_unavailable");
    EXPECT_EQ(http_.requests()[1].url, "http://[fd00:ec2::254]/latest/api/token");
    EXPECT_EQ(http_.requests()[1].timeout, Millis(5000));
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:4570/");
    set("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many");
    http_.answer(500);
    EXPECT_EQ(outcome(fetch(source_)), "transient metadata_unavailable");
    EXPECT_EQ(http_.requests()[2].url, "http://127.0.0.1:4570/latest/api/token");
}

TEST_F(InstanceMetadataTest, InstanceProfileAsksTheContainerFirst) {
    set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
    http_.answer(404);
    EXPECT_EQ(outcome(fetch(make_instance_profile(context_))), "credentials container_refused");
    unset("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    http_.answer(200, "t").answer(200, "r").answer(200, keys_json);
    EXPECT_EQ(outcome(fetch(make_instance_profile(context_))), "ok ASIA4");
    set("AWS_EC2_METADATA_DISABLED", "true");
    EXPECT_EQ(outcome(fetch(make_instance_profile(context_))), "credentials not_configured");
}

class CredentialProcessTest : public test::AuthTest {};

TEST_F(CredentialProcessTest, Output) {
    processes_.results.push_back(ProcessResult{
        0,
        R"({"Version":1,"AccessKeyId":"ASIA5","SecretAccessKey":"process-secret","SessionToken":"process-token","Expiration":"2026-01-02T09:00:00Z","AccountId":"1"})",
        ""});
    auto keys = fetch(make_process("/opt/get-keys --user 'a b' \"c\\\"d\"", "etl", context_));
    ASSERT_EQ(outcome(keys), "ok ASIA5");
    EXPECT_EQ(keys.value().session_token.reveal(), "process-token");
    EXPECT_EQ(keys.value().source, "credential_process of profile etl");
    EXPECT_EQ(processes_.started.at(0), (std::vector<std::string>{"/opt/get-keys", "--user", "a b", "c\"d"}));
    EXPECT_EQ(redact("process-secret"), "[redacted]");
}

TEST_F(CredentialProcessTest, Failures) {
    struct Case {
        ProcessResult result;
        const char* code;
    };
    for (const Case& given :
         {Case{{1, "hidden-output", "not logged in"}, "process_failed"},
          Case{{0, "nonsense", ""}, "unreadable_answer"},
          Case{{0, R"({"AccessKeyId":"A","SecretAccessKey":"b"})", ""}, "process_output_unknown"},
          Case{{0, R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"b"})", ""}, "process_output_unknown"},
          Case{{0, R"({"Version":1,"AccessKeyId":"A"})", ""}, "incomplete_keys"}}) {
        processes_.results.push_back(given.result);
        auto keys = fetch(make_process("x", "etl", context_));
        EXPECT_EQ(outcome(keys), std::string("credentials ") + given.code);
        EXPECT_NE(keys.error().message.find("profile etl"), std::string::npos);
        EXPECT_EQ(keys.error().message.find("hidden-output"), std::string::npos);
        if (given.result.exit_code != 0) {
            EXPECT_NE(keys.error().message.find("not logged in"), std::string::npos);
        }
    }
    EXPECT_EQ(outcome(fetch(make_process("'open", "etl", context_))), "invalid_input bad_command_line");
    EXPECT_EQ(outcome(fetch(make_process("  ", "etl", context_))), "invalid_input bad_command_line");
}

}  // namespace
}  // namespace polysync::aws
