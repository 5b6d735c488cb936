#pragma once

#include <functional>
#include <optional>
#include <string>
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

/// How often a node runs each of its bodies, as far as types and constants tell: the trip count of a Loop
/// that no condition ends earlier, the length of what a Scan walks, else once; nothing if only the data tell.
/// `constant` gives the known contents of a name around the node (nullptr) or in its body; nullptr where they
/// are not known.
std::optional<std::int64_t> known_iterations(
    const Node& node, const std::vector<Type>& inputs,
    const std::function<const Tensor*(const Graph* body, const std::string& name)>& constant);

/// A tensor type with one more axis of the given size; `axis` may be negative.
Type with_new_axis(const Type& type, const Dimension& size, std::int64_t axis);
/// A tensor type without one of its axes.
Type without_axis(const Type& type, std::int64_t axis);

}  // namespace lapidary
