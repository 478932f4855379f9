#include "cli/output.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "base/utf8.h"

namespace polysync::cli {
namespace {

std::string_view code_of(Colour colour) {
    switch (colour) {
        case Colour::red:
            return "31";
        case Colour::green:
            return "32";
        case Colour::yellow:
            return "33";
        case Colour::cyan:
            return "36";
        case Colour::bold:
            return "1";
        case Colour::dim:
            return "2";
        case Colour::none:
            break;
    }
    return "0";
}

// Later lines of a text stand under its first.
std::string indented(std::string_view text, std::size_t indent) {
    std::string out;
    for (char c : text) {
        out += c;
        if (c == '\n') out.append(indent, ' ');
    }
    return out;
}

void pretty(const boost::json::value& value, std::size_t indent, std::string& out) {
    auto line = [&](std::size_t depth) { out.append("\n").append(depth * 2, ' '); };
    const auto* members = value.if_object();
    const auto* items = value.if_array();
    bool first = true;
    if (members && !members->empty()) {
        out += '{';
        for (const auto& [key, member] : *members) {
            if (!first) out += ',';
            first = false;
            line(indent + 1);
            out += boost::json::serialize(boost::json::value(key)) + ": ";
            pretty(member, indent + 1, out);
        }
        line(indent);
        out += '}';
    } else if (items && !items->empty()) {
        out += '[';
        for (const auto& item : *items) {
            if (!first) out += ',';
            first = false;
            line(indent + 1);
            pretty(item, indent + 1, out);
        }
        line(indent);
        out += ']';
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
        // U+0080 to U+009F, which some terminals obey.
        bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) ++i;
        out += control || c1 ? '?' : text[i];
    }
    return out;
}

boost::json::value to_json(const Error& error) {
    return {{"error",
             {{"code", error.code},
              {"message", error.message},
              {"remedy", error.remedy},
              {"request_id", error.request_id}}}};
}

std::string pretty_json(const boost::json::value& value) {
    std::string out;
    pretty(value, 0, out);
    return out;
}

void Output::result(std::string_view text) { raw_result(std::string(text) + "\n"); }
void Output::json_result(const boost::json::value& value) { result(boost::json::serialize(value)); }

void Output::raw_result(std::string_view text) {
    live("");
    console_.out(redact(text));
}

void Output::note(std::string_view text) { to_err(std::string(text) + "\n"); }

void Output::warn(std::string_view text) {
    to_err(fmt::format("{} {}\n", paint(Colour::yellow, "warning:", true), indented(printable(text), 2)));
}

void Output::error(const Error& error) {
    if (json_) {
        json_result(to_json(error));
        return;
    }
    std::string block = paint(Colour::red, "error:", true);
    if (!error.service.empty()) {
        block += fmt::format(" {} {} failed:", printable(error.service), printable(error.operation));
    }
    block += fmt::format(" {}: {}\n", printable(error.code), indented(printable(error.message), 2));
    if (!error.remedy.empty())
        block += fmt::format("  what to do: {}\n", indented(printable(error.remedy), 14));
    if (!error.request_id.empty()) block += fmt::format("  request id: {}\n", printable(error.request_id));
    to_err(block);
}

void Output::errors(std::string_view code, std::string_view summary, const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all += (all.empty() ? "" : "\n") + line;
    if (json_) {
        error(make_error(ErrorKind::invalid_input, std::string(code), all));
        return;
    }
    to_err(fmt::format("{} {}\n  {}\n", paint(Colour::red, "error:", true), summary,
                       indented(printable(all), 2)));
}

void Output::live(std::string_view text) {
    if (!console_.err_is_terminal() || (text.empty() && !live_shown_)) return;
    live_shown_ = !text.empty();
    auto width = std::size_t(std::max(20, console_.columns() - 1));
    console_.err("\r\x1b[K" + std::string(utf8_prefix(redact(text), width)));
}

std::string Output::paint(Colour colour, std::string_view text, bool on_stderr) const {
    bool terminal = on_stderr ? console_.err_is_terminal() : console_.out_is_terminal();
    if (colour == Colour::none || !terminal || !console_.colours_allowed()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(colour), text);
}

void Output::to_err(std::string_view text) {
    live("");
    console_.err(redact(text));
}

}  // namespace polysync::cli
