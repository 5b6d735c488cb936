#pragma once

#include <vector>

#include "engine/ops/inference.h"
#include "engine/ops/kernel.h"

/// What operators share that run a body graph once for each iteration (Loop, Scan).
namespace lapidary {

/// The tensors that the body's output `output` gave in each iteration, joined along a new axis. Without
/// iterations an empty tensor of the declared type, with 0 for sizes that are not declared.
Tensor joined_iterations(const KernelContext& context, const Graph& body, std::size_t output,
                         std::vector<Tensor> parts, std::int64_t axis);

/// Types of the body's outputs when `count` of them, from `first_output` on, are fed back to its inputs from
/// `first_input` on: what does not stay the same from one iteration to the next is unknown.
std::vector<Type> infer_iterated(InferenceContext& context, const Graph& body, std::vector<Type> inputs,
                                 std::size_t first_input, std::size_t first_output, std::size_t count);

/// A tensor type with one more axis of the given size; `axis` may be negative.
Type with_new_axis(const Type& type, const Dimension& size, std::int64_t axis);
/// A tensor type without one of its axes.
Type without_axis(const Type& type, std::int64_t axis);

}  // namespace lapidary
