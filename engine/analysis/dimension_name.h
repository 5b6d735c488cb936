#pragma once

#include <string>

#include "engine/model/model.h"

namespace lapidary {

/// What a dimension of a graph input that has neither number nor name is called: "INPUT.AXIS", in characters
/// that Dimension::parse takes for one name.
std::string dimension_name(const Value& input, std::size_t axis);

}  // namespace lapidary
