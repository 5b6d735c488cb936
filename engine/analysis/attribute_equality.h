#pragma once

#include <functional>
#include <span>

#include "engine/model/model.h"

namespace lapidary {

/// True if both hold the same: numbers by their values, NaN being NaN, and tensors by their elements. Of
/// graphs `are_same_bodies` says it: one at each side, or as many as each list holds.
bool is_same_value(
    const AttributeValue& a, const AttributeValue& b,
    const std::function<bool(std::span<const GraphPointer>, std::span<const GraphPointer>)>& are_same_bodies);

}  // namespace lapidary
