#include "aws/sts/decode.h"

#include <pugixml.hpp>

namespace polysync::aws::sts {
namespace {

Error unreadable(std::string_view what) {
    return make_error(ErrorKind::internal, "unreadable_answer", "the answer of STS " + std::string(what));
}

std::string text_of(const pugi::xml_node& parent, const char* name) {
    std::string_view text = parent.child(name).child_value();
    constexpr std::string_view white = " \t\r\n";
    std::size_t begin = text.find_first_not_of(white);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(white) - begin + 1));
}

// <OpResponse><OpResult>…
Result<pugi::xml_node> result_node(pugi::xml_document& document, std::string_view xml,
                                   const std::string& operation) {
    constexpr unsigned options = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata;
    if (!document.load_buffer(xml.data(), xml.size(), options)) return unreadable("is not XML");
    pugi::xml_node result =
        document.child((operation + "Response").c_str()).child((operation + "Result").c_str());
    if (!result) return unreadable("has no " + operation + "Result");
    return result;
}

Result<AssumedRole> decode_role(std::string_view xml, const std::string& operation) {
    pugi::xml_document document;
    POLYSYNC_TRY(pugi::xml_node result, result_node(document, xml, operation));
    pugi::xml_node given = result.child("Credentials");
    AssumedRole role;
    role.credentials.access_key_id = text_of(given, "AccessKeyId");
    role.credentials.secret_access_key = Secret(text_of(given, "SecretAccessKey"));
    role.credentials.session_token = Secret(text_of(given, "SessionToken"));
    register_secret(role.credentials.secret_access_key.reveal(), SecretLife::passing);
    register_secret(role.credentials.session_token.reveal(), SecretLife::passing);
    auto expiration = parse_iso8601(text_of(given, "Expiration"));
    if (role.credentials.access_key_id.empty() || role.credentials.secret_access_key.empty() ||
        role.credentials.session_token.empty() || !expiration)
        return unreadable("lacks a part of the credentials");
    role.credentials.expiration = expiration.value();
    role.assumed_role_arn = text_of(result.child("AssumedRoleUser"), "Arn");
    role.subject = text_of(result, "SubjectFromWebIdentityToken");
    role.provider = text_of(result, "Provider");
    role.audience = text_of(result, "Audience");
    return role;
}

}  // namespace

Result<CallerIdentity> decode_caller_identity(std::string_view xml) {
    pugi::xml_document document;
    POLYSYNC_TRY(pugi::xml_node result, result_node(document, xml, "GetCallerIdentity"));
    CallerIdentity identity;
    identity.account = text_of(result, "Account");
    identity.arn = text_of(result, "Arn");
    identity.user_id = text_of(result, "UserId");
    if (identity.account.empty() || identity.arn.empty()) return unreadable("lacks the account or the ARN");
    return identity;
}

Result<AssumedRole> decode_assume_role(std::string_view xml) { return decode_role(xml, "AssumeRole"); }

Result<AssumedRole> decode_assume_role_with_web_identity(std::string_view xml) {
    return decode_role(xml, "AssumeRoleWithWebIdentity");
}

}  // namespace polysync::aws::sts
