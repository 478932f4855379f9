#include "model/platform.h"

#include "model/pipeline_run.h"

namespace polysync {

std::string_view to_string(PlatformType type) {
    switch (type) {
        case PlatformType::aws_glue:
            return "aws_glue";
        case PlatformType::aws_batch:
            return "aws_batch";
        case PlatformType::aws_sagemaker:
            return "aws_sagemaker";
        case PlatformType::aws_step_functions:
            return "aws_step_functions";
    }
    return "aws_glue";
}

std::string_view to_string(AuthMethod method) {
    switch (method) {
        case AuthMethod::web_identity:
            return "web_identity";
        case AuthMethod::access_key:
            return "access_key";
        case AuthMethod::assume_role:
            return "assume_role";
        case AuthMethod::instance_profile:
            return "instance_profile";
        case AuthMethod::default_chain:
            return "default_chain";
    }
    return "default_chain";
}

std::string_view to_string(TokenSource source) {
    switch (source) {
        case TokenSource::file:
            return "file";
        case TokenSource::azure_managed_identity:
            return "azure_managed_identity";
        case TokenSource::entra_client_secret:
            return "entra_client_secret";
        case TokenSource::entra_client_assertion:
            return "entra_client_assertion";
    }
    return "file";
}

std::string_view to_string(PipelineRunStatus status) {
    switch (status) {
        case PipelineRunStatus::starting:
            return "Starting";
        case PipelineRunStatus::running:
            return "Running";
        case PipelineRunStatus::success:
            return "Success";
        case PipelineRunStatus::failed:
            return "Failed";
        case PipelineRunStatus::cancelled:
            return "Cancelled";
    }
    return "Running";
}

std::optional<PlatformType> parse_platform_type(std::string_view word) {
    for (auto type : {PlatformType::aws_glue, PlatformType::aws_batch, PlatformType::aws_sagemaker,
                      PlatformType::aws_step_functions})
        if (word == to_string(type)) return type;
    return std::nullopt;
}

std::optional<AuthMethod> parse_auth_method(std::string_view word) {
    for (auto method : {AuthMethod::web_identity, AuthMethod::access_key, AuthMethod::assume_role,
                        AuthMethod::instance_profile, AuthMethod::default_chain})
        if (word == to_string(method)) return method;
    return std::nullopt;
}

std::optional<TokenSource> parse_token_source(std::string_view word) {
    for (auto source : {TokenSource::file, TokenSource::azure_managed_identity,
                        TokenSource::entra_client_secret, TokenSource::entra_client_assertion})
        if (word == to_string(source)) return source;
    return std::nullopt;
}

bool SecretReference::is_clear_text() const {
    return !text.empty() && !text.starts_with("env://") && !text.starts_with("file://") &&
           !text.starts_with("vault://");
}

}  // namespace polysync
