#pragma once

#include <string>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// What `after` does otherwise than `before`, the version of the same operator ahead of it, one sentence
/// each: its own note of change first, then the differences in inputs, outputs, attributes and types.
std::vector<std::string> changes_between(const Operator& before, const Operator& after);

/// "float", "seq(float)": a type of a constraint without the word tensor.
std::string short_type(const std::string& type);
/// Types as a list for people, numbered sorts drawn together where all are there: "integers, float, double".
std::string short_types(const std::vector<std::string>& types);
/// The types that a parameter takes: those of its constraint, or the one that it names.
std::vector<std::string> types_of(const Operator& record, const Parameter& parameter);

}  // namespace lapidary
