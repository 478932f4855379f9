// Microsoft Entra ID client credentials: with a secret, or with a federated token as assertion
// (aws-facts 13.1).
#include <fmt/format.h>

#include "aws/auth/fetch.h"
#include "aws/auth/sources.h"
#include "aws/config/secret_reference.h"
#include "aws/core/json_reader.h"

namespace polysync::aws {
namespace {

struct TokenAnswer {
    std::string access_token, error, description;
};

const ObjectShape& token_shape() {
    static const ObjectShape shape{field<&TokenAnswer::access_token>("access_token"),
                                   field<&TokenAnswer::error>("error"),
                                   field<&TokenAnswer::description>("error_description")};
    return shape;
}

class EntraToken final : public WebTokenSource {
  public:
    EntraToken(const IdentityConfig& config, const SourceContext& context)
        : config_(config), auth_(context.auth) {
        const Environment& environment = auth_.environment;
        tenant_ = config.tenant_id.empty() ? environment.value("AZURE_TENANT_ID") : config.tenant_id;
        client_ = config.client_id.empty() ? environment.value("AZURE_CLIENT_ID") : config.client_id;
        if (config.token_origin == WebTokenOrigin::entra_client_assertion) {
            std::string path = config.token_file.empty() ? environment.value("AZURE_FEDERATED_TOKEN_FILE")
                                                         : config.token_file;
            if (!path.empty())
                assertion_ = make_token_file(std::move(path),
                                             "the federated token (AZURE_FEDERATED_TOKEN_FILE)", context);
        }
    }

    Async<Result<Secret>> token() override {
        POLYSYNC_CO_TRY(std::string url, token_url());
        POLYSYNC_CO_TRY(std::string form, co_await make_form());
        http::Request request;
        request.method = "POST";
        request.url = std::move(url);
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.headers.push_back({"Accept", "application/json"});
        request.body = std::move(form);
        request.timeout = std::chrono::seconds(30);
        std::string place = request.url;
        FetchRules rules;
        rules.attempts = 3;
        rules.doubling = true;
        Result<http::Response> answer = co_await fetch(auth_, std::move(request), rules);
        if (!answer) {
            Error error = std::move(answer).error();
            error.message = fmt::format("Entra ID ({}) cannot be reached: {}", place, error.message);
            co_return error;
        }
        co_return read(std::move(answer).value());
    }
    std::string describe() const override {
        return fmt::format("Entra ID app {} in tenant {}", client_, tenant_);
    }

  private:
    static Error missing(std::string_view attribute, std::string_view variable) {
        return make_error(ErrorKind::invalid_input, "missing_attribute",
                          fmt::format("{} is not set, nor is {}", attribute, variable), "Set one of them.");
    }

    // An ID becomes part of a URL.
    static bool is_plain(std::string_view id) {
        return id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._") ==
               std::string_view::npos;
    }

    Result<std::string> token_url() const {
        if (tenant_.empty()) return missing("tenant_id", "AZURE_TENANT_ID");
        if (client_.empty()) return missing("client_id", "AZURE_CLIENT_ID");
        if (!is_plain(tenant_)) {
            return make_error(ErrorKind::invalid_input, "bad_attribute",
                              "tenant_id must be a GUID or a domain name");
        }
        std::string host = config_.authority_host;
        if (host.empty()) host = auth_.environment.value("AZURE_AUTHORITY_HOST");
        if (host.empty()) host = "https://login.microsoftonline.com";
        if (host.find("://") == std::string::npos) host = "https://" + host;
        while (host.back() == '/') host.pop_back();
        bool local = host.starts_with("http://127.0.0.1:") || host.starts_with("http://localhost:");
        if (!local && !host.starts_with("https://")) {
            return make_error(ErrorKind::invalid_input, "bad_attribute",
                              "authority_host must be https: a secret is sent to it");
        }
        return fmt::format("{}/{}/oauth2/v2.0/token", host, tenant_);
    }

    Async<Result<std::string>> make_form() {
        std::string scope = config_.scope.empty() ? fmt::format("{}/.default", client_) : config_.scope;
        std::string form = fmt::format("grant_type=client_credentials&client_id={}&scope={}",
                                       percent_encoded(client_), percent_encoded(scope));
        if (config_.token_origin == WebTokenOrigin::entra_client_assertion) {
            if (!assertion_) co_return missing("token_file", "AZURE_FEDERATED_TOKEN_FILE");
            POLYSYNC_CO_TRY(Secret assertion, co_await assertion_->token());
            form +=
                "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
                "client_assertion=";
            form += percent_encoded(assertion.reveal());
            co_return form;
        }
        std::string reference =
            config_.client_secret.empty() ? std::string("env://AZURE_CLIENT_SECRET") : config_.client_secret;
        POLYSYNC_CO_TRY(Secret secret, resolve_secret(reference, "client_secret", auth_.environment));
        form += "&client_secret=" + percent_encoded(secret.reveal());
        co_return form;
    }

    Result<Secret> read(http::Response response) const {
        auto answer = decode_json<TokenAnswer>(response.body, token_shape());
        if (response.status == 200 && answer && !answer.value().access_token.empty()) {
            register_secret(answer.value().access_token, SecretLife::passing);
            return Secret(std::move(answer.value().access_token));
        }
        if (response.status == 200) {
            return make_error(ErrorKind::credentials, "unreadable_answer", "Entra ID gave no access_token");
        }
        ErrorKind kind =
            response.status == 429 || response.status >= 500 ? ErrorKind::transient : ErrorKind::credentials;
        if (!answer)
            return make_error(kind, "entra_refused", fmt::format("Entra ID answered {}", response.status));
        std::string code = answer.value().error.empty() ? std::string("entra_refused") : answer.value().error;
        return make_error(
            kind, std::move(code),
            fmt::format("Entra ID refused a token for {}: {}", describe(), answer.value().description),
            "Check tenant_id, client_id, the secret or federated credential, and scope in the app "
            "registration.");
    }

    IdentityConfig config_;
    AuthEnvironment& auth_;
    std::string tenant_, client_;
    WebTokenSourcePtr assertion_;
};

}  // namespace

WebTokenSourcePtr make_entra_token(const IdentityConfig& config, const SourceContext& context) {
    return std::make_unique<EntraToken>(config, context);
}

}  // namespace polysync::aws
