// How members of a definition are read, written and described: one table of fields per type serves the
// reader, the writer and the JSON Schema, so that none of them can forget one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "definition/fields.h"
#include "definition/objects.h"

namespace polysync::definition {

// What a reader needs to know beside the node.
struct Scope {
    Findings& findings;
    std::string name_space;  // of the file; names without '/' are in it
    enum class Origin { file, request, stored } origin = Origin::file;

    // "orders" in "sales" is "sales/orders"; "/orders" is "orders", "hr/staff" itself.
    [[nodiscard]] std::string qualify(const std::string& name) const;
    // The same for the parents that a template reads: ${parents.orders.outputs.rows}.
    [[nodiscard]] std::string qualify_template(const std::string& text) const;
};

template <class T>
struct Field {
    std::string_view name;
    std::string_view description;
    bool required = false;
    std::function<void(const Member&, T&, const Scope&)> read;
    std::function<void(const T&, boost::json::object&)> write;  // nothing where it has its default
    std::function<boost::json::object()> schema;
};

namespace detail {
template <class V>
struct Inner {
    using type = V;
};
template <class V>
struct Inner<std::optional<V>> {
    using type = V;
};
}  // namespace detail

// A field of `get(object)`, an lvalue. A codec has read(member, scope) → optional value, write(value) → JSON
// and schema().
template <class T, class Get, class Codec>
Field<T> field(std::string_view name, Get get, Codec codec, std::string_view description,
               bool required = false) {
    using V = std::remove_cvref_t<decltype(get(std::declval<T&>()))>;
    constexpr bool optional = !std::is_same_v<V, typename detail::Inner<V>::type>;
    Field<T> out{name, description, required, {}, {}, {}};
    out.read = [=](const Member& member, T& object, const Scope& scope) {
        if (auto value = codec.read(member, scope)) get(object) = std::move(*value);
    };
    out.write = [=](const T& object, boost::json::object& into) {
        if constexpr (optional) {
            if (get(object)) into[name] = codec.write(*get(object));
        } else {
            static const T otherwise{};
            auto value = codec.write(get(object));
            if (required || value != codec.write(get(otherwise))) into[name] = std::move(value);
        }
    };
    out.schema = [=] {
        auto schema = codec.schema();
        schema["description"] = description;
        return schema;
    };
    return out;
}

template <class T>
using Table = std::vector<Field<T>>;

// Fills `object` from a map. `owner`: "a task".
template <class T>
void read_map(const Node& node, const Table<T>& table, std::string_view owner, T& object,
              const Scope& scope) {
    if (!require_map(node, owner, scope.findings)) return;
    std::vector<std::string> known;
    for (const auto& field : table) known.emplace_back(field.name);
    refuse_unknown_keys(node, known, owner, scope.findings);
    for (const auto& field : table) {
        const Member* member = node.find(field.name);
        if (member) field.read(*member, object, scope);
        if (!member && field.required)
            scope.findings.error(node.mark,
                                 std::string(owner) + " lacks \"" + std::string(field.name) + "\"");
    }
}

template <class T>
boost::json::object write_map(const T& object, const Table<T>& table) {
    boost::json::object out;
    for (const auto& field : table) field.write(object, out);
    return out;
}

template <class T>
boost::json::object schema_of_map(const Table<T>& table) {
    boost::json::object properties;
    boost::json::array required;
    for (const auto& field : table) {
        properties[field.name] = field.schema();
        if (field.required) required.emplace_back(field.name);
    }
    boost::json::object out{
        {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
}

// ---------------------------------------------------------------------------------------------- codecs

struct TextCodec {
    std::string_view pattern = {};  // of the whole text, empty: anything
    std::string_view form = {};     // what it must be, for people
    bool many_lines = false;
    [[nodiscard]] std::optional<std::string> read(const Member& member, const Scope& scope) const;
    [[nodiscard]] boost::json::value write(const std::string& value) const {
        return boost::json::value(std::string_view(value));
    }
    [[nodiscard]] boost::json::object schema() const;
};

// A name of an object, qualified when it is read.
struct NameCodec {
    [[nodiscard]] std::optional<QualifiedName> read(const Member& member, const Scope& scope) const;
    [[nodiscard]] boost::json::value write(const QualifiedName& value) const {
        return boost::json::value(std::string_view(value.str()));
    }
    [[nodiscard]] boost::json::object schema() const;
};

struct BooleanCodec {
    [[nodiscard]] std::optional<bool> read(const Member& member, const Scope& scope) const {
        return read_boolean(member, scope.findings);
    }
    [[nodiscard]] boost::json::value write(bool value) const { return value; }
    [[nodiscard]] boost::json::object schema() const { return {{"type", "boolean"}}; }
};

struct IntegerCodec {
    int low = 0, high = 1'000'000;
    [[nodiscard]] std::optional<int> read(const Member& member, const Scope& scope) const;
    [[nodiscard]] boost::json::value write(int value) const { return value; }
    [[nodiscard]] boost::json::object schema() const;
};

// A number above zero.
struct NumberCodec {
    [[nodiscard]] std::optional<double> read(const Member& member, const Scope& scope) const;
    [[nodiscard]] boost::json::value write(double value) const;
    [[nodiscard]] boost::json::object schema() const;
};

// "90s", "15m", "24h", "7d", and sums such as "1h30m"; a multiple of `unit`.
[[nodiscard]] std::optional<std::chrono::seconds> read_duration(const Member& member,
                                                                std::chrono::seconds unit,
                                                                const Scope& scope);
[[nodiscard]] std::string duration_text(std::chrono::seconds value);
[[nodiscard]] boost::json::object duration_schema();

template <class Duration>
struct DurationCodec {
    [[nodiscard]] std::optional<Duration> read(const Member& member, const Scope& scope) const {
        auto read = read_duration(member, Duration(1), scope);
        if (!read) return std::nullopt;
        return std::chrono::duration_cast<Duration>(*read);
    }
    [[nodiscard]] boost::json::value write(Duration value) const {
        return boost::json::value(std::string_view(duration_text(value)));
    }
    [[nodiscard]] boost::json::object schema() const { return duration_schema(); }
};

// A text per name. With `values`, any scalar or structure: its text, as values of parameters are kept.
struct TextMapCodec {
    bool values = false;
    [[nodiscard]] std::optional<std::map<std::string, std::string>> read(const Member& member,
                                                                         const Scope& scope) const;
    [[nodiscard]] boost::json::value write(const std::map<std::string, std::string>& value) const;
    [[nodiscard]] boost::json::object schema() const;
};

// Attributes of jobs, of whatever platform type: names and plain values are checked here, the platform's type
// where everything is known (engine/catalog.h).
struct AttributesCodec {
    [[nodiscard]] std::optional<boost::json::object> read(const Member& member, const Scope& scope) const;
    [[nodiscard]] boost::json::value write(const boost::json::object& value) const { return value; }
    [[nodiscard]] boost::json::object schema() const;
};

[[nodiscard]] std::optional<std::string> read_word(const Member& member, std::span<const std::string> known,
                                                   const Scope& scope);

// A word of an enumeration.
template <class E>
struct WordCodec {
    std::vector<E> values;
    std::optional<E> (*parse)(std::string_view);

    [[nodiscard]] std::vector<std::string> words() const {
        std::vector<std::string> out;
        for (auto value : values) out.emplace_back(to_string(value));
        return out;
    }
    [[nodiscard]] std::optional<E> read(const Member& member, const Scope& scope) const {
        auto word = read_word(member, words(), scope);
        return word ? parse(*word) : std::nullopt;
    }
    [[nodiscard]] boost::json::value write(E value) const {
        return boost::json::value(std::string_view(to_string(value)));
    }
    [[nodiscard]] boost::json::object schema() const {
        boost::json::array list;
        for (const auto& word : words()) list.emplace_back(word);
        return {{"enum", std::move(list)}};
    }
};

inline constexpr std::size_t max_list_items = 1000;
// False, with an error, where the member is no list or too long a one.
[[nodiscard]] bool require_list(const Member& member, const Scope& scope);

// A list; with `single` one item may stand without brackets, and is written so.
template <class V, class Codec>
struct ListCodec {
    Codec item;
    bool single = false;

    [[nodiscard]] std::optional<std::vector<V>> read(const Member& member, const Scope& scope) const {
        std::vector<V> out;
        if (single && !member.value.is_sequence()) {
            auto value = item.read(member, scope);
            if (!value) return std::nullopt;
            out.push_back(std::move(*value));
            return out;
        }
        if (!require_list(member, scope)) return std::nullopt;
        for (const auto& node : member.value.items) {
            Member each{member.key, node.mark, node};
            if (auto value = item.read(each, scope)) out.push_back(std::move(*value));
        }
        return out;
    }
    [[nodiscard]] boost::json::value write(const std::vector<V>& values) const {
        if (single && values.size() == 1) return item.write(values.front());
        boost::json::array out;
        for (const auto& value : values) out.push_back(item.write(value));
        return out;
    }
    [[nodiscard]] boost::json::object schema() const {
        boost::json::object list{{"type", "array"}, {"items", item.schema()}};
        if (!single) return list;
        return {{"anyOf", boost::json::array{item.schema(), std::move(list)}}};
    }
};

// A map of its own table; `check` sees what was read together.
template <class V>
struct MapCodec {
    const Table<V>& (*table)();
    std::string_view owner;
    void (*check)(const Node&, V&, const Scope&) = nullptr;

    [[nodiscard]] std::optional<V> read(const Member& member, const Scope& scope) const {
        V value{};
        if (!require_map(member.value, owner, scope.findings)) return std::nullopt;
        read_map(member.value, table(), owner, value, scope);
        if (check) check(member.value, value, scope);
        return value;
    }
    [[nodiscard]] boost::json::value write(const V& value) const { return write_map(value, table()); }
    [[nodiscard]] boost::json::object schema() const { return schema_of_map(table()); }
};

// ---------------------------------------------------------------------------------------------- tables

[[nodiscard]] const Table<ContentionProfile>& profile_table();
[[nodiscard]] const Table<JobDefinition>& job_table();
[[nodiscard]] const Table<Parameter>& parameter_table();
[[nodiscard]] const Table<Task>& task_table();
[[nodiscard]] const Table<EventSource>& source_table();

// name, owner, description and tags, of anything with a `meta`.
template <class T>
void add_metadata(Table<T>& table, std::string_view what) {
    auto name = field<T>(
        "name", [](auto& object) -> auto& { return object.meta.name; }, NameCodec{}, what, true);
    auto owner = field<T>(
        "owner", [](auto& object) -> auto& { return object.meta.owner; }, TextCodec{},
        "Who answers for it: a team or an address.");
    auto description = field<T>(
        "description", [](auto& object) -> auto& { return object.meta.description; },
        TextCodec{.many_lines = true}, "What it is for.");
    auto tags = field<T>(
        "tags", [](auto& object) -> auto& { return object.meta.tags; }, TextMapCodec{},
        "Words to find it by: key to value.");
    for (auto* each : {&name, &owner, &description, &tags}) table.push_back(std::move(*each));
}

}  // namespace polysync::definition
