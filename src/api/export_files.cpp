#include "api/export_files.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "definition/definition.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

// What one file takes when it is read again is more; a namespace of more gets several.
constexpr std::size_t values_per_file = 1'000, nodes_per_file = 50'000, bytes_per_file = 400 * 1024;

std::string folder_of(const std::string& name) {
    auto slash = name.rfind('/');
    std::string folder = slash == std::string::npos ? std::string() : name.substr(0, slash + 1);
    // The folder of values files, which apply does not take for definitions.
    if (folder.starts_with("environments/")) folder.insert(12, "_");
    return folder;
}

std::size_t count_nodes(const json::value& value) {
    std::size_t count = 1;
    if (const auto* list = value.if_array())
        for (const auto& item : *list) count += count_nodes(item);
    if (const auto* object = value.if_object())
        for (const auto& member : *object) count += 1 + count_nodes(member.value());
    return count;
}

// The definitions of one folder, in as many files as they need.
class Folder {
  public:
    void add(const Stored& stored) {
        auto nodes = count_nodes(definition::to_document(stored.definition.value));
        auto bytes = stored.object.document.size();
        bool full = files_.back().size() >= values_per_file || nodes_ + nodes > nodes_per_file ||
                    bytes_ + bytes > bytes_per_file;
        if (full && !files_.back().empty()) {
            files_.emplace_back();
            nodes_ = bytes_ = 0;
        }
        nodes_ += nodes;
        bytes_ += bytes;
        files_.back().push_back(stored.definition.value);
    }
    void write(const std::string& folder, json::array& out) const {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            auto path =
                i == 0 ? folder + "definitions.yaml" : fmt::format("{}definitions-{}.yaml", folder, i + 1);
            out.push_back(json::object{{"path", path}, {"text", definition::to_yaml(files_[i])}});
        }
    }

  private:
    std::vector<std::vector<definition::Value>> files_{1};
    std::size_t nodes_ = 0, bytes_ = 0;
};

}  // namespace

json::object export_files(const State& state, const std::string& name_space, bool one_file) {
    std::map<std::string, Folder> folders;
    std::vector<definition::Value> all;
    for (const auto& stored : state.objects) {
        const auto& name = stored.object.name.str();
        if (!name_space.empty() && !name.starts_with(name_space + "/")) continue;
        if (one_file) {
            all.push_back(stored.definition.value);
        } else {
            folders[folder_of(name)].add(stored);
        }
    }
    json::array list;
    if (!all.empty())
        list.push_back(json::object{{"path", "definitions.yaml"}, {"text", definition::to_yaml(all)}});
    for (const auto& [path, folder] : folders) folder.write(path, list);
    json::object out{{"files", std::move(list)}, {"definitions_version", state.version}};
    if (!state.environment.name.empty())
        out["environment"] =
            json::object{{"name", state.environment.name},
                         {"path", fmt::format("environments/{}.yaml", state.environment.name)},
                         {"text", definition::environment_yaml(state.environment.values)}};
    return out;
}

}  // namespace polysync::api
