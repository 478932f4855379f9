// The AWS service models (src/sandbox/models), compiled to what the sandbox needs: the input shapes of each
// operation and the errors' statuses. Built once per process at first use; immutable afterwards, so any
// thread may read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sandbox/pattern.h"

namespace polysync::sandbox {

enum class ShapeType : std::uint8_t {
    structure,
    list,
    map,
    string,
    integer,
    long_integer,
    floating,
    boolean,
    timestamp,
    blob
};

struct Shape;

struct Member {
    std::string name;
    const Shape* shape = nullptr;
    bool required = false;
};

struct Shape {
    std::string name;
    ShapeType type = ShapeType::string;
    std::optional<double> min, max;  // lengths of strings, lists, maps; values of numbers
    std::string pattern_source;
    std::unique_ptr<Pattern> pattern;
    std::vector<std::string> values;  // an enum's
    bool sensitive = false;
    std::vector<Member> members;     // sorted by name
    const Shape* element = nullptr;  // of lists; values of maps
    const Shape* key = nullptr;

    [[nodiscard]] const Member* find_member(std::string_view member) const;
};

struct Operation {
    std::string name;
    const Shape* input = nullptr;  // null: takes none
    bool authenticated = true;
};

struct ErrorShape {
    std::string code;  // as on the wire
    int status = 400;
};

class Model {
  public:
    // glue, batch, sagemaker, stepfunctions, sts, logs. Any other name is a bug.
    [[nodiscard]] static const Model& of(std::string_view service);
    // Builds one from botocore's JSON; for tests. Shapes that no input reaches are left out.
    explicit Model(std::string_view json_text);

    [[nodiscard]] const Operation* find_operation(std::string_view name) const;
    // By "/v1/…" path (Batch).
    [[nodiscard]] const Operation* find_path(std::string_view path) const;
    // By shape name or wire code; null for codes that are not modelled.
    [[nodiscard]] const ErrorShape* find_error(std::string_view code) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Operation>>& operations() const { return operations_; }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    template <class T>
    using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

    struct Source;
    const Shape* build(const Source& source, const std::string& name);

    ByName<std::unique_ptr<Shape>> shapes_;
    std::vector<std::unique_ptr<Operation>> operations_;
    ByName<const Operation*> by_name_, by_path_;
    ByName<ErrorShape> errors_;
};

}  // namespace polysync::sandbox
