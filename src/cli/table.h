// Rows under headings, as wide as their longest cell.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"

namespace polysync::cli {

class Table {
  public:
    explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

    struct Cell {
        std::string text;
        Colour colour = Colour::none;
        Cell(std::string given) : text(std::move(given)) {}  // NOLINT: rows are written as lists
        Cell(const char* given) : text(given) {}             // NOLINT
        Cell(std::string given, Colour paint) : text(std::move(given)), colour(paint) {}
    };
    void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // To stdout; nothing but `none` on stderr where there is no row. Columns that are empty throughout are
    // left out. Cells are made printable and kept to one line.
    void print(Output& output, std::string_view none) const;

  private:
    std::vector<std::string> headings_;
    std::vector<std::vector<Cell>> rows_;
};

// "label       text", later lines under the text; nothing where it is empty.
class Block {
  public:
    void line(std::string_view label, std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace polysync::cli
