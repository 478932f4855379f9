#include "aws/config/shared_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/secret.h"

namespace polysync::aws {
namespace {

constexpr std::size_t max_problems = 20;
constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
    std::size_t begin = text.find_first_not_of(" \t\r\n\f\v");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n\f\v") - begin + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
    }
    return out;
}

// Cuts a comment: '#' or ';' after white space.
std::string_view without_comment(std::string_view value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
        bool mark = value[i] == '#' || value[i] == ';';
        if (mark && (i == 0 || blanks.find(value[i - 1]) != std::string_view::npos))
            return trim(value.substr(0, i));
    }
    return trim(value);
}

std::string_view unquoted(std::string_view name) {
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) {
        return name.substr(1, name.size() - 2);
    }
    return name;
}

// One pass over the lines; remembers what an indented line would continue.
class Parser {
  public:
    Parser(std::string_view file_name, std::vector<std::string>& problems)
        : file_(file_name), problems_(problems) {}

    ConfigSections parse(std::string_view text) {
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        while (!text.empty()) {
            std::size_t end = std::min(text.find('\n'), text.size());
            ++line_;
            take(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return std::move(sections_);
    }

  private:
    void problem(std::string_view what) {
        if (problems_.size() < max_problems)
            problems_.push_back(fmt::format("{}:{}: {}", file_, line_, what));
    }

    void take(std::string_view raw) {
        std::string_view line = trim(raw);
        if (line.empty() || line.front() == '#' || line.front() == ';') return;
        if (line.find('\0') != std::string_view::npos) return problem("the line holds a NUL byte");
        std::size_t indent = std::min(raw.find_first_not_of(blanks), raw.size());
        if (value_ != nullptr && indent > key_indent_) return continuation(line);
        if (line.front() == '[') return header(line);
        property(line, indent);
    }

    void header(std::string_view line) {
        section_ = nullptr;
        value_ = nullptr;
        std::size_t end = line.find(']');
        if (end == std::string_view::npos) return problem("a section name without ']'");
        std::string_view name = trim(line.substr(1, end - 1));
        std::string_view rest = trim(line.substr(end + 1));
        if (name.empty()) return problem("an empty section name");
        if (!rest.empty() && rest.front() != '#' && rest.front() != ';')
            return problem("text behind a section name");
        section_ = &sections_[std::string(name)];
    }

    void property(std::string_view line, std::size_t indent) {
        value_ = nullptr;
        std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            return problem("neither a section, a comment nor \"key = value\"");
        if (section_ == nullptr) return problem("a setting outside of any section");
        key_ = lower(trim(line.substr(0, equals)));
        if (key_.empty()) return problem("a setting without a name");
        section_->blocks.erase(key_);
        value_ = &section_->values[key_];
        *value_ = without_comment(line.substr(equals + 1));
        key_indent_ = indent;
    }

    void continuation(std::string_view line) {
        if (!value_->empty()) {
            value_->append("\n").append(without_comment(line));
            return;
        }
        std::size_t equals = line.find('=');
        std::string key = lower(trim(line.substr(0, equals)));
        if (equals == std::string_view::npos || key.empty())
            return problem("an indented line without \"key = value\"");
        section_->blocks[key_][key] = without_comment(line.substr(equals + 1));
    }

    std::string_view file_;
    std::vector<std::string>& problems_;
    ConfigSections sections_;
    ConfigSection* section_ = nullptr;  // null: what follows is outside of any usable section
    std::string* value_ = nullptr;      // what an indented line continues
    std::string key_;
    std::size_t key_indent_ = 0;
    int line_ = 0;
};

std::string path_of(const Environment& environment, std::string_view variable, std::string_view usual) {
    std::string path = environment.value(variable);
    return environment.expand_home(path.empty() ? usual : path);
}

ConfigSections read(const Environment& environment, const std::string& path,
                    std::vector<std::string>& problems) {
    auto text = environment.read_file(path, max_config_bytes);
    if (text) return parse_config_text(text.value(), path, problems);
    if (text.error().kind != ErrorKind::not_found) problems.push_back(text.error().message);
    return {};
}

// "profile x", "profile 'a b'": the word and the name; an empty word where there is no such prefix.
std::pair<std::string_view, std::string_view> split_header(std::string_view header) {
    std::size_t blank = header.find_first_of(blanks);
    if (blank == std::string_view::npos) return {{}, header};
    return {header.substr(0, blank), unquoted(trim(header.substr(blank)))};
}

void merge(ConfigSection& into, ConfigSection&& from) {
    for (auto& [key, value] : from.values) into.values[key] = std::move(value);
    for (auto& [key, block] : from.blocks) into.blocks[key] = std::move(block);
}

void register_secrets(const ConfigSections& profiles) {
    for (const auto& [name, profile] : profiles) {
        // Tools rotate the keys of sessions in these files.
        const std::string& token = profile.value("aws_session_token");
        SecretLife life = token.empty() ? SecretLife::lasting : SecretLife::passing;
        register_secret(profile.value("aws_secret_access_key"), life);
        register_secret(token, life);
    }
}

}  // namespace

const std::string& ConfigSection::value(std::string_view key) const {
    static const std::string none;
    auto found = values.find(key);
    return found == values.end() ? none : found->second;
}

ConfigSections parse_config_text(std::string_view text, std::string_view file_name,
                                 std::vector<std::string>& problems) {
    return Parser(file_name, problems).parse(text);
}

const ConfigSection* SharedFiles::profile(std::string_view name) const {
    auto found = profiles.find(name);
    return found == profiles.end() ? nullptr : &found->second;
}

std::string SharedFiles::known_profiles() const {
    std::string text;
    int count = 0;
    for (const auto& [name, profile] : profiles) {
        if (++count > 10) return text + ", …";
        text.append(count == 1 ? "" : ", ").append(name);
    }
    return text;
}

SharedFiles load_shared_files(const Environment& environment) {
    SharedFiles files;
    files.config_path = path_of(environment, "AWS_CONFIG_FILE", "~/.aws/config");
    files.credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    ConfigSections config = read(environment, files.config_path, files.problems);
    auto plain_default = config.extract("default");
    for (auto& [header, section] : config) {
        auto [word, name] = split_header(header);
        if (name.empty()) continue;
        std::string key(name);
        if (word == "profile") merge(files.profiles[key], std::move(section));
        if (word == "sso-session") merge(files.sso_sessions[key], std::move(section));
        if (word == "services") merge(files.services[key], std::move(section));
    }
    // [profile default] beats [default].
    if (!plain_default.empty() && !files.profiles.contains("default")) {
        files.profiles["default"] = std::move(plain_default.mapped());
    }
    for (auto& [header, section] : read(environment, files.credentials_path, files.problems)) {
        std::string name(unquoted(header));
        if (section.has("aws_access_key_id")) files.credentials_file_keys.insert(name);
        merge(files.profiles[name], std::move(section));
    }
    register_secrets(files.profiles);
    return files;
}

}  // namespace polysync::aws
