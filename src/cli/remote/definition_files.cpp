#include "cli/remote/definition_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace polysync::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = 1024 * 1024;
constexpr std::size_t max_files = 10'000;

Error bad(std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, "invalid_file", std::move(message), std::move(remedy));
}

Result<std::string> read_text(const fs::path& path) {
    std::ifstream input(path, std::ios::binary);
    std::string text(max_file_bytes + 1, '\0');
    if (input) input.read(text.data(), std::streamsize(text.size()));
    if (input.bad() || (!input && !input.eof())) return bad(fmt::format("{} cannot be read", path.string()));
    text.resize(std::size_t(input.gcount()));
    if (text.size() > max_file_bytes)
        return bad(fmt::format("{} is larger than {} bytes", path.string(), max_file_bytes));
    return text;
}

bool is_definition(const fs::path& path) {
    auto extension = path.extension();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<fs::path>> list_files(const fs::path& root) {
    std::vector<fs::path> out;
    std::error_code error;
    auto options = fs::directory_options::follow_directory_symlink;
    for (fs::recursive_directory_iterator at(root, options, error), end; !error && at != end;
         at.increment(error)) {
        auto name = at->path().filename().string();
        bool hidden = name.starts_with('.');
        std::error_code ignored;
        if (at->is_directory(ignored)) {
            bool values = at.depth() == 0 && name == "environments";
            if (hidden || values || at.depth() > 16) at.disable_recursion_pending();
        } else if (!hidden && is_definition(at->path())) {
            out.push_back(at->path());
        }
        if (out.size() > max_files)
            return bad(fmt::format("{} holds more than {} definition files", root.string(), max_files));
    }
    if (error) return bad(fmt::format("{} cannot be read: {}", root.string(), error.message()));
    std::sort(out.begin(), out.end());
    return out;
}

Result<boost::json::object> read_environment(const fs::path& root, const std::string& name) {
    auto folder = root / "environments";
    std::error_code error;
    for (const char* extension : {".yaml", ".yml", ".json"}) {
        auto path = folder / (name + extension);
        if (!fs::is_regular_file(path, error)) continue;
        POLYSYNC_TRY(auto text, read_text(path));
        return boost::json::object{{"name", name}, {"path", path.string()}, {"text", std::move(text)}};
    }
    std::string known;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (is_definition(at->path())) known += (known.empty() ? "" : ", ") + at->path().stem().string();
    return bad(fmt::format("there is no {}", (folder / (name + ".yaml")).string()),
               known.empty() ? "It is a flat map: the values of ${env.NAME}."
                             : fmt::format("There are: {}.", known));
}

}  // namespace

Result<DefinitionFiles> read_definition_files(const std::string& path, const std::string& environment) {
    DefinitionFiles out;
    std::error_code error;
    out.is_directory = fs::is_directory(path, error);
    std::vector<fs::path> paths{path};
    if (out.is_directory) {
        POLYSYNC_TRY(paths, list_files(path));
    }
    if (paths.empty())
        return bad(fmt::format("{} holds no definition files", path), "They end in .yaml, .yml or .json.");
    fs::path root = out.is_directory ? fs::path(path) : fs::path(path).parent_path();
    out.directory = fs::weakly_canonical(root.empty() ? fs::path(".") : root, error).string();
    for (const auto& each : paths) {
        POLYSYNC_TRY(auto text, read_text(each));
        out.files.push_back(boost::json::object{{"path", each.string()}, {"text", std::move(text)}});
    }
    if (!environment.empty()) {
        POLYSYNC_TRY(out.environment, read_environment(root, environment));
    }
    return out;
}

Status write_definition_file(const std::string& directory, const std::string& path, const std::string& text) {
    fs::path relative(path);
    bool leads_out =
        relative.empty() || relative.is_absolute() ||
        std::any_of(relative.begin(), relative.end(), [](const fs::path& part) { return part == ".."; });
    if (leads_out) return bad(fmt::format("the server names a file outside of the directory: {}", path));
    auto target = fs::path(directory) / relative;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    std::ofstream output(target, std::ios::binary | std::ios::trunc);
    output << text;
    output.close();
    if (!output) return bad(fmt::format("{} cannot be written", target.string()));
    return success();
}

}  // namespace polysync::cli
