// Reads AWS's JSON answers into plain structs: known members by table, everything else skipped unread. The
// parser (simdjson) stays in json_reader.cpp.
//
// Tolerant, as AWS answers ask for (aws-facts 1.3): unknown members, missing members, null, and values of an
// unexpected type are never an error; a member that cannot be read stays as it was. Of a member that comes
// twice the last one counts. What is an error: text that is not JSON, bad UTF-8, truncation, a root that is
// no object.
//
//     struct Run { std::string id; std::optional<int> attempt; };
//     const ObjectShape& run_shape() {
//         static const ObjectShape shape{field<&Run::id>("Id"), field<&Run::attempt>("Attempt")};
//         return shape;
//     }
//     Result<Run> run = decode_json<Run>(body, run_shape());
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::aws {

class ObjectShape;

// One value of a document; lives only during the call that hands it out.
class JsonValue {
  public:
    // Strings; numbers and booleans as their text.
    void read(std::string& out);
    void read(std::optional<std::string>& out);
    // Integers, integral doubles ("3.0", "1e3"), and either in a string; out of range: left alone.
    void read(int& out);
    void read(long long& out);
    void read(std::optional<int>& out);
    void read(std::optional<long long>& out);
    void read(double& out);
    void read(std::optional<double>& out);
    void read(bool& out);
    void read(std::optional<bool>& out);
    // Elements that are no strings are left out.
    void read(std::vector<std::string>& out);
    // Values that are no strings come as their JSON text; null ones are left out.
    void read(std::map<std::string, std::string>& out);
    void read(std::vector<std::pair<std::string, int>>& out);

    // Epoch seconds, fractional or with an exponent, kept to the millisecond; also ISO 8601 text.
    void read_seconds(std::optional<SystemTime>& out);
    // Epoch milliseconds as an integer, also in a string.
    void read_millis(std::optional<SystemTime>& out);
    // Any value as its JSON text.
    void read_raw(std::string& out);

    [[nodiscard]] bool is_object() const;
    void read_object(void* object, const ObjectShape& shape);
    // Each element that is an object is handed to `element`.
    void read_array(void* list, void (*element)(void* list, JsonValue& value));
    // Each member of an object, with its unescaped name, until `member` returns false.
    void read_members(void* context, bool (*member)(void* context, std::string_view name, JsonValue& value));

    struct Context;
    JsonValue(void* value, Context& context) : value_(value), context_(&context) {}

  private:
    void* value_;  // simdjson's
    Context* context_;
};

struct Field {
    std::string_view name;
    void (*read)(void* object, JsonValue& value);
};

// The members of an object that are read; at most 64, found by a hash of their first 8 letters.
class ObjectShape {
  public:
    ObjectShape(std::initializer_list<Field> fields);
    // `key` points behind the opening quote of a member's raw name; as many bytes as the longest name has,
    // and 8 more, can be read there, whatever they are.
    [[nodiscard]] const Field* find(const char* key) const;

  private:
    struct Entry {
        Field field;
        std::uint64_t begin;       // the first 8 letters, zeros behind a shorter name
        std::uint64_t middle = 0;  // the next 8, the closing quote among them
        std::uint64_t middle_mask = 0;
    };
    [[nodiscard]] static std::size_t bucket_of(std::uint64_t begin) {
        return (begin * 0x9e3779b97f4a7c15u) >> 58;
    }

    std::vector<Entry> entries_;
    std::array<std::uint64_t, 64> buckets_{};  // by bucket: which entries it holds, one bit each
};

// Fills `object`. `body` gets spare capacity for the parser where it has none. Errors: ErrorKind::internal,
// "unreadable_answer"; what was read before the fault stays in `object`.
[[nodiscard]] Status read_json(std::string& body, void* object, const ObjectShape& shape);

template <class T>
[[nodiscard]] Result<T> decode_json(std::string& body, const ObjectShape& shape) {
    T object;
    POLYSYNC_TRY(read_json(body, &object, shape));
    return object;
}

// ---- Makers of fields

template <class Class, class Type>
Class class_of(Type Class::*);

template <auto Member>
using ClassOf = decltype(class_of(Member));

template <auto Member>
auto& member_of(void* object) {
    return static_cast<ClassOf<Member>*>(object)->*Member;
}

template <auto Member>
[[nodiscard]] Field field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) { value.read(member_of<Member>(object)); }};
}

template <auto Member>
[[nodiscard]] Field seconds_field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) { value.read_seconds(member_of<Member>(object)); }};
}

template <auto Member>
[[nodiscard]] Field millis_field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) { value.read_millis(member_of<Member>(object)); }};
}

// A nested object that is a member struct.
template <auto Member, const ObjectShape& (*Shape)()>
[[nodiscard]] Field object_field(std::string_view name) {
    return {name,
            [](void* object, JsonValue& value) { value.read_object(&member_of<Member>(object), Shape()); }};
}

// A nested object whose members belong to the same struct as those around it.
template <const ObjectShape& (*Shape)()>
[[nodiscard]] Field flattened_field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) { value.read_object(object, Shape()); }};
}

// A std::vector of structs.
template <class Element, const ObjectShape& (*Shape)()>
void read_element(void* list, JsonValue& value) {
    auto& elements = *static_cast<std::vector<Element>*>(list);
    value.read_object(&elements.emplace_back(), Shape());
}

template <class Element, const ObjectShape& (*Shape)()>
void read_list(std::vector<Element>& list, JsonValue& value) {
    value.read_array(&list, &read_element<Element, Shape>);
}

template <auto Member, const ObjectShape& (*Shape)()>
[[nodiscard]] Field list_field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) {
                auto& list = member_of<Member>(object);
                using Element = typename std::remove_reference_t<decltype(list)>::value_type;
                read_list<Element, Shape>(list, value);
            }};
}

// Anything else: Read is a function (Class& object, JsonValue& value).
template <class Class, void (*Read)(Class&, JsonValue&)>
[[nodiscard]] Field custom_field(std::string_view name) {
    return {name, [](void* object, JsonValue& value) { Read(*static_cast<Class*>(object), value); }};
}

}  // namespace polysync::aws
