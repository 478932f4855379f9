// Azure managed identity, on a virtual machine or in App Service and Container Apps (aws-facts 13.1).
#include <fmt/format.h>

#include "aws/auth/fetch.h"
#include "aws/auth/sources.h"
#include "aws/core/json_reader.h"

namespace polysync::aws {
namespace {

struct TokenAnswer {
    std::string access_token, error, description;
};

const ObjectShape& token_shape() {
    static const ObjectShape shape{
        field<&TokenAnswer::access_token>("access_token"), field<&TokenAnswer::error>("error"),
        field<&TokenAnswer::description>("error_description"), field<&TokenAnswer::description>("message")};
    return shape;
}

bool is_temporary(int status) { return status == 404 || status == 408 || status == 429 || status >= 500; }
bool is_updating(int status) { return status == 410; }

class AzureManagedIdentity final : public WebTokenSource {
  public:
    AzureManagedIdentity(const IdentityConfig& config, AuthEnvironment& auth)
        : resource_(config.resource.empty() ? config.audience : config.resource),
          client_id_(config.client_id),
          auth_(auth) {}

    Async<Result<Secret>> token() override {
        if (resource_.empty()) {
            co_return make_error(
                ErrorKind::invalid_input, "no_resource",
                "No resource is named for the managed identity's token",
                "Set resource (or audience) to the app id URI or GUID that IAM's identity provider lists.");
        }
        FetchRules rules;
        rules.attempts = 3;
        rules.doubling = true;
        rules.is_temporary = &is_temporary;
        Result<http::Response> answer = co_await fetch(auth_, make_request(), rules);
        if (answer && is_updating(answer.value().status)) {  // up to 70 s, as Azure documents
            FetchRules patient;
            patient.attempts = 7;
            patient.first_delay = std::chrono::seconds(10);
            patient.is_temporary = &is_updating;
            answer = co_await fetch(auth_, make_request(), patient);
        }
        if (!answer) co_return unreachable(std::move(answer).error());
        co_return read(std::move(answer).value());
    }
    std::string describe() const override {
        return client_id_.empty() ? "Azure managed identity"
                                  : fmt::format("Azure managed identity {}", client_id_);
    }

  private:
    bool is_app_service() const { return !auth_.environment.value("IDENTITY_ENDPOINT").empty(); }

    http::Request make_request() const {
        http::Request request;
        std::string query = fmt::format("resource={}", percent_encoded(resource_));
        if (!client_id_.empty()) query += fmt::format("&client_id={}", percent_encoded(client_id_));
        if (is_app_service()) {
            std::string endpoint = auth_.environment.value("IDENTITY_ENDPOINT"),
                        header = auth_.environment.value("IDENTITY_HEADER");
            register_secret(header);
            request.url = fmt::format("{}?api-version=2019-08-01&{}", endpoint, query);
            request.headers.push_back({"X-IDENTITY-HEADER", std::move(header)});
        } else {
            std::string host = auth_.environment.value("AZURE_POD_IDENTITY_AUTHORITY_HOST");
            while (!host.empty() && host.back() == '/') host.pop_back();
            if (host.empty()) host = "http://169.254.169.254";
            request.url =
                fmt::format("{}/metadata/identity/oauth2/token?api-version=2018-02-01&{}", host, query);
            request.headers.push_back({"Metadata", "true"});
        }
        request.connect_timeout = std::chrono::seconds(1);
        request.timeout = std::chrono::seconds(10);
        request.use_proxy = false;
        return request;
    }

    static Error unreachable(Error error) {
        if (error.kind == ErrorKind::cancelled) return error;
        error.message = fmt::format("Azure's managed identity endpoint cannot be reached: {}", error.message);
        error.remedy = "This works only on Azure, on a machine or app with a managed identity.";
        return error;
    }

    static Result<Secret> read(http::Response response) {
        auto answer = decode_json<TokenAnswer>(response.body, token_shape());
        if (response.status != 200) {
            ErrorKind kind = is_temporary(response.status) || is_updating(response.status)
                                 ? ErrorKind::transient
                                 : ErrorKind::credentials;
            std::string why =
                answer ? fmt::format(": {} {}", answer.value().error, answer.value().description) : "";
            return make_error(
                kind, "managed_identity_refused",
                fmt::format("Azure's managed identity endpoint answered {}{}", response.status, why),
                "Assign the identity to this machine, and check client_id and resource.");
        }
        if (!answer || answer.value().access_token.empty()) {
            return make_error(ErrorKind::credentials, "unreadable_answer",
                              "Azure's managed identity endpoint gave no access_token");
        }
        register_secret(answer.value().access_token, SecretLife::passing);
        return Secret(std::move(answer.value().access_token));
    }

    std::string resource_, client_id_;
    AuthEnvironment& auth_;
};

}  // namespace

WebTokenSourcePtr make_azure_managed_identity(const IdentityConfig& config, const SourceContext& context) {
    return std::make_unique<AzureManagedIdentity>(config, context.auth);
}

}  // namespace polysync::aws
