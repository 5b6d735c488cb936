#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/ops/inference.h"

namespace lapidary {

// Contents of small integer tensors carried along during inference, so that sizes computed by a model's nodes
// are known.

/// Contents of input `index` where it is small and all whole numbers, known or symbolic.
std::optional<std::vector<Dimension>> known_values(InferenceContext& context, std::size_t index);
/// output[i] = function(input 0[i], input 1[i]) with single elements repeated; says nothing where the
/// contents or the result's element count are not known, or where function gives an unknown dimension for
/// every element.
using DimensionFunction = std::function<Dimension(const Dimension&, const Dimension&)>;
void set_combined_values(InferenceContext& context, const DimensionFunction& function);
/// output[i] = function(input 0[i]).
void set_mapped_values(InferenceContext& context, const std::function<Dimension(const Dimension&)>& function);
/// Output 0 holds what input 0 holds.
void pass_values(InferenceContext& context);
/// The contents of a constant tensor as dimensions, if it is small and all whole numbers.
std::optional<std::vector<Dimension>> dimensions_of(const Tensor& tensor);
/// True if the dimension cannot be below zero (a number, or an expression without subtraction).
bool is_never_negative(const Dimension& dimension);

}  // namespace lapidary
