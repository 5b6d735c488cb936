#include "engine/analysis/dimension_name.h"

#include <cctype>

namespace lapidary {

std::string dimension_name(const Value& input, std::size_t axis) {
  std::string name = input.name + "." + std::to_string(axis);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != ':') c = '_';
  return name;
}

}  // namespace lapidary
