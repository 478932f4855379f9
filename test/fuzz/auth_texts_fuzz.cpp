// What identity providers, metadata endpoints and programs hand to the credential sources: JWT payloads, key
// documents, SSO token files, command lines. The first byte chooses which.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aws/auth/jwt.h"
#include "aws/auth/key_document.h"
#include "aws/auth/process.h"
#include "aws/auth/sso_token_cache.h"

namespace {

using namespace polysync;

class OneFile final : public aws::Environment {
  public:
    explicit OneFile(std::string text) : text_(std::move(text)) {}
    std::optional<std::string> get(std::string_view) const override { return std::nullopt; }
    Result<std::string> read_file(std::string_view, std::size_t) const override { return text_; }
    Status write_private_file(std::string_view, std::string_view text) override {
        text_ = text;
        return success();
    }

  private:
    std::string text_;
};

void sso_token(std::string text) {
    OneFile environment(std::move(text));
    auto token = aws::read_sso_token(environment, "f");
    if (!token) return;
    // What is stored is read back as it was.
    if (!aws::store_sso_token(environment, "f", token.value())) std::abort();
    auto again = aws::read_sso_token(environment, "f");
    if (!again || again.value().access_token != token.value().access_token) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0: {
            auto claims = aws::decode_jwt(text);
            if (claims && claims.value().describe().size() > 200 * (claims.value().aud.size() + 8))
                std::abort();
            break;
        }
        case 1: {
            auto document = aws::read_key_document(text, "fuzz");
            if (document && aws::keys_of(document.value(), "fuzz") && document.value().access_key_id.empty())
                std::abort();
            break;
        }
        case 2: {
            auto words = aws::split_command_line(text);
            if (words && words.value().empty()) std::abort();
            break;
        }
        default:
            sso_token(std::move(text));
    }
    return 0;
}
