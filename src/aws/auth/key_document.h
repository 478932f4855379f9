// The JSON in which metadata endpoints and programs hand out keys.
#pragma once

#include <string>

#include "aws/auth/credentials.h"
#include "base/result.h"

namespace polysync::aws {

struct KeyDocument {
    std::string code, message;  // a refusal; "Success" or empty otherwise
    std::string access_key_id, secret_access_key;
    std::string token;       // `Token` or `SessionToken`
    std::string expiration;  // as written; may be empty
    std::optional<int> version;
};

// `origin` names the place in messages, which never quote the text. Errors: credentials, "unreadable_answer".
[[nodiscard]] Result<KeyDocument> read_key_document(std::string text, std::string_view origin);

// The document's keys, registered for redaction. Errors: credentials (refusal, missing keys, an expiry that
// cannot be read).
[[nodiscard]] Result<Credentials> keys_of(const KeyDocument& document, std::string_view origin);

}  // namespace polysync::aws
