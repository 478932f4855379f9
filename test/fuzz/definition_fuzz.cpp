// Definition files: whatever reads without an error must write and read back to the same objects, as YAML and
// as JSON documents.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/json/serialize.hpp>

#include "definition/definition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace polysync::definition;
    std::vector<SourceFile> files{{"fuzz.yaml", {reinterpret_cast<const char*>(data), size}}};
    (void)read(files[0].text, "fuzz.yaml");
    (void)read_environment(files[0]);
    FileReading reading = read_files(files);
    if (!reading.ok()) {
        if (!reading.definitions.empty()) std::abort();
        return 0;
    }
    std::vector<Value> values;
    for (auto& definition : reading.definitions) values.push_back(std::move(definition.value));
    std::vector<SourceFile> written{{"again.yaml", to_yaml(values, ClearText::keep)}};
    if (written[0].text.size() > 512 * 1024) return 0;  // near the limit of a file
    FileReading again = read_files(written);
    if (!again.ok() && !values.empty()) std::abort();
    std::vector<Value> same;
    for (auto& definition : again.definitions) same.push_back(std::move(definition.value));
    if (to_yaml(same, ClearText::keep) != written[0].text) std::abort();
    for (const auto& value : values) {
        auto document = to_document(value, ClearText::keep);
        auto back = read_document(kind_of(value), document, DocumentUse::stored);
        if (!back.definition) std::abort();
        if (to_document(back.definition->value, ClearText::keep) != document) std::abort();
    }
    return 0;
}
