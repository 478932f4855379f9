#include "aws/core/error_answer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include <pugixml.hpp>

#include "aws/core/error_codes.h"
#include "aws/core/http_date.h"
#include "aws/core/json_reader.h"
#include "base/utf8.h"

namespace polysync::aws {
namespace {

constexpr std::size_t max_message_bytes = 4096;
constexpr std::size_t max_code_bytes = 256;

struct ErrorBody {
    std::string type, code, Code, message, Message, error_message, reason, kms_key_state, request_id;
};

const ObjectShape& error_shape() {
    static const ObjectShape shape{
        field<&ErrorBody::type>("__type"),     field<&ErrorBody::code>("code"),
        field<&ErrorBody::Code>("Code"),       field<&ErrorBody::message>("message"),
        field<&ErrorBody::Message>("Message"), field<&ErrorBody::error_message>("errorMessage"),
        field<&ErrorBody::reason>("reason"),   field<&ErrorBody::kms_key_state>("kmsKeyState"),
    };
    return shape;
}

std::string first_of(std::initializer_list<std::string_view> candidates) {
    for (auto candidate : candidates)
        if (!candidate.empty()) return std::string(candidate);
    return {};
}

// "com.amazonaws.glue#EntityNotFoundException:http://…,x" → "EntityNotFoundException"
std::string clean_code(std::string_view code) {
    code = code.substr(0, code.find(','));
    code = code.substr(0, code.find(':'));
    if (auto hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
    while (!code.empty() && static_cast<unsigned char>(code.front()) <= ' ') code.remove_prefix(1);
    while (!code.empty() && static_cast<unsigned char>(code.back()) <= ' ') code.remove_suffix(1);
    return std::string(code.substr(0, max_code_bytes));
}

std::string cut(std::string_view text, std::size_t max) {
    if (text.size() <= max) return std::string(text);
    return std::string(utf8_prefix(text, max)) + "…";
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

std::string child_text(const pugi::xml_node& node, const char* name) {
    return std::string(trimmed(node.child(name).child_value()));
}

// <ErrorResponse><Error>…, <Response><Errors><Error>…, or what JSON services say of a wrong target:
// <UnknownOperationException/>. Nothing found: an HTML page or the like.
void read_xml(std::string_view text, ErrorBody& body) {
    pugi::xml_document document;
    if (!document.load_buffer(text.data(), text.size(),
                              pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata))
        return;
    pugi::xml_node root = document.document_element();
    pugi::xml_node error = root.child("Error") ? root.child("Error") : root.child("Errors").child("Error");
    if (error) {
        body.code = child_text(error, "Code");
        body.message = child_text(error, "Message");
    } else if (std::string_view(root.name()).ends_with("Exception")) {
        body.code = root.name();
        body.message = first_of({child_text(root, "Message"), child_text(root, "message")});
    }
    body.request_id = first_of({child_text(root, "RequestId"), child_text(root, "RequestID")});
}

bool is_same_folded(char c, char lower) { return std::tolower(static_cast<unsigned char>(c)) == lower; }

std::size_t find_folded(std::string_view text, std::string_view lower) {
    auto at = std::search(text.begin(), text.end(), lower.begin(), lower.end(), is_same_folded);
    return at == text.end() ? std::string_view::npos : std::size_t(at - text.begin());
}

// The words of a web page, its title first; of bounded length.
std::string words_of_page(std::string_view page) {
    page = page.substr(0, 4096);
    if (auto title = find_folded(page, "<title>"); title != std::string_view::npos) {
        page.remove_prefix(title + 7);
        page = page.substr(0, page.find('<'));
    }
    std::string words;
    bool in_tag = false;
    for (char c : page) {
        bool is_space = static_cast<unsigned char>(c) <= ' ';
        if (c == '<') in_tag = true;
        if (!in_tag && !is_space) words += c;
        if ((c == '>' || is_space) && !words.empty() && words.back() != ' ') words += ' ';
        if (c == '>') in_tag = false;
    }
    return cut(trimmed(words), 200);
}

// AWS's services answer no HTML: what does stands in between.
std::string describe_page(std::string_view body) {
    std::string_view start = body.substr(0, 14);
    if (find_folded(start, "<!doctype html") != 0 && find_folded(start, "<html") != 0) return {};
    std::string words = words_of_page(body);
    return "a web page came instead of an answer from AWS" + (words.empty() ? "" : ": " + words) +
           " (a proxy, gateway or wrong endpoint in between?)";
}

ErrorBody read_body(const std::string& text) {
    ErrorBody body;
    std::string_view visible = trimmed(text);
    if (visible.starts_with('{')) {
        std::string copy(visible);
        (void)read_json(copy, &body, error_shape());
    } else if (visible.starts_with('<')) {
        read_xml(visible, body);
    }
    return body;
}

std::string code_of(Protocol protocol, const ErrorBody& body, std::string_view header) {
    bool header_first = protocol == Protocol::rest_json;
    std::string in_body = first_of({body.code, body.Code});
    return clean_code(header_first ? first_of({header, in_body, body.type})
                                   : first_of({body.type, in_body, header}));
}

std::optional<long long> non_negative(std::string_view text) {
    long long value = 0;
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::string request_id_of(const http::Response& response) {
    for (std::string_view name : {"x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"}) {
        std::string_view value = response.header(name);
        if (!value.empty()) return cut(value, 256);
    }
    return {};
}

std::optional<Millis> retry_hint_of(const http::Response& response, SystemTime now) {
    constexpr long long max_ms = 24LL * 3600 * 1000;
    std::string_view own = trimmed(response.header("x-amz-retry-after"));
    if (!own.empty()) {
        auto ms = non_negative(own);
        if (ms) return Millis(std::min(*ms, max_ms));
    }
    std::string_view common = trimmed(response.header("retry-after"));
    if (common.empty()) return std::nullopt;
    if (auto seconds = non_negative(common)) return Millis(std::min(*seconds, max_ms / 1000) * 1000);
    if (auto date = parse_http_date(common); date && *date >= now)
        return std::min(*date - now, Millis(max_ms));
    return std::nullopt;
}

Error decode_error_answer(const Operation& operation, const http::Response& response, SystemTime now) {
    ErrorBody body = read_body(response.body);
    Error error;
    error.service = operation.service->name;
    error.operation = operation.name;
    error.http_status = response.status;
    error.request_id = request_id_of(response);
    if (error.request_id.empty()) error.request_id = cut(body.request_id, 256);
    error.retry_after = retry_hint_of(response, now);

    error.code = code_of(operation.service->protocol, body, response.header("x-amzn-errortype"));
    std::string page = describe_page(trimmed(response.body));
    std::string message =
        first_of({body.message, body.Message, body.error_message, page, trimmed(response.body)});
    if (!body.reason.empty()) message += " (reason: " + body.reason + ")";
    if (!body.kms_key_state.empty()) message += " (KMS key state: " + body.kms_key_state + ")";
    error.message = cut(message, max_message_bytes);
    error.kind = classify_error(error.code, error.message, error.http_status).kind;
    if (error.code.empty()) error.code = std::to_string(response.status);
    return error;
}

}  // namespace polysync::aws
