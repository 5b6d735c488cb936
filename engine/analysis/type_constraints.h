#pragma once

#include <string>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// A value whose type its operator does not allow.
struct TypeMismatch {
  std::string tensor, message;
};

/// Holds what is known of a node's types against its operator's constraints: each in its list, and all that
/// share a constraint of one type. `inputs` and `outputs` are by position, Kind::Unknown where not known.
std::vector<TypeMismatch> type_mismatches(const Operator& record, const Node& node,
                                          const std::vector<Type>& inputs, const std::vector<Type>& outputs);

}  // namespace lapidary
