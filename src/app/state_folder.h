// Where the program keeps what must survive it, and how the server on this machine is found.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace polysync::app {

[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

// $XDG_STATE_HOME/polysync, else ~/.local/state/polysync.
[[nodiscard]] std::string state_folder();

// Makes the folder and those above it where they are missing, the last one for this user only. Errors:
// invalid_input.
[[nodiscard]] Status make_private_folder(const std::string& path);

// The note <state folder>/server.json that the command line goes by, while it lives. The last server that
// starts is the one that is found.
class Announcement {
  public:
    // Errors: those of writing the file.
    [[nodiscard]] static Result<Announcement> make(const std::string& url, const std::string& token_file);
    Announcement(Announcement&& other) noexcept;
    Announcement& operator=(Announcement&&) = delete;
    // Takes the note away where it is still this one.
    ~Announcement();

  private:
    Announcement(std::string path, std::string text);
    std::string path_, text_;
};

}  // namespace polysync::app
