// Randomness, injected, so that the simulator is repeatable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace polysync {

class Random {
  public:
    virtual ~Random() = default;
    [[nodiscard]] virtual std::uint64_t next() = 0;
    [[nodiscard]] double unit() { return double(next() >> 11) * 0x1.0p-53; }  // [0, 1)
};

// The operating system's random source; safe from any thread.
[[nodiscard]] Random& system_random();

// xoshiro256**: repeatable from its seed; one thread.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed);
    [[nodiscard]] std::uint64_t next() override;

  private:
    std::uint64_t state_[4];
};

// A random (version 4) UUID, lower case with hyphens: 36 characters.
[[nodiscard]] std::string make_guid(Random& random);
// True for the form that make_guid gives, in either case.
[[nodiscard]] bool is_guid(std::string_view text);

}  // namespace polysync
