#include <cerrno>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include <fmt/format.h>

#include "definition/codec.h"
#include "definition/definition.h"
#include "definition/for_each.h"
#include "definition/platform_reader.h"

namespace polysync::definition {
namespace {

struct FirstUse {
    std::string file;
    Mark mark;
};
using Names = std::unordered_map<std::string, FirstUse>;

// What a file says for all its objects.
struct Defaults {
    std::string owner, description;
    std::map<std::string, std::string> tags;

    void apply_to(Metadata& meta) const {
        if (meta.owner.empty()) meta.owner = owner;
        if (meta.description.empty()) meta.description = description;
        for (const auto& [key, value] : tags) meta.tags.try_emplace(key, value);
    }
};

template <class T>
std::optional<Value> read_table(const Node& entry, const Table<T>& table, std::string_view owner,
                                const Scope& scope) {
    std::size_t before = scope.findings.errors().size();
    T value{};
    read_map(entry, table, owner, value, scope);
    if (scope.findings.errors().size() != before) return std::nullopt;
    return value;
}

// Keys of the other type would have no effect.
void check_profile(const Node& entry, const ContentionProfile& profile, const Scope& scope) {
    constexpr std::string_view of_rate[] = {"algorithm", "limit", "window", "bucket_size",
                                            "refill_per_second"};
    constexpr std::string_view of_concurrency[] = {"max_concurrent_tasks", "queue_size_limit",
                                                   "queue_timeout"};
    bool is_rate = profile.type == ProfileType::rate_limit;
    auto refuse = [&](std::string_view key) {
        if (const Member* member = entry.find(key))
            scope.findings.error(member->mark, fmt::format("\"{}\" belongs to profiles of type {}", key,
                                                           is_rate ? "concurrency" : "rate_limit"));
    };
    if (is_rate)
        for (auto key : of_concurrency) refuse(key);
    else
        for (auto key : of_rate) refuse(key);
}

std::optional<Value> read_value(Kind kind, const Node& entry, const Scope& scope) {
    switch (kind) {
        case Kind::platform: {
            auto platform = read_platform(entry, scope);
            if (!platform) return std::nullopt;
            return std::move(*platform);
        }
        case Kind::profile: {
            auto value = read_table(entry, profile_table(), "a profile", scope);
            if (value) check_profile(entry, std::get<ContentionProfile>(*value), scope);
            return value;
        }
        case Kind::job:
            return read_table(entry, job_table(), "a job", scope);
        case Kind::task:
            return read_table(entry, task_table(), "a task", scope);
        case Kind::source:
            return read_table(entry, source_table(), "a source", scope);
    }
    return std::nullopt;
}

class FileReader {
  public:
    FileReader(std::string file, std::map<Kind, Names>& names, FileReading& out)
        : file_(std::move(file)), names_(names), out_(out), findings_(file_) {}

    // What the file lacks where it has none of `wanted`, for the message.
    void read(std::string_view text, bool platforms_only) {
        if (auto root = parse_document(text, file_, findings_.errors())) read_root(*root, platforms_only);
        findings_.sort();
        auto append = [](auto& into, auto& from) {
            std::move(from.begin(), from.end(), std::back_inserter(into));
        };
        append(out_.errors, findings_.errors());
        append(out_.warnings, findings_.warnings());
    }

  private:
    void read_root(const Node& root, bool platforms_only) {
        if (root.kind == NodeKind::null) {
            findings_.error({},
                            platforms_only
                                ? "the file is empty; it needs \"platforms\""
                                : "the file is empty; it needs platforms, profiles, jobs, tasks or sources");
            return;
        }
        if (!require_map(root, "the file", findings_)) return;
        std::vector<std::string> known{"platforms", "profiles",  "jobs",  "tasks",       "sources",
                                       "accounts",  "namespace", "owner", "description", "tags"};
        refuse_unknown_keys(root, known, "the file", findings_);
        read_defaults(root);
        std::vector<Account> accounts;
        if (const Member* member = root.find("accounts")) accounts = read_accounts(member->value, findings_);
        bool any = false;
        for (auto kind : all_kinds) {
            const Member* section = root.find(section_name(kind));
            any = any || section;
            if (section) read_section(kind, *section, accounts);
        }
        if (platforms_only && !root.find("platforms")) {
            findings_.error(root.mark, "the file lacks \"platforms\"");
        } else if (!any) {
            findings_.error(
                root.mark, "the file lacks \"platforms\", \"profiles\", \"jobs\", \"tasks\" and \"sources\"");
        }
    }

    void read_defaults(const Node& root) {
        Scope scope{findings_, {}};
        if (const Member* member = root.find("namespace"))
            name_space_ =
                TextCodec{name_pattern, "a name such as team/area"}.read(*member, scope).value_or("");
        if (const Member* member = root.find("owner"))
            defaults_.owner = TextCodec{}.read(*member, scope).value_or("");
        if (const Member* member = root.find("description"))
            defaults_.description = TextCodec{.many_lines = true}.read(*member, scope).value_or("");
        if (const Member* member = root.find("tags"))
            defaults_.tags = TextMapCodec{}.read(*member, scope).value_or(defaults_.tags);
    }

