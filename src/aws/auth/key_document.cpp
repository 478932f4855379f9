#include "aws/auth/key_document.h"

#include <fmt/format.h>

#include "aws/core/json_reader.h"
#include "base/secret.h"

namespace polysync::aws {
namespace {

const ObjectShape& document_shape() {
    static const ObjectShape shape{field<&KeyDocument::code>("Code"),
                                   field<&KeyDocument::code>("code"),
                                   field<&KeyDocument::message>("Message"),
                                   field<&KeyDocument::message>("message"),
                                   field<&KeyDocument::access_key_id>("AccessKeyId"),
                                   field<&KeyDocument::secret_access_key>("SecretAccessKey"),
                                   field<&KeyDocument::token>("Token"),
                                   field<&KeyDocument::token>("SessionToken"),
                                   field<&KeyDocument::expiration>("Expiration"),
                                   field<&KeyDocument::version>("Version")};
    return shape;
}

Error refused(std::string_view code, std::string message) {
    return make_error(ErrorKind::credentials, std::string(code), std::move(message));
}

}  // namespace

Result<KeyDocument> read_key_document(std::string text, std::string_view origin) {
    auto document = decode_json<KeyDocument>(text, document_shape());
    if (document) {
        // Keys without an end are never fetched again.
        SecretLife life = document.value().expiration.empty() ? SecretLife::lasting : SecretLife::passing;
        register_secret(document.value().secret_access_key, life);
        register_secret(document.value().token, life);
        return document;
    }
    return refused("unreadable_answer", fmt::format("{} did not answer with a JSON object", origin));
}

Result<Credentials> keys_of(const KeyDocument& document, std::string_view origin) {
    if (!document.code.empty() && document.code != "Success") {
        return refused(document.code, fmt::format("{} refused: {}", origin, document.message));
    }
    if (document.access_key_id.empty() || document.secret_access_key.empty()) {
        return refused("incomplete_keys", fmt::format("{} gave no AccessKeyId and SecretAccessKey", origin));
    }
    Credentials keys;
    keys.access_key_id = document.access_key_id;
    keys.secret_access_key = Secret(document.secret_access_key);
    keys.session_token = Secret(document.token);
    if (!document.expiration.empty()) {
        auto expiration = parse_iso8601(document.expiration);
        if (!expiration)
            return refused("bad_expiration", fmt::format("{} gave an Expiration that is no time", origin));
        keys.expiration = expiration.value();
    }
    return keys;
}

}  // namespace polysync::aws
