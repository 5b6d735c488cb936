#include "engine/io/csv.h"

#include <charconv>
#include <optional>
#include <vector>

#include "engine/model/error.h"

namespace lapidary {
namespace {

bool is_separator(char c) { return c == ',' || c == ';' || c == '\t' || c == ' ' || c == '\r'; }

/// The numbers of one line; nothing if something else stands there.
std::optional<std::vector<double>> numbers_of(std::string_view line) {
  std::vector<double> numbers;
  while (true) {
    while (!line.empty() && is_separator(line.front())) line.remove_prefix(1);
    if (line.empty()) return numbers;
    if (line.front() == '+') line.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc()) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (!line.empty() && !is_separator(line.front())) return std::nullopt;
    numbers.push_back(number);
  }
}

}  // namespace

Tensor read_csv(const FileBytes& file, DataType wanted) {
  std::vector<double> numbers;
  std::int64_t lines = 0;
  std::size_t columns = 0, line_number = 0;
  std::string_view text = file.text();
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++line_number;
    if (line.empty() || line == "\r" || line.front() == '#') continue;
    const auto found = numbers_of(line);
    if (!found && lines == 0 && line_number == 1) continue;
    const std::string where = "line " + std::to_string(line_number);
    if (!found) throw Error(where + " holds something that is no number");
    if (lines > 0 && found->size() != columns)
      throw Error(where + " has " + std::to_string(found->size()) + " numbers, and those before " +
                  std::to_string(columns));
    columns = found->size();
    ++lines;
    numbers.insert(numbers.end(), found->begin(), found->end());
  }
  if (lines == 0) throw Error("there are no numbers in it");
  Dims dims = {lines, static_cast<std::int64_t>(columns)};
  if (lines == 1) dims.erase(dims.begin());
  return tensor_from(wanted == DataType::Undefined ? DataType::Float32 : wanted, std::move(dims), numbers);
}

}  // namespace lapidary
