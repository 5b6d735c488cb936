#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/data_type.h"

namespace lapidary {

/// How far tensors may be off that a rule is for: an error is within it up to relative · (largest element) +
/// absolute. What is not said holds for all.
struct ToleranceRule {
  std::optional<std::regex> tensor;  ///< fits the whole name
  std::string op_type;
  std::optional<DataType> type;
  double relative = 0, absolute = 0;
};

/// Rules, of which the first that fits counts; without one `relative` does, or what the coarser type's
/// rounding makes of it.
struct Tolerances {
  double relative = 1e-3;
  std::vector<ToleranceRule> rules;

  const ToleranceRule* rule_for(const std::string& tensor, const std::string& op_type, DataType type) const;
};

/// Reads [{"tensor": "/layer1/.*", "op": "Softmax", "type": "float16", "relative": 0.01, "absolute": 1e-6},
/// …]. Throws Error of Kind::Usage that says which rule is wrong.
std::vector<ToleranceRule> read_tolerances(std::string_view json);

/// A rule as read_tolerances() reads it, for one tensor by its whole name.
std::string tolerance_rule_text(const std::string& tensor, double relative, double absolute);

}  // namespace lapidary
