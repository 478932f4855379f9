#include "aws/sts/client.h"

#include "aws/core/client_call.h"
#include "aws/core/query.h"
#include "aws/sts/decode.h"
#include "aws/sts/operations.h"

namespace polysync::aws {
namespace {

QueryForm form_of(const Operation& operation) { return {operation.name, operation.service->api_version}; }

template <class T>
Async<Result<T>> call_query(std::shared_ptr<Connection> connection, const Operation& operation,
                            std::string body, Result<T> (*decode)(std::string_view)) {
    POLYSYNC_CO_TRY(Answer answer, co_await connection->call(operation, std::move(body)));
    Result<T> decoded = decode(answer.body);
    if (!decoded) co_return unusable_answer(operation, answer, operation.repeat, std::move(decoded.error()));
    co_return decoded;
}

std::string text_of(const std::optional<int>& number) {
    return number ? std::to_string(*number) : std::string();
}

}  // namespace

Async<Result<sts::CallerIdentity>> StsClient::get_caller_identity() {
    QueryForm form = form_of(sts::get_caller_identity);
    return call_query(connection_, sts::get_caller_identity, std::move(form).text(),
                      &sts::decode_caller_identity);
}

Async<Result<sts::AssumedRole>> StsClient::assume_role(sts::AssumeRoleRequest request) {
    QueryForm form = form_of(sts::assume_role);
    form.add("RoleArn", request.role_arn).add("RoleSessionName", request.session_name);
    form.add_if("ExternalId", request.external_id)
        .add_if("DurationSeconds", text_of(request.duration_seconds));
    return call_query(connection_, sts::assume_role, std::move(form).text(), &sts::decode_assume_role);
}

Async<Result<sts::AssumedRole>> StsClient::assume_role_with_web_identity(sts::WebIdentityRequest request) {
    QueryForm form = form_of(sts::assume_role_with_web_identity);
    form.add("RoleArn", request.role_arn).add("RoleSessionName", request.session_name);
    form.add("WebIdentityToken", request.token.reveal());
    form.add_if("DurationSeconds", text_of(request.duration_seconds));
    return call_query(connection_, sts::assume_role_with_web_identity, std::move(form).text(),
                      &sts::decode_assume_role_with_web_identity);
}

}  // namespace polysync::aws
