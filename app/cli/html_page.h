#pragma once

#include <string>
#include <vector>

namespace lapidary::cli {

// Pages of HTML that need nothing from outside, light or dark as the reader's system is. Texts are escaped
// here.

/// A whole page.
std::string html_page(const std::string& title, const std::string& content);
std::string section(const std::string& title, const std::string& content);
/// `kind`: "", "weak", "error", "warning" or "note".
std::string paragraph(const std::string& text, const std::string& kind = "");
std::string card(const std::string& value, const std::string& what);

/// A column's title, and whether its cells are numbers.
struct Column {
  std::string title;
  enum class Kind { Text, Number, Bar } kind = Kind::Text;  ///< of bars a cell holds the share, 0 to 1
};

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);

}  // namespace lapidary::cli
