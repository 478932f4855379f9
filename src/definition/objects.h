// What definitions define: platforms, contention profiles, jobs, tasks and event sources, as values with the
// place that they came from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/json/object.hpp>

#include "definition/document.h"
#include "definition/problem.h"
#include "model/job.h"
#include "model/platform.h"
#include "model/task.h"

namespace polysync::definition {

// In the order of Value's alternatives, and of store::ObjectKind.
enum class Kind { platform, profile, job, task, source };
[[nodiscard]] std::string_view to_string(Kind kind);     // "platform"
[[nodiscard]] std::string_view section_name(Kind kind);  // "platforms": the key of a file
inline constexpr Kind all_kinds[] = {Kind::platform, Kind::profile, Kind::job, Kind::task, Kind::source};

// A platform with what every object carries; the names are the same.
struct PlatformDefinition {
    Metadata meta;
    Platform platform;
};

using Value = std::variant<PlatformDefinition, ContentionProfile, JobDefinition, Task, EventSource>;

[[nodiscard]] inline Kind kind_of(const Value& value) { return static_cast<Kind>(value.index()); }
[[nodiscard]] const Metadata& metadata(const Value& value);
[[nodiscard]] Metadata& metadata(Value& value);

// One object as it was read.
struct Definition {
    Value value;
    std::string file;  // empty: a JSON document of the API or of the store
    Node node;         // its part of the document

    [[nodiscard]] Kind kind() const { return kind_of(value); }
    [[nodiscard]] const QualifiedName& name() const { return metadata(value).name; }
    // A problem with a field as the model and the engine name it ("dependencies[0].parent",
    // "schedules[1].cron"), at the nearest place that the document has for it.
    [[nodiscard]] Problem problem(std::string_view field, std::string message) const;
};

enum class ClearText {
    keep,    // as the user wrote it: the result reads back to the same platforms
    redact,  // "[redacted]": for everything that is shown or stored
};

// The object as a JSON document: what the store keeps and the API gives. What has its default is left out.
[[nodiscard]] boost::json::object to_document(const Value& value, ClearText clear_text = ClearText::redact);

// Where a platform's definition holds a secret in clear text: "auth.client_secret". Nothing where all are
// references.
[[nodiscard]] std::optional<std::string> clear_text_secret(const PlatformDefinition& platform);

// The job as tasks run it: parameters of the last import, under those that the user declared.
[[nodiscard]] JobDefinition effective(const JobDefinition& job);

// What an import keeps of a job that was discovered: {name, description, parameters, attributes, details}.
// Defaults and details whose names speak of secrets are hidden (SAFE-3).
[[nodiscard]] boost::json::object imported_part(const Job& job);

}  // namespace polysync::definition