    void read_section(Kind kind, const Member& section, const std::vector<Account>& accounts) {
        if (!section.value.is_sequence()) {
            findings_.error(section.value.mark, fmt::format("\"{}\" must be a list, not {}", section.key,
                                                            kind_name(section.value)));
            return;
        }
        std::size_t count = 0;
        for (const auto& entry : section.value.items) {
            if (kind != Kind::platform) {
                add(kind, entry);
                continue;
            }
            for (const auto& node : expand(entry, accounts, findings_)) {
                if (++count > max_platforms) {
                    findings_.error(entry.mark, fmt::format("more than {} platforms", max_platforms));
                    return;
                }
                add(kind, node);
            }
        }
    }

    void add(Kind kind, const Node& node) {
        Scope scope{findings_, name_space_};
        const Member* name = node.find("name");
        if (name && name->value.is_scalar()) refuse_duplicate(kind, name->value, scope);
        auto value = read_value(kind, node, scope);
        if (!value) return;
        defaults_.apply_to(metadata(*value));
        out_.definitions.push_back({std::move(*value), file_, node});
    }

    void refuse_duplicate(Kind kind, const Node& name, const Scope& scope) {
        auto [known, added] = names_[kind].try_emplace(scope.qualify(name.text), FirstUse{file_, name.mark});
        if (added) return;
        const FirstUse& first = known->second;
        bool same_file = first.file == file_;
        auto shown = name.text.substr(0, 64);
        if (same_file && first.mark.line == name.mark.line && first.mark.column == name.mark.column) {
            findings_.error(name.mark,
                            fmt::format("for_each makes several platforms named \"{}\"; put ${{account}} or "
                                        "${{region}} into the name",
                                        shown));
        } else if (same_file) {
            findings_.error(name.mark, fmt::format("duplicate {} name \"{}\"; line {} has it already",
                                                   to_string(kind), shown, first.mark.line));
        } else {
            findings_.error(name.mark, fmt::format("duplicate {} name \"{}\"; {}:{} has it already",
                                                   to_string(kind), shown, first.file, first.mark.line));
        }
    }

    std::string file_, name_space_;
    std::map<Kind, Names>& names_;
    FileReading& out_;
    Findings findings_;
    Defaults defaults_;
};

void set_fields(std::vector<Problem>& problems, const std::vector<std::string>& paths) {
    for (auto& problem : problems) {
        problem.field = paths[std::size_t(problem.mark.column)];
        problem.mark = {};
    }
}

}  // namespace

FileReading read_files(std::span<const SourceFile> files) {
    FileReading reading;
    std::map<Kind, Names> names;
    for (const auto& file : files) FileReader(file.path, names, reading).read(file.text, false);
    if (!reading.ok()) reading.definitions.clear();
    return reading;
}

Reading read(std::string_view text, const std::string& file) {
    FileReading all;
    std::map<Kind, Names> names;
    FileReader(file, names, all).read(text, true);
    Reading reading{{}, std::move(all.errors), std::move(all.warnings)};
    if (!reading.ok()) return reading;
    for (auto& definition : all.definitions)
        if (auto* platform = std::get_if<PlatformDefinition>(&definition.value))
            reading.platforms.push_back(std::move(platform->platform));
    return reading;
}

Reading read_file(const std::string& path) {
    Reading reading;
    errno = 0;
    std::ifstream input(path, std::ios::binary);
    std::string text;
    if (input) {
        constexpr std::size_t one_too_many = 1024 * 1024 + 1;
        text.resize(one_too_many);
        input.read(text.data(), std::streamsize(text.size()));
        text.resize(std::size_t(input.gcount()));
    }
    if (input.bad() || (!input && !input.eof())) {
        int reason = errno;
        reading.errors.push_back(
            {path, {}, fmt::format("cannot be read: {}", std::strerror(reason != 0 ? reason : EIO)), {}});
        return reading;
    }
    return read(text, path);
}

EnvironmentReading read_environment(const SourceFile& file) {
    EnvironmentReading reading;
    Findings findings(file.path);
    auto root = parse_document(file.text, file.path, findings.errors());
    if (root && root->kind != NodeKind::null && require_map(*root, "the file", findings)) {
        for (const auto& member : root->members)
            if (!matches(member.key, environment_name_pattern))
                findings.error(member.mark,
                               "a name must be letters, digits and '_', beginning with a letter");
        Member whole{"values", root->mark, *root};
        reading.values = TextMapCodec{}.read(whole, {findings, {}}).value_or(reading.values);
    }
    findings.sort();
    reading.errors = std::move(findings.errors());
    if (!reading.ok()) reading.values.clear();
    return reading;
}

DocumentReading read_document(Kind kind, const boost::json::object& document, DocumentUse use) {
    DocumentReading reading;
    std::vector<std::string> paths;
    Node root = from_json(document, paths);
    Findings findings("");
    auto origin = use == DocumentUse::stored ? Scope::Origin::stored : Scope::Origin::request;
    auto value = read_value(kind, root, {findings, {}, origin});
    findings.sort();
    reading.errors = std::move(findings.errors());
    reading.warnings = std::move(findings.warnings());
    set_fields(reading.errors, paths);
    set_fields(reading.warnings, paths);
    if (value && reading.errors.empty()) reading.definition = {std::move(*value), {}, std::move(root)};
    return reading;
}

}  // namespace polysync::definition
