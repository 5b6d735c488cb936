#pragma once

#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/operator.h"
#include "engine/ops/types.h"

namespace lapidary {

// Kernels and records of operators that work element by element. 16-bit floats are computed in float32.

/// Output 0 = function(element) for each element of input 0, whose type must be in Types.
template <class Types, class F>
void map_input(KernelContext& context, F function) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(Types{}, x.type(), [&]<class T>() {
    map_elements<T, T>(x, y,
                       [&](T value) { return static_cast<T>(function(static_cast<ComputeType<T>>(value))); });
  });
}

/// As map_input, for a function that needs no attribute: a captureless lambda.
template <class Types, auto function>
void unary_kernel(KernelContext& context) {
  map_input<Types>(context, function);
}

/// The two operands of an element-wise operator, ready for numpy's broadcasting. Before opset 7 operators had
/// attributes instead: `broadcast`, and `axis`, the axis of A at which the axes of B begin; B is reshaped to
/// that effect.
struct Operands {
  Tensor a, b;
  Dims dims;  ///< sizes of the result
};
Operands broadcast_operands(KernelContext& context);
/// Throws Error unless both have one element type.
void require_same_type(const Tensor& a, const Tensor& b);

/// Output 0 = function(a, b) of inputs 0 and 1, broadcast; the result has the operands' type.
template <class Types, auto function>
void binary_kernel(KernelContext& context) {
  const auto [a, b, dims] = broadcast_operands(context);
  require_same_type(a, b);
  Tensor& result = context.output(0, a.type(), dims);
  dispatch(Types{}, a.type(), [&, &left = a, &right = b]<class T>() {
    using C = ComputeType<T>;
    broadcast_binary<T, T, T>(left, right, result, [](T x, T y) {
      return static_cast<T>(function(static_cast<C>(x), static_cast<C>(y)));
    });
  });
}

/// As binary_kernel; the result is bool.
template <class Types, auto function>
void predicate_kernel(KernelContext& context) {
  const auto [a, b, dims] = broadcast_operands(context);
  require_same_type(a, b);
  Tensor& result = context.output(0, DataType::Bool, dims);
  dispatch(Types{}, a.type(), [&, &left = a, &right = b]<class T>() {
    using C = ComputeType<T>;
    broadcast_binary<T, T, bool>(left, right, result,
                                 [](T x, T y) { return function(static_cast<C>(x), static_cast<C>(y)); });
  });
}

/// A record with one input and one output of type "T".
Operator unary_operator(std::string name, int version, OperatorKind kind, std::string summary,
                        types::List element_types, std::string input = "X", std::string output = "Y");
/// A record with inputs A and B and output C of type "T", broadcast by numpy's rule.
Operator binary_operator(std::string name, int version, OperatorKind kind, std::string summary,
                         types::List element_types);
/// The record as of opset 1, whose attribute `consumed_inputs` is read by nobody.
Operator with_consumed_inputs(const Operator& record, int version = 1);
/// The record as of `version` below 7, with the attributes `axis` and `broadcast` in place of numpy's rule:
/// the result has the sizes of A.
Operator with_axis_broadcast(const Operator& record, int version);

/// Output 0 has the shape of input 0 and bool elements.
void bool_like_input(InferenceContext& context);

}  // namespace lapidary
