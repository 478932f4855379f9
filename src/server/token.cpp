#include "server/token.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/file.h"

namespace polysync::server {
namespace {

constexpr std::size_t min_token_size = 32;
constexpr std::size_t max_token_size = 1024;

Error file_error(const std::string& path, std::string_view what) {
    return make_error(ErrorKind::transient, "token_file",
                      fmt::format("cannot {} the token file {}: {}", what, path, std::strerror(errno)),
                      "Check that its folder exists and may be written by this user.");
}

Result<Secret> read_token(const std::string& path, int descriptor) {
    struct stat about {};
    if (::fstat(descriptor, &about) != 0) return file_error(path, "read");
    if ((about.st_mode & 077) != 0)
        return make_error(
            ErrorKind::invalid_input, "token_file_mode",
            fmt::format("the token file {} may be read by others", path),
            fmt::format("Run: chmod 600 {}. If others may have read it, delete it: a new token is "
                        "made at the next start.",
                        path));
    std::string text(max_token_size + 1, '\0');
    auto size = ::read(descriptor, text.data(), text.size());
    if (size < 0) return file_error(path, "read");
    text.resize(std::size_t(size));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    bool printable =
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
        std::string::npos;
    if (!printable || text.size() < min_token_size || text.size() > max_token_size)
        return make_error(ErrorKind::invalid_input, "token_file_content",
                          fmt::format("{} holds no token of at least {} characters", path, min_token_size),
                          "Delete it: a new token is made at the next start.");
    register_secret(text);
    return Secret(std::move(text));
}

// The file appears with its whole content or not at all: a token that a crash has cut would lock everyone
// out.
Result<Secret> create_token(const std::string& path, Random& random) {
    std::string text;
    for (int i = 0; i < 4; ++i) fmt::format_to(std::back_inserter(text), "{:016x}", random.next());
    register_secret(text);
    std::string line = text + "\n";
    std::string temporary = path + ".XXXXXX";  // mkstemp makes it readable by its owner only
    FileDescriptor made(::mkstemp(temporary.data()));
    if (made.get() < 0) return file_error(path, "create");
    bool written = ::write(made.get(), line.data(), line.size()) == ssize_t(line.size()) &&
                   ::fsync(made.get()) == 0 && ::link(temporary.c_str(), path.c_str()) == 0;
    auto error = file_error(path, "write");
    ::unlink(temporary.c_str());
    if (!written) return error;
    return Secret(std::move(text));
}

}  // namespace

Result<Secret> load_or_create_token(const std::string& path, Random& random) {
    FileDescriptor existing(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (existing.get() >= 0) return read_token(path, existing.get());
    if (errno != ENOENT) return file_error(path, "read");
    return create_token(path, random);
}

bool is_authorized(std::string_view authorization, const Secret& token) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() < scheme.size() || token.empty()) return false;
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        char c = authorization[i];
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
        if (c != scheme[i]) return false;
    }
    // Digests have one length, whatever was sent.
    auto given = authorization.substr(scheme.size());
    unsigned char left[SHA256_DIGEST_LENGTH], right[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(given.data()), given.size(), left);
    SHA256(reinterpret_cast<const unsigned char*>(token.reveal().data()), token.reveal().size(), right);
    return CRYPTO_memcmp(left, right, sizeof left) == 0;
}

}  // namespace polysync::server
