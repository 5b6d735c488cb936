#pragma once

#include <string>
#include <vector>

namespace lapidary {

/// An equation of Einsum: the labels of each operand's axes, and of the result's. A label is a letter, or a
/// digit '0', '1', … for an axis that an ellipsis stands for ('0' is the innermost, so that shorter ellipses
/// broadcast as numpy's).
struct EinsumEquation {
  std::vector<std::string> operands;
  std::string output;
};

/// Throws Error if the equation cannot be read or does not fit operands of these ranks.
EinsumEquation read_einsum_equation(const std::string& written, const std::vector<std::size_t>& ranks);

}  // namespace lapidary
