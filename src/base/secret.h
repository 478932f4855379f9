// Secret values, and the redaction of everything that leaves the program (SAFE-3).
#pragma once

#include <string>
#include <string_view>

namespace polysync {

// A string that is never printed: no stream or format operator exists for it, and its memory is wiped at the
// end.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    // The clear text. Every use of it is a place to check in a review.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }
    bool operator==(const Secret&) const = default;

  private:
    std::string value_;
};

// How long a secret stays one: `passing` ones (session keys, tokens that are fetched again and again) make
// room for newer ones and never for a lasting one.
enum class SecretLife { lasting, passing };

// Registers a clear text that must never be printed. Call it as soon as a secret becomes known (read from a
// file, the environment or an answer). Values under 6 characters are ignored: replacing them would garble
// every output. Thread-safe. The registry keeps hold of it until the end of the program, at most 4,096 values
// of each life; the one that was registered longest ago goes first.
void register_secret(std::string_view clear_text, SecretLife life = SecretLife::lasting);

// `text` with every registered secret, as it is and percent-, base64- or JSON-escaped, replaced by
// "[redacted]", also where secrets contain one another or overlap. Everything that the program prints, logs
// or returns in an error goes through this at the edge (CLI, log sink, API).
[[nodiscard]] std::string redact(std::string_view text);

}  // namespace polysync
