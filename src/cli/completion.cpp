#include <fmt/format.h>

#include "cli/invocation.h"

namespace polysync::cli {
namespace {

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
    return out;
}

// Every command with the path that leads to it: "pipeline run".
template <class Visit>
void each_command(const CommandNode& node, const std::string& path, const Visit& visit) {
    visit(node, path);
    for (const auto& child : node.commands)
        each_command(child, path.empty() ? child.name : path + " " + child.name, visit);
}

std::vector<std::string> option_names(const CommandNode& node) {
    std::vector<std::string> names;
    for (const auto& option : node.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return names;
}

std::vector<std::string> command_names(const CommandNode& node) {
    std::vector<std::string> names;
    for (const auto& child : node.commands) names.push_back(child.name);
    return names;
}

bool wants_platform(const CommandNode& node) {
    return !node.positionals.empty() && node.positionals.front() == "PLATFORM";
}

// What the first positional may be.
std::string first_words(const CommandNode& node) {
    return node.name == "completion" ? "bash zsh fish" : join(command_names(node), " ");
}

std::string value_options(const CommandNode& root) {
    std::vector<std::string> names;
    each_command(root, "", [&](const CommandNode& node, const std::string&) {
        for (const auto& option : node.options) {
            if (option.takes_value) names.insert(names.end(), option.names.begin(), option.names.end());
        }
    });
    return join(names, "|");
}

std::string bash_script(const CommandNode& root) {
    std::string words, options;
    each_command(root, "", [&](const CommandNode& node, const std::string& path) {
        auto all = option_names(node);
        if (!path.empty()) {
            auto global = option_names(root);
            all.insert(all.end(), global.begin(), global.end());
        }
        options += fmt::format("        '{}') options='{}' ;;\n", path, join(all, " "));
        if (wants_platform(node)) {
            words += fmt::format(
                "        '{}') [ \"$positionals\" = 0 ] && words=$(polysync -f \"$file\" __platforms "
                "2>/dev/null) ;;\n",
                path);
        } else if (auto first = first_words(node); !first.empty()) {
            words += fmt::format("        '{}') words='{}' ;;\n", path, first);
        }
    });
    std::string known;
    each_command(root, "", [&](const CommandNode&, const std::string& path) {
        known += (known.empty() ? "" : "|") + fmt::format("'{}'", path);
    });
    return fmt::format(
        R"bash(# bash completion for polysync; source it, or put it into /etc/bash_completion.d/polysync
_polysync() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous='' path='' positionals=0 file=polysync.yaml words='' options='' i word next
    [ "$COMP_CWORD" -gt 0 ] && previous=${{COMP_WORDS[COMP_CWORD-1]}}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        case "$word" in
            -f|--file) i=$((i + 1)); file=${{COMP_WORDS[i]}} ;;
            {value_options}) i=$((i + 1)) ;;
            -*) ;;
            *)
                next=${{path:+$path }}$word
                case "$next" in
                    {known}) path=$next ;;
                    *) positionals=$((positionals + 1)) ;;
                esac ;;
        esac
    done
    case "$previous" in
        -f|--file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        --log-level) mapfile -t COMPREPLY < <(compgen -W 'trace debug info warn error off' -- "$current"); return ;;
        {value_options}) return ;;
    esac
    case "$path" in
{options}    esac
    case "$path" in
{words}    esac
    case "$current" in
        -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    esac
}}
complete -F _polysync polysync
)bash",
        fmt::arg("value_options", value_options(root)), fmt::arg("known", known),
        fmt::arg("options", options), fmt::arg("words", words));
}

// For single-quoted shell text.
std::string single_quoted(std::string_view text) {
    std::string out;
    for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out;
}

// For the description in an _arguments specification or a _describe entry.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return single_quoted(out);
}

