// The machine around the program: environment variables and small files, behind an interface so that tests
// never touch the real ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace polysync::aws {

class Environment {
  public:
    virtual ~Environment() = default;

    // A variable's value; none where it is not set.
    [[nodiscard]] virtual std::optional<std::string> get(std::string_view name) const = 0;
    // The whole file. Errors: not_found (missing), access_denied, invalid_input (larger than `max_bytes`, no
    // regular file), transient. `path` may begin with "~/".
    [[nodiscard]] virtual Result<std::string> read_file(std::string_view path,
                                                        std::size_t max_bytes) const = 0;
    // Replaces the file at once, readable by its owner only. The folder must exist.
    [[nodiscard]] virtual Status write_private_file(std::string_view path, std::string_view text) = 0;

    // A variable's value; an empty one counts as not set.
    [[nodiscard]] std::string value(std::string_view name) const;
    // True for "true" in any case, as the SDKs read flags.
    [[nodiscard]] bool flag(std::string_view name) const;
    // "~" and "~/…" with HOME in place of the tilde.
    [[nodiscard]] std::string expand_home(std::string_view path) const;
};

// The process's own. Lives as long as the program; any thread.
[[nodiscard]] Environment& system_environment();

// Secrets, tokens and configuration files are small; anything larger is a mistake.
inline constexpr std::size_t max_secret_bytes = 64 * 1024;
inline constexpr std::size_t max_config_bytes = 1024 * 1024;

}  // namespace polysync::aws
