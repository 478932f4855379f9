// The files ~/.aws/config and ~/.aws/credentials (aws-facts 9.3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/config/environment.h"
#include "base/result.h"

namespace polysync::aws {

// A section: its keys in lower case. A key with an empty value and indented "key = value" lines below it is a
// block.
struct ConfigSection {
    std::map<std::string, std::string, std::less<>> values;
    std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> blocks;

    // Empty where the key is missing.
    [[nodiscard]] const std::string& value(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return !value(key).empty(); }
};

using ConfigSections = std::map<std::string, ConfigSection, std::less<>>;

// Any INI text. A line that cannot be understood is left out and named in `problems` ("config:12: …", never
// quoting its text, which may hold a secret). A section or key that comes twice: the later value wins.
[[nodiscard]] ConfigSections parse_config_text(std::string_view text, std::string_view file_name,
                                               std::vector<std::string>& problems);

struct SharedFiles {
    ConfigSections profiles;
    ConfigSections sso_sessions;
    ConfigSections services;
    std::string config_path, credentials_path;
    std::set<std::string, std::less<>> credentials_file_keys;  // profiles whose access key stands in that
                                                               // file
    std::vector<std::string> problems;

    // Null where there is no such profile.
    [[nodiscard]] const ConfigSection* profile(std::string_view name) const;
    // "a, b, c" of the profiles that exist, for messages; at most ten.
    [[nodiscard]] std::string known_profiles() const;
};

// Both files merged. Missing and unreadable files count as empty; the latter is named in `problems`. The
// secrets in them are registered for redaction.
[[nodiscard]] SharedFiles load_shared_files(const Environment& environment);

}  // namespace polysync::aws
