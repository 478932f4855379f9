#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace polysync::cli {
namespace {

constexpr std::size_t label_width = 14;

// Characters, not bytes, of UTF-8.
std::size_t width_of(std::string_view text) {
    return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string one_line(const std::string& text) {
    std::string out = printable(text);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return out;
}

}  // namespace

void Table::print(Output& output, std::string_view none) const {
    if (rows_.empty()) return output.note(none);
    std::vector<std::size_t> widths(headings_.size(), 0);
    std::vector<std::vector<std::string>> texts;
    for (const auto& row : rows_) {
        auto& line = texts.emplace_back();
        for (std::size_t i = 0; i < headings_.size(); ++i) {
            line.push_back(i < row.size() ? one_line(row[i].text) : std::string());
            widths[i] = std::max(widths[i], width_of(line.back()));
        }
    }
    for (std::size_t i = 0; i < widths.size(); ++i)
        if (widths[i] > 0) widths[i] = std::max(widths[i], width_of(headings_[i]));
    auto write = [&](const std::vector<std::string>& line, const std::vector<Cell>* cells) {
        std::string out, pending;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (widths[i] == 0) continue;
            out += pending;
            Colour colour = !cells ? Colour::bold : i < cells->size() ? (*cells)[i].colour : Colour::none;
            out += line[i].empty() ? "" : output.paint(colour, line[i]);
            pending = std::string(widths[i] - width_of(line[i]) + 2, ' ');
        }
        while (out.ends_with(' ')) out.pop_back();
        output.result(out);
    };
    write(headings_, nullptr);
    for (std::size_t i = 0; i < rows_.size(); ++i) write(texts[i], &rows_[i]);
}

void Block::line(std::string_view label, std::string_view text) {
    if (text.empty()) return;
    std::string body;
    for (char c : printable(text)) {
        body += c;
        if (c == '\n') body.append(label_width, ' ');
    }
    text_ += fmt::format("{}{:<{}}{}", text_.empty() ? "" : "\n", label, label_width, body);
}

}  // namespace polysync::cli
