// EC2 instance metadata, version 2 (aws-facts 9.4). Version 1 is never used: it hands keys to whoever can
// make this machine send a GET request.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "aws/auth/fetch.h"
#include "aws/auth/key_document.h"
#include "aws/auth/sources.h"

namespace polysync::aws {
namespace {

constexpr std::string_view role_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view token_ttl_s = "21600";

std::string trimmed(std::string text) {
    std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return {};
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    return text.substr(begin);
}

int bounded_number(const std::string& text, int usual, int most) {
    int value = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool whole = status == std::errc() && end == text.data() + text.size();
    return whole && value > 0 ? std::min(value, most) : usual;
}

class InstanceMetadataSource final : public CredentialsSource {
  public:
    explicit InstanceMetadataSource(AuthEnvironment& auth) : auth_(auth) {}

    Async<Result<Credentials>> fetch() override {
        if (auth_.environment.flag("AWS_EC2_METADATA_DISABLED")) {
            co_return make_error(ErrorKind::not_found, "not_configured", "AWS_EC2_METADATA_DISABLED is true");
        }
        base_ = endpoint();
        Result<Credentials> keys = co_await read();
        if (!keys && keys.error().http_status == 401 && !token_.empty()) {  // the token has ended: once more
                                                                            // with a new one
            token_.clear();
            co_return co_await read();
        }
        co_return keys;
    }
    bool outlives_expiry() const override { return true; }

  private:
    std::string endpoint() const {
        std::string base = auth_.environment.value("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        if (base.empty()) {
            std::string mode = auth_.environment.value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
            base = mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
        }
        while (!base.empty() && base.back() == '/') base.pop_back();
        return base;
    }

    Async<Result<Credentials>> read() {
        if (token_.empty()) {
            POLYSYNC_CO_TRY(token_, co_await new_token());
        }
        POLYSYNC_CO_TRY(std::string role, co_await get(std::string(role_path)));
        role = trimmed(std::move(role));
        role.erase(std::min(role.find('\n'), role.size()));
        if (role.empty()) co_return no_profile();
        POLYSYNC_CO_TRY(std::string text, co_await get(std::string(role_path) + percent_encoded(role)));
        std::string origin = fmt::format("the EC2 instance metadata of role {}", role);
        POLYSYNC_CO_TRY(KeyDocument document, read_key_document(std::move(text), origin));
        POLYSYNC_CO_TRY(Credentials keys, keys_of(document, origin));
        keys.source = fmt::format("EC2 instance role {}", role);
        co_return keys;
    }

    static Error no_profile() {
        return make_error(ErrorKind::credentials, "no_instance_profile",
                          "This EC2 instance has no instance profile", "Attach an IAM role to the instance.");
    }

    Async<Result<std::string>> new_token() {
        http::Request request = request_for("PUT", "/latest/api/token");
        request.headers.push_back({"x-aws-ec2-metadata-token-ttl-seconds", std::string(token_ttl_s)});
        POLYSYNC_CO_TRY(std::string token, co_await exchange(std::move(request)));
        token = trimmed(std::move(token));
        if (token.empty() || token.find_first_of("\r\n") != std::string::npos) {
            co_return make_error(ErrorKind::credentials, "unreadable_answer",
                                 fmt::format("{} gave no token", base_));
        }
        register_secret(token, SecretLife::passing);
        co_return token;
    }

    Async<Result<std::string>> get(std::string path) {
        http::Request request = request_for("GET", path);
        request.headers.push_back({"x-aws-ec2-metadata-token", token_});
        co_return co_await exchange(std::move(request));
    }

    http::Request request_for(std::string method, std::string_view path) const {
        int timeout_s = bounded_number(auth_.environment.value("AWS_METADATA_SERVICE_TIMEOUT"), 1, 60);
        http::Request request;
        request.method = std::move(method);
        request.url = base_ + std::string(path);
        request.connect_timeout = request.timeout = std::chrono::seconds(timeout_s);
        request.use_proxy = false;
        return request;
    }

    Async<Result<std::string>> exchange(http::Request request) {
        bool is_token = request.method == "PUT";
        FetchRules rules;
        rules.attempts = bounded_number(auth_.environment.value("AWS_METADATA_SERVICE_NUM_ATTEMPTS"), 1, 10);
        Result<http::Response> answer = co_await aws::fetch(auth_, std::move(request), rules);
        if (!answer) co_return unreachable(std::move(answer).error(), is_token);
        int status = answer.value().status;
        if (status == 200) co_return std::move(answer.value().body);
        Error error = status_error(status, is_token);
        error.http_status = status;
        co_return error;
    }

    Error unreachable(Error error, bool is_token) const {
        if (error.kind == ErrorKind::cancelled) return error;
        error.message =
            fmt::format("the EC2 instance metadata ({}) cannot be reached: {}", base_, error.message);
        error.remedy = is_token && error.code == "timed_out"
                           ? "In a container the metadata needs a hop limit of 2: aws ec2 "
                             "modify-instance-metadata-options "
                             "--http-put-response-hop-limit 2."
                           : "This works only on an EC2 instance with metadata switched on.";
        return error;
    }

    Error status_error(int status, bool is_token) const {
        if (status >= 500 || status == 429) {
            return make_error(ErrorKind::transient, "metadata_unavailable",
                              fmt::format("{} answered {}", base_, status));
        }
        if (!is_token && status == 404) return no_profile();
        if (is_token && (status == 403 || status == 404 || status == 405)) {
            return make_error(
                ErrorKind::credentials, "metadata_v2_unavailable",
                fmt::format("{} answered {} to the request for a version 2 token; version 1 is not used",
                            base_, status),
                "Switch instance metadata on, with version 2 (IMDSv2).");
        }
        return make_error(ErrorKind::credentials, "metadata_refused",
                          fmt::format("{} answered {}", base_, status));
    }

    AuthEnvironment& auth_;
    std::string base_;
    std::string token_;
};

}  // namespace

SourcePtr make_instance_metadata(const SourceContext& context) {
    return std::make_unique<InstanceMetadataSource>(context.auth);
}

}  // namespace polysync::aws
