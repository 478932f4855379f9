#include "app/env_file.h"

#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "aws/config/environment.h"

namespace polysync::app {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool is_name(std::string_view text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view digits = "0123456789";
    return !text.empty() && digits.find(text.front()) == std::string_view::npos &&
           text.find_first_not_of(std::string(letters) + std::string(digits)) == std::string_view::npos;
}

}  // namespace

Result<Variables> parse_env_file(std::string_view text, std::string_view path) {
    Variables out;
    int number = 0;
    while (!text.empty()) {
        ++number;
        auto end = text.find('\n');
        auto line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.empty() || line.front() == '#') continue;
        auto equals = line.find('=');
        if (equals == std::string_view::npos || !is_name(line.substr(0, equals)) ||
            line.find('\0') != std::string_view::npos)
            return make_error(ErrorKind::invalid_input, "env_file",
                              fmt::format("{}, line {}: this is no NAME=VALUE", path, number),
                              "Names have letters, digits and '_'; comments begin with '#'.");
        auto value = line.substr(equals + 1);
        bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                      value.back() == value.front();
        if (quoted) value = value.substr(1, value.size() - 2);
        out.emplace_back(line.substr(0, equals), value);
    }
    return out;
}

Status load_env_files(const std::vector<std::string>& paths) {
    std::map<std::string, std::string> variables;
    for (const auto& path : paths) {
        auto text = aws::system_environment().read_file(path, aws::max_config_bytes);
        if (!text) {
            auto error = text.error();
            error.kind = ErrorKind::invalid_input;
            if (error.remedy.empty()) error.remedy = "Check --env-file.";
            return error;
        }
        POLYSYNC_TRY(auto parsed, parse_env_file(text.value(), path));
        for (auto& [name, value] : parsed) variables[name] = std::move(value);
    }
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 0);
    return success();
}

}  // namespace polysync::app
