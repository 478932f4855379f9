// Every key of a definition file in one place: the reader, the writer and the JSON Schema are driven by these
// tables.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/platform.h"

namespace polysync::definition {

enum class ValueShape { text, arn, url, boolean };

// One plain key of a platform.
struct PlatformKey {
    std::string_view name;
    std::string_view description;
    bool required = false;
};

// Where a key of `auth` belongs: a method, for web_identity also the token source.
struct AuthUse {
    AuthMethod method;
    std::optional<TokenSource> source;  // none: every source
    bool required = false;
};

// A key of `auth` that stands for one text or one secret.
struct AuthKey {
    std::string_view name;
    std::string AuthConfig::*text = nullptr;
    SecretReference AuthConfig::*secret = nullptr;
    bool confidential = false;  // a secret: never shown, clear text draws a warning
    ValueShape shape = ValueShape::text;
    std::vector<AuthUse> uses;
    std::string_view description;

    // Nothing where the method (and source) does not use this key.
    [[nodiscard]] const AuthUse* use(AuthMethod method, TokenSource source) const;
};

[[nodiscard]] std::span<const PlatformKey> platform_keys();
// All keys of `auth` but method, token_source and assume.
[[nodiscard]] std::span<const AuthKey> auth_keys();
// role_arn, external_id, session_name: the keys of one entry of `assume`.
[[nodiscard]] std::span<const std::string_view> assume_keys();

// The keys that `auth` may have under that method, for messages.
[[nodiscard]] std::vector<std::string> allowed_auth_keys(AuthMethod method, TokenSource source);

// Every word of an enumeration as it is written in a definition.
[[nodiscard]] std::vector<std::string> platform_type_words();
[[nodiscard]] std::vector<std::string> auth_method_words();
[[nodiscard]] std::vector<std::string> token_source_words();

// Patterns (ECMAScript, whole text) that the reader and the JSON Schema share.
inline constexpr std::string_view name_pattern =
    "(?=.{1,128}$)[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*";
inline constexpr std::string_view region_pattern = "[a-z]{2,}(-[a-z0-9]+)+";
inline constexpr std::string_view role_arn_pattern = "arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/.+";
inline constexpr std::string_view account_pattern = "[0-9]{12}";
inline constexpr std::string_view url_pattern = "https?://[^/@\\s]+(/\\S*)?";
inline constexpr std::string_view environment_name_pattern = "[A-Za-z_][A-Za-z0-9_]{0,127}";
inline constexpr std::size_t max_platforms = 1000;

}  // namespace polysync::definition