std::string zsh_function(const CommandNode& node, const std::string& path) {
    std::string name = "_polysync";
    for (char c : path) name += c == ' ' ? '_' : c;
    if (!path.empty()) name = "_polysync_" + name.substr(9);
    std::string body =
        name +
        "() {\n    local curcontext=$curcontext state line\n    typeset -A opt_args\n    _arguments -C \\\n";
    for (const auto& option : node.options) {
        for (const auto& word : option.names) {
            std::string value;
            if (option.takes_value) value = word == "-f" || word == "--file" ? ":file:_files" : ":value:";
            if (!option.choices.empty()) value = fmt::format(":value:({})", join(option.choices, " "));
            body += fmt::format("        '*{}[{}]{}' \\\n", word, zsh_text(option.description), value);
        }
    }
    if (!node.commands.empty()) {
        body +=
            "        '1: :->command' '*:: :->rest'\n    case $state in\n        command) local -a "
            "commands=(\n";
        for (const auto& child : node.commands)
            body += fmt::format("            '{}:{}'\n", child.name, zsh_text(child.description));
        body += "        ); _describe command commands ;;\n        rest) case $words[1] in\n";
        for (const auto& child : node.commands) {
            std::string full = path.empty() ? child.name : path + " " + child.name;
            for (auto& c : full) c = c == ' ' ? '_' : c;
            body += fmt::format("            {}) _polysync_{} ;;\n", child.name, full);
        }
        return body + "        esac ;;\n    esac\n}\n";
    }
    if (wants_platform(node)) {
        body += "        '1:platform:_polysync_platforms' '*: :'\n";
    } else if (auto first = first_words(node); !first.empty()) {
        body += fmt::format("        '1: :({})'\n", first);
    } else {
        body += "        '*: :'\n";
    }
    return body + "}\n";
}

std::string zsh_script(const CommandNode& root) {
    std::string out = R"zsh(#compdef polysync
# zsh completion for polysync; put it into a folder of $fpath as _polysync
_polysync_platforms() {
    local file=${opt_args[-f]:-${opt_args[--file]:-polysync.yaml}}
    local -a names=(${(f)"$(polysync -f $file __platforms 2>/dev/null)"})
    compadd -a names
}
)zsh";
    each_command(root, "",
                 [&](const CommandNode& node, const std::string& path) { out += zsh_function(node, path); });
    return out +
           "if [ \"$funcstack[1]\" = _polysync ]; then _polysync \"$@\"; else compdef _polysync polysync; "
           "fi\n";
}

std::string fish_script(const CommandNode& root) {
    std::string out =
        "# fish completion for polysync; put it into ~/.config/fish/completions/polysync.fish\n"
        "complete -c polysync -f\n";
    each_command(root, "", [&](const CommandNode& node, const std::string& path) {
        std::string condition;
        std::string nothing_yet;
        if (path.empty()) {
            nothing_yet = fmt::format(" -n 'not __fish_seen_subcommand_from {}'", first_words(root));
        } else {
            auto space = path.find(' ');
            condition = fmt::format("__fish_seen_subcommand_from {}", path.substr(0, space));
            if (space != std::string::npos)
                condition += fmt::format("; and __fish_seen_subcommand_from {}", path.substr(space + 1));
            nothing_yet =
                fmt::format(" -n '{}{}'", condition,
                            node.commands.empty()
                                ? ""
                                : fmt::format("; and not __fish_seen_subcommand_from {}", first_words(node)));
        }
        for (const auto& child : node.commands) {
            out += fmt::format("complete -c polysync{} -a {} -d '{}'\n", nothing_yet, child.name,
                               single_quoted(child.description));
        }
        if (node.name == "completion")
            out += fmt::format("complete -c polysync{} -a 'bash zsh fish'\n", nothing_yet);
        if (wants_platform(node)) {
            out +=
                fmt::format("complete -c polysync{} -a '(polysync __platforms 2>/dev/null)'\n", nothing_yet);
        }
        for (const auto& option : node.options) {
            std::string words;
            for (const auto& word : option.names) {
                words += word.starts_with("--") ? fmt::format(" -l {}", word.substr(2))
                                                : fmt::format(" -s {}", word.substr(1));
            }
            std::string value = !option.takes_value ? "" : option.names.back() == "--file" ? " -r -F" : " -x";
            if (!option.choices.empty()) value += fmt::format(" -a '{}'", join(option.choices, " "));
            out += fmt::format("complete -c polysync{}{}{} -d '{}'\n",
                               condition.empty() ? "" : fmt::format(" -n '{}'", condition), words, value,
                               single_quoted(option.description));
        }
    });
    return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const CommandNode& tree) {
    if (shell == "bash") return bash_script(tree);
    return shell == "zsh" ? zsh_script(tree) : fish_script(tree);
}

}  // namespace polysync::cli
