#include "app/state_folder.h"

#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "aws/config/environment.h"

namespace polysync::app {

std::optional<std::string> environment_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string state_folder() {
    if (auto state = environment_variable("XDG_STATE_HOME"); state && state->starts_with('/'))
        return *state + "/polysync";
    return environment_variable("HOME").value_or("/nonexistent") + "/.local/state/polysync";
}

Status make_private_folder(const std::string& path) {
    std::error_code error;
    bool made = std::filesystem::create_directories(path, error);
    if (made) ::chmod(path.c_str(), 0700);
    if (!error && std::filesystem::is_directory(path, error)) return success();
    return make_error(ErrorKind::invalid_input, "folder",
                      fmt::format("the folder {} cannot be made: {}", path,
                                  error ? error.message() : std::string("it is a file")),
                      "Set XDG_STATE_HOME to a folder that this user may write.");
}

Announcement::Announcement(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)) {}

Announcement::Announcement(Announcement&& other) noexcept
    : path_(std::exchange(other.path_, {})), text_(std::move(other.text_)) {}

Result<Announcement> Announcement::make(const std::string& url, const std::string& token_file) {
    POLYSYNC_TRY(make_private_folder(state_folder()));
    auto path = state_folder() + "/server.json";
    std::string text = boost::json::serialize(
        boost::json::object{{"url", url}, {"token_file", token_file}, {"pid", ::getpid()}});
    POLYSYNC_TRY(aws::system_environment().write_private_file(path, text));
    return Announcement(std::move(path), std::move(text));
}

Announcement::~Announcement() {
    if (path_.empty()) return;
    auto there = aws::system_environment().read_file(path_, aws::max_config_bytes);
    if (there && there.value() == text_) ::unlink(path_.c_str());
}

}  // namespace polysync::app
