#include "base/secret.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace polysync {
namespace {

constexpr std::size_t min_length = 6;
constexpr std::size_t max_values = 4096;

std::string percent_encode(std::string_view text) {
    constexpr char hex[] = "0123456789ABCDEF";
    std::string out;
    for (unsigned char c : text) {
        if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
            out += char(c);
        } else {
            out += '%';
            out += hex[c >> 4];
            out += hex[c & 15];
        }
    }
    return out;
}

std::string json_escape(std::string_view text) {
    constexpr std::string_view named = "\b\t\n\f\r", names = "btnfr";
    std::string out;
    for (char c : text) {
        auto place = named.find(c);
        if (place != std::string_view::npos) {
            out += {'\\', names[place]};
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", int(c));
        } else {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
    }
    return out;
}

std::string base64(std::string_view text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                               reinterpret_cast<const unsigned char*>(text.data()), int(text.size()));
    out.resize(std::size_t(size));
    while (!out.empty() && out.back() == '=') out.pop_back();
    return out;
}

using Forms = std::vector<std::string>;  // the clear text, then its encodings

struct Registry {
    std::mutex mutex;
    std::deque<Forms> lasting, passing;
};

bool move_to_the_end(std::deque<Forms>& values, std::string_view clear_text) {
    auto known = std::find_if(values.begin(), values.end(),
                              [&](const Forms& forms) { return forms.front() == clear_text; });
    if (known == values.end()) return false;
    std::rotate(known, known + 1, values.end());
    return true;
}

// Where `text` holds a form of one of the values, as begin and end.
using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;
void find_all(std::string_view text, const std::deque<Forms>& values, Ranges& found) {
    for (const Forms& forms : values) {
        for (const std::string& form : forms) {
            for (auto at = text.find(form); at != std::string_view::npos;
                 at = text.find(form, found.back().second))
                found.emplace_back(at, at + form.size());
        }
    }
}

Registry& registry() {
    static auto* instance = new Registry;  // never destroyed: logging may outlive static destruction
    return *instance;
}

}  // namespace

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
    OPENSSL_cleanse(other.value_.data(), other.value_.size());
    other.value_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        std::swap(value_, other.value_);
        OPENSSL_cleanse(other.value_.data(), other.value_.size());
        other.value_.clear();
    }
    return *this;
}

Secret::~Secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

void register_secret(std::string_view clear_text, SecretLife life) {
    if (clear_text.size() < min_length) return;
    auto& all = registry();
    std::lock_guard lock(all.mutex);
    if (move_to_the_end(all.lasting, clear_text)) return;
    auto& values = life == SecretLife::lasting ? all.lasting : all.passing;
    if (move_to_the_end(values, clear_text)) return;
    Forms forms{std::string(clear_text)};
    for (const std::string& form : {percent_encode(clear_text), json_escape(clear_text), base64(clear_text)})
        if (std::find(forms.begin(), forms.end(), form) == forms.end()) forms.push_back(form);
    values.push_back(std::move(forms));
    if (values.size() > max_values) values.pop_front();
}

std::string redact(std::string_view text) {
    Ranges secret;
    {
        auto& all = registry();
        std::lock_guard lock(all.mutex);
        find_all(text, all.lasting, secret);
        find_all(text, all.passing, secret);
    }
    if (secret.empty()) return std::string(text);
    std::sort(secret.begin(), secret.end());
    std::string out;
    std::size_t shown = 0;  // up to here `text` is in `out`, or hidden
    for (auto [begin, end] : secret) {
        if (begin >= shown) {
            out += text.substr(shown, begin - shown);
            out += "[redacted]";
        }
        shown = std::max(shown, end);
    }
    out += text.substr(shown);
    return out;
}

}  // namespace polysync
