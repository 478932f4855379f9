#include "definition/fields.h"

#include <algorithm>
#include <map>
#include <regex>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "base/secret.h"

namespace polysync::definition {
namespace {

constexpr std::size_t max_text_bytes = 4096;

void sort_once(std::vector<Problem>& problems) {
    auto order = [](const Problem& a, const Problem& b) {
        return std::tie(a.mark.line, a.mark.column, a.message) <
               std::tie(b.mark.line, b.mark.column, b.message);
    };
    auto same = [&](const Problem& a, const Problem& b) { return !order(a, b) && !order(b, a); };
    std::sort(problems.begin(), problems.end(), order);
    problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
}

void check_url(const Member& member, Findings& findings) {
    const std::string& url = member.value.text;
    std::size_t scheme = url.find("://");
    std::string_view rest = scheme == std::string::npos ? url : std::string_view(url).substr(scheme + 3);
    std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (std::size_t user = authority.rfind('@'); user != std::string_view::npos) {
        std::string_view password = authority.substr(0, user);
        register_secret(password);
        if (auto colon = password.find(':'); colon != std::string_view::npos)
            register_secret(password.substr(colon + 1));
        findings.error(member.value.mark,
                       fmt::format("\"{}\" must not hold a user name or password; take them out of the URL",
                                   member.key));
        return;
    }
    if (!matches(url, url_pattern)) {
        findings.error(
            member.value.mark,
            fmt::format("\"{}\" must be a URL such as https://host or http://127.0.0.1:4570", member.key));
        return;
    }
    bool local =
        authority.starts_with("127.") || authority.starts_with("localhost") || authority.starts_with("[::1]");
    if (url.starts_with("http://") && !local) {
        findings.warn(member.value.mark,
                      fmt::format("\"{}\" is not encrypted; session tokens and data travel in "
                                  "clear text",
                                  member.key));
    }
}

void check_reference(const Member& member, std::string_view scheme, std::string_view pattern,
                     std::string_view form, Findings& findings) {
    std::string_view text = member.value.text;
    if (!text.starts_with(scheme)) return;
    if (!matches(text.substr(scheme.size()), pattern)) {
        findings.error(member.value.mark, fmt::format("\"{}\" must have the form {}", member.key, form));
    }
}

}  // namespace

void Findings::sort() {
    sort_once(errors_);
    sort_once(warnings_);
}

bool matches(std::string_view text, std::string_view pattern) {
    if (text.size() > max_text_bytes) return false;
    // Compiling costs far more than matching; the patterns are few, and constants.
    thread_local std::map<std::string, std::regex, std::less<>> compiled;
    auto found = compiled.find(pattern);
    if (found == compiled.end())
        found =
            compiled.emplace(pattern, std::regex(pattern.begin(), pattern.end(), std::regex::optimize)).first;
    return std::regex_match(text.begin(), text.end(), found->second);
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
    std::string out;
    if (auto near = nearest_word(word, known); !near.empty())
        out += fmt::format("; did you mean \"{}\"?", near);
    return out + fmt::format(" Known: {}", fmt::join(known, ", "));
}

void refuse_unknown_keys(const Node& map, std::span<const std::string> known, std::string_view owner,
                         Findings& findings) {
    for (const auto& member : map.members) {
        if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
        findings.error(member.mark, fmt::format("unknown key \"{}\" of {}{}", member.key.substr(0, 64), owner,
                                                suggestion(member.key, known)));
    }
}

bool require_map(const Node& node, std::string_view what, Findings& findings) {
    if (node.is_map()) return true;
    findings.error(node.mark, fmt::format("{} must be a map, not {}", what, kind_name(node)));
    return false;
}

std::optional<std::string> read_text(const Member& member, Findings& findings) {
    const Node& value = member.value;
    auto kind = kind_name(value);
    if (kind == "a text") {
        if (value.text.empty()) {
            findings.error(value.mark, fmt::format("\"{}\" must not be empty", member.key));
        } else if (value.text.size() > max_text_bytes) {
            findings.error(value.mark,
                           fmt::format("\"{}\" is longer than {} bytes", member.key, max_text_bytes));
        } else if (value.text.find_first_of("\n\r") != std::string::npos) {
            findings.error(value.mark, fmt::format("\"{}\" must be one line", member.key));
        } else {
            return value.text;
        }
        return std::nullopt;
    }
    bool scalar = value.is_scalar();
    findings.error(value.mark, fmt::format("\"{}\" must be a text, not {}{}", member.key, kind,
                                           scalar ? "; put it in quotes" : ""));
    return std::nullopt;
}

std::optional<SecretReference> read_secret(const Member& member, bool confidential, Findings& findings) {
    const Node& value = member.value;
    bool clear = value.is_scalar() && SecretReference{value.text}.is_clear_text();
    // Also a value that is refused below, an unquoted number for instance, may be the secret itself.
    if (clear && confidential) register_secret(value.text);
    auto text = read_text(member, findings);
    if (!text) return std::nullopt;
    check_reference(member, "env://", "[A-Za-z_][A-Za-z0-9_]*", "env://NAME", findings);
    check_reference(member, "file://", ".+", "file://PATH", findings);
    check_reference(member, "vault://", "[^/]+/.+", "vault://vault/secret", findings);
    if (clear && confidential) {
        findings.warn(value.mark, fmt::format("\"{}\" is in clear text; write env://NAME, file://PATH or "
                                              "vault://vault/secret instead",
                                              member.key));
    }
    return SecretReference{std::move(*text)};
}

std::optional<bool> read_boolean(const Member& member, Findings& findings) {
    boost::json::value value = to_json(member.value);
    if (value.is_bool()) return value.as_bool();
    findings.error(member.value.mark,
                   fmt::format("\"{}\" must be true or false, not {}", member.key, kind_name(member.value)));
    return std::nullopt;
}

void check_shape(const Member& member, ValueShape shape, Findings& findings) {
    if (shape == ValueShape::url) check_url(member, findings);
    if (shape == ValueShape::arn && !matches(member.value.text, role_arn_pattern)) {
        findings.error(member.value.mark,
                       fmt::format("\"{}\" must be the ARN of a role, arn:aws:iam::<12 digits>:role/<name>",
                                   member.key));
    }
}

}  // namespace polysync::definition
