// What the program prints: results to stdout, everything else to stderr, all of it redacted (SAFE-3) and free
// of control characters that came from outside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/error.h"
#include "cli/console.h"

namespace polysync::cli {

enum class Colour { none, red, green, yellow, cyan, bold, dim };

// One per invocation; the console outlives it.
class Output {
  public:
    Output(Console& console, bool json) : console_(console), json_(json) {}

    [[nodiscard]] bool json() const { return json_; }
    [[nodiscard]] Console& console() { return console_; }

    // To stdout; a line end is added.
    void result(std::string_view text);
    void json_result(const boost::json::value& value);
    // To stdout as it is, for arrays that are written piece by piece.
    void raw_result(std::string_view text);

    // To stderr, one line.
    void note(std::string_view text);
    void warn(std::string_view text);
    // The error as the user sees it: with --json the object on stdout, otherwise a block on stderr.
    void error(const Error& error);
    // The same for a list of lines that name their own place (a definition file's errors).
    void errors(std::string_view code, std::string_view summary, const std::vector<std::string>& lines);

    // Replaces the live line of a terminal; "" removes it. Without a terminal nothing happens.
    void live(std::string_view text);

    // Coloured for stdout or stderr, where that is a terminal and colours are allowed.
    [[nodiscard]] std::string paint(Colour colour, std::string_view text, bool on_stderr = false) const;

  private:
    void to_err(std::string_view text);

    Console& console_;
    bool json_;
    bool live_shown_ = false;
};

// Control characters but line ends and tabs become '?'; invalid UTF-8 is left to the terminal.
[[nodiscard]] std::string printable(std::string_view text);
// {"error": {code, message, remedy, request_id}}
[[nodiscard]] boost::json::value to_json(const Error& error);
// Indented by two spaces.
[[nodiscard]] std::string pretty_json(const boost::json::value& value);

}  // namespace polysync::cli
