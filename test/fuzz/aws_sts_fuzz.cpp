// STS's XML answers.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aws/sts/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view xml(reinterpret_cast<const char*>(data), size);
    (void)polysync::aws::sts::decode_caller_identity(xml);
    (void)polysync::aws::sts::decode_assume_role(xml);
    (void)polysync::aws::sts::decode_assume_role_with_web_identity(xml);
    return 0;
}
