#include "aws/config/secret_reference.h"

#include <fmt/format.h>

namespace polysync::aws {
namespace {

Secret registered(std::string value) {
    register_secret(value);
    return Secret(std::move(value));
}

Error unusable(std::string_view attribute, std::string_view reference, std::string_view why,
               std::string remedy) {
    return make_error(ErrorKind::invalid_input, "unresolved_secret",
                      fmt::format("{}: {} {}", attribute, reference, why), std::move(remedy));
}

Result<Secret> from_file(std::string_view reference, std::string_view attribute,
                         const Environment& environment) {
    std::string_view path = reference.substr(7);
    auto text = environment.read_file(path, max_secret_bytes);
    if (!text) {
        Error error = text.error();
        error.kind = ErrorKind::invalid_input;
        error.remedy = "Put the secret into that file, readable by this user.";
        error.message = fmt::format("{}: {}", attribute, error.message);
        return error;
    }
    std::string value = std::move(text).value();
    std::size_t begin = value.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) {
        return unusable(attribute, reference, "is empty",
                        "Write the secret, and nothing else, into that file.");
    }
    value.erase(value.find_last_not_of(" \t\r\n") + 1).erase(0, begin);
    return registered(std::move(value));
}

}  // namespace

Result<Secret> resolve_secret(std::string_view reference, std::string_view attribute,
                              const Environment& environment) {
    if (reference.starts_with("env://")) {
        std::string value = environment.value(reference.substr(6));
        if (!value.empty()) return registered(std::move(value));
        return unusable(
            attribute, reference, "is not set",
            fmt::format("Set the environment variable {} for this process.", reference.substr(6)));
    }
    if (reference.starts_with("file://")) return from_file(reference, attribute, environment);
    if (reference.starts_with("vault://")) {
        return unusable(attribute, reference, "needs a vault, and none is configured",
                        "Use env://NAME or file://PATH, or configure the vault that the reference names.");
    }
    return registered(std::string(reference));
}

}  // namespace polysync::aws
