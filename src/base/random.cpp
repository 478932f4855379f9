#include "base/random.h"

#include <array>
#include <bit>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <sys/random.h>
#include <utility>

namespace polysync {
namespace {

class OsRandom final : public Random {
  public:
    // A call of the kernel gives many numbers; each is given once and wiped.
    std::uint64_t next() override {
        thread_local std::array<std::uint64_t, 32> numbers;  // 256 bytes: what getrandom(2) never cuts short
        thread_local std::size_t left = 0;
        if (left == 0) {
            if (getrandom(numbers.data(), sizeof numbers, 0) != ssize_t(sizeof numbers)) std::abort();
            left = numbers.size();
        }
        return std::exchange(numbers[--left], 0);
    }
};

}  // namespace

Random& system_random() {
    static OsRandom random;
    return random;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
    for (auto& word : state_) {  // splitmix64, as xoshiro's authors advise
        seed += 0x9e3779b97f4a7c15;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word = z ^ (z >> 31);
    }
}

std::uint64_t SeededRandom::next() {
    std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::string make_guid(Random& random) {
    std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
    std::uint64_t low = (random.next() & ~(0xc0ULL << 56)) | (0x80ULL << 56);
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", unsigned(high >> 32),
                  unsigned(high >> 16) & 0xffff, unsigned(high) & 0xffff, unsigned(low >> 48),
                  (unsigned long long)(low & 0xffffffffffff));
    return text;
}

bool is_guid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
    }
    return true;
}

}  // namespace polysync
