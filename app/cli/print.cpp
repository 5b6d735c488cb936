#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "app/cli/command.h"

namespace lapidary::cli {
namespace {

/// Columns on the screen: code points, counted as one each.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool looks_numeric(const std::string& text) {
  return text.empty() || text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9');
}

}  // namespace

void print_json(const Json& document) {
  std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> numeric;
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      if (widths.size() <= c) widths.push_back(0), numeric.push_back(true);
      widths[c] = std::max(widths[c], width_of(rows[r][c]));
      if (r > 0 && !looks_numeric(rows[r][c])) numeric[c] = false;
    }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - width_of(row[c]), ' ');
      line += (c ? "  " : "") + (numeric[c] ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << '\n';
  }
}

std::string number(double value) {
  if (value == 0 || !std::isfinite(value))
    return value == 0 ? "0" : std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const int digits = std::max(0, 2 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", std::min(digits, 9), value);
  return text;
}

namespace {

std::string scaled(double value, const char* const* units) {
  while (std::abs(value) >= 999.5 && units[1]) {
    value /= 1000;
    ++units;
  }
  const std::string text =
      value == std::floor(value) ? std::to_string(static_cast<long long>(value)) : number(value);
  return **units ? text + " " + *units : text;
}

}  // namespace

std::string with_prefix(double value) {
  static constexpr const char* units[] = {"", "k", "M", "G", "T", "P", nullptr};
  return scaled(value, units);
}

std::string bytes_text(double bytes) {
  static constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", nullptr};
  return scaled(bytes, units);
}

ProgressBar::ProgressBar(std::string label, const Output& output)
    : label_(std::move(label)), shown_(!output.quiet && isatty(STDERR_FILENO)) {}

ProgressBar::~ProgressBar() {
  if (shown_ && last_percent_ >= 0) std::cerr << "\r\033[K";
}

void ProgressBar::update(std::size_t done, std::size_t all) {
  const int percent = all == 0 ? 100 : static_cast<int>(done * 100 / all);
  if (!shown_ || percent == last_percent_) return;
  last_percent_ = percent;
  constexpr int width = 30;
  const int filled = percent * width / 100;
  std::cerr << '\r' << label_ << " [" << std::string(static_cast<std::size_t>(filled), '#')
            << std::string(static_cast<std::size_t>(width - filled), '.') << "] " << percent << " %"
            << std::flush;
}

}  // namespace lapidary::cli
