#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops/operator.h"

/// Operators that are made of others. The kernel of such an operator runs the kernels of its parts, and its
/// inference and cost ask theirs, so that each rule stands in one place only.
namespace lapidary {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// Those of the named attributes that the node has.
Attributes attributes_of(const Node& node, const std::vector<std::string>& names);

inline constexpr std::int64_t newest = std::numeric_limits<std::int64_t>::max();

/// The outputs of an operator of ONNX run inside the kernel of `context`, in the version that `opset` has. An
/// absent tensor stands for an optional input left out. Throws Error as that operator does.
std::vector<Tensor> compute_all(const KernelContext& context, const char* op_type, std::vector<Tensor> inputs,
                                Attributes attributes = {}, std::size_t output_count = 1,
                                std::int64_t opset = newest);
/// Its first output.
Tensor compute(const KernelContext& context, const char* op_type, std::vector<Tensor> inputs,
               Attributes attributes = {}, std::int64_t opset = newest);
/// Input `index`, or an absent tensor.
Tensor input_or_absent(const KernelContext& context, std::size_t index);

/// The types of an operator's outputs for inputs of the given types (unknown types stand for absent inputs).
/// Contradictions are reported to `context`.
std::vector<Type> infer_call(InferenceContext& context, const char* op_type, std::vector<Type> inputs,
                             Attributes attributes = {}, std::size_t output_count = 1);
/// A rule: outputs are those of `op_type` called with the node's attributes and the inputs at `inputs` (all
/// in order if it is empty).
InferenceFunction infer_as(const char* op_type, std::vector<std::size_t> inputs = {},
                           std::int64_t opset = newest);
/// A cost: that of `op_type` called in the same way, and `flops` more for each element of output 0.
CostFunction cost_as(const char* op_type, std::vector<std::size_t> inputs = {}, double flops = 0);
/// A kernel: the operator of ONNX named Name, on the node's own inputs and attributes.
void run_as(KernelContext& context, const char* op_type, std::int64_t opset = newest);

}  // namespace lapidary
