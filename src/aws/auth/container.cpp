// ECS task roles and EKS Pod Identity (aws-facts 9.5).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "aws/auth/fetch.h"
#include "aws/auth/key_document.h"
#include "aws/auth/sources.h"

namespace polysync::aws {
namespace {

Error bad_setting(std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, "bad_setting", std::move(message), std::move(remedy));
}

bool is_loopback_v4(std::string_view host) {
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Keys must not be fetched over plain HTTP from anywhere but this machine and the container agents.
Status check_full_uri(std::string_view url) {
    if (url.starts_with("https://")) return success();
    if (!url.starts_with("http://"))
        return bad_setting("AWS_CONTAINER_CREDENTIALS_FULL_URI is no http:// or https:// URL");
    std::string_view authority = url.substr(7);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    std::string_view host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                                       : authority.substr(0, authority.find(':'));
    constexpr std::array<std::string_view, 5> allowed{"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                                      "[fd00:ec2::23]"};
    bool known = std::find(allowed.begin(), allowed.end(), host) != allowed.end();
    if (authority.find('@') == std::string_view::npos && (known || is_loopback_v4(host))) return success();
    return bad_setting(
        fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI names the host {} over plain http", host),
        "Use https, a loopback address, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].");
}

class ContainerSource final : public CredentialsSource {
  public:
    explicit ContainerSource(AuthEnvironment& auth) : auth_(auth) {}

    Async<Result<Credentials>> fetch() override {
        POLYSYNC_CO_TRY(http::Request request, make_request());
        std::string url = request.url;
        FetchRules rules;
        rules.attempts = 3;
        Result<http::Response> answer = co_await aws::fetch(auth_, std::move(request), rules);
        std::string origin = fmt::format("the container credentials endpoint {}", url);
        if (!answer) {
            Error error = std::move(answer).error();
            error.message = fmt::format("{} cannot be reached: {}", origin, error.message);
            co_return error;
        }
        co_return read(std::move(answer).value(), origin, url);
    }

  private:
    Result<http::Request> make_request() const {
        const Environment& environment = auth_.environment;
        std::string relative = environment.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        std::string full = environment.value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        http::Request request;
        if (!relative.empty()) {
            if (relative.front() != '/')
                return bad_setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with '/'");
            request.url = "http://169.254.170.2" + relative;
        } else if (!full.empty()) {
            POLYSYNC_TRY(check_full_uri(full));
            request.url = std::move(full);
        } else {
            return make_error(ErrorKind::not_found, "not_configured",
                              "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set");
        }
        POLYSYNC_TRY(std::string token, authorization());
        if (!token.empty()) request.headers.push_back({"Authorization", std::move(token)});
        request.headers.push_back({"Accept", "application/json"});
        request.connect_timeout = request.timeout = std::chrono::seconds(2);
        request.use_proxy = false;
        return request;
    }

    // Read again for every request: the agent rotates the file.
    Result<std::string> authorization() const {
        std::string path = auth_.environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        std::string token = auth_.environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        std::string_view place = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
        if (!path.empty()) {
            place = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
            auto text = auth_.environment.read_file(path, max_secret_bytes);
            if (!text) {
                return make_error(ErrorKind::credentials, "token_file_unreadable",
                                  fmt::format("{}: {}", place, text.error().message), text.error().remedy);
            }
            token = std::move(text).value();
        }
        register_secret(token, SecretLife::passing);
        if (token.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            return bad_setting(fmt::format("{} holds a line break", place));
        }
        return token;
    }

    static Result<Credentials> read(http::Response answer, const std::string& origin,
                                    const std::string& url) {
        if (answer.status >= 500 || answer.status == 429) {
            return make_error(ErrorKind::transient, "container_unavailable",
                              fmt::format("{} answered {}", origin, answer.status));
        }
        auto document = read_key_document(std::move(answer.body), origin);
        if (answer.status != 200) {
            std::string why =
                document ? fmt::format(": {} {}", document.value().code, document.value().message) : "";
            return make_error(ErrorKind::credentials, "container_refused",
                              fmt::format("{} answered {}{}", origin, answer.status, why),
                              "Check the task's role (ECS) or the pod identity association (EKS).");
        }
        if (!document) return document.error();
        POLYSYNC_TRY(Credentials keys, keys_of(document.value(), origin));
        keys.source = fmt::format("container credentials ({})", url);
        return keys;
    }

    AuthEnvironment& auth_;
};

}  // namespace

SourcePtr make_container(const SourceContext& context) {
    return std::make_unique<ContainerSource>(context.auth);
}

}  // namespace polysync::aws
