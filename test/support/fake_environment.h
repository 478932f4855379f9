// Variables and files that exist only in the test.
#pragma once

#include <map>
#include <string>

#include "aws/config/environment.h"

namespace polysync::test {

class FakeEnvironment final : public aws::Environment {
  public:
    std::map<std::string, std::string, std::less<>> variables{{"HOME", "/home/test"}};
    std::map<std::string, std::string, std::less<>> files;  // "~/" expanded
    mutable std::map<std::string, int, std::less<>> reads;  // how often each file was read

    std::optional<std::string> get(std::string_view name) const override {
        auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    }
    Result<std::string> read_file(std::string_view path, std::size_t max_bytes) const override {
        std::string name = expand_home(path);
        ++reads[name];
        auto found = files.find(name);
        if (found == files.end()) {
            return make_error(ErrorKind::not_found, "file_missing",
                              "cannot read " + name + ": No such file or directory");
        }
        if (found->second.size() > max_bytes)
            return make_error(ErrorKind::invalid_input, "file_too_large", name + " is too large");
        return found->second;
    }
    Status write_private_file(std::string_view path, std::string_view text) override {
        files[expand_home(path)] = text;
        return success();
    }
};

}  // namespace polysync::test
