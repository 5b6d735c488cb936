#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary::cpu {

/// Arithmetic on one element. Those from Add on take two operands, Where takes three. What is true is 1.
enum class ElementCode : std::uint8_t {
  Affine,  ///< alpha·x + beta
  Relu,    ///< x < 0 ? alpha·x : x
  Clip,    ///< min(max(x, alpha), beta)
  Abs,
  Neg,
  Exp,
  Log,
  Sqrt,
  Reciprocal,
  Square,
  Sigmoid,
  Tanh,
  Erf,
  Gelu,         ///< 0.5·x·(1 + erf(x/√2))
  GeluTanh,     ///< 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
  Elu,          ///< x < 0 ? alpha·(eˣ − 1) : x
  HardSigmoid,  ///< max(0, min(1, alpha·x + beta))
  HardSwish,    ///< x·max(0, min(1, x/6 + 1/2))
  Swish,        ///< x·sigmoid(alpha·x)
  Softplus,     ///< log(1 + eˣ)
  Floor,
  Ceil,
  Round,  ///< half to even
  Sin,
  Cos,
  Sign,
  Softsign,
  ThresholdedRelu,  ///< x > alpha ? x : 0
  Celu,             ///< max(0, x) + min(0, alpha·(e^(x/alpha) − 1))
  Selu,             ///< x > 0 ? beta·x : beta·alpha·(eˣ − 1)
  Mish,             ///< x·tanh(log(1 + eˣ))
  Not,              ///< x = 0
  NotZero,
  IsNaN,
  IsInf,  ///< +∞ if alpha is not 0, −∞ if beta is not 0
  BitNot,
  Copy,
  Add,
  Sub,
  Mul,
  Div,
  Max,
  Min,
  PRelu,  ///< a < 0 ? a·b : a
  Pow,
  Mod,   ///< remainder with the sign of b
  Fmod,  ///< remainder with the sign of a
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  BitAnd,
  BitOr,
  BitXor,
  Where,  ///< a ≠ 0 ? b : c
};

/// One step of an element-wise program. Operands number the inputs first, then the results of earlier steps.
struct ElementStep {
  ElementCode code = ElementCode::Affine;
  int a = 0, b = -1;
  float alpha = 0, beta = 0;
  int c = -1;

  std::array<int, 3> operands() const { return {a, b, c}; }
  std::array<int*, 3> operands() { return {&a, &b, &c}; }
};

/// Several element-wise operators in one pass over memory; the last step's result is the output.
struct ElementProgram {
  int inputs = 0;
  std::vector<ElementStep> steps;
  /// The type in which all steps compute; inputs of other types are converted when they are read, and the
  /// output when it is written.
  DataType compute = DataType::Float32;
};

/// Applies one step to `count` elements. `out` may be one of the operands. Runs on the best instruction set
/// of the machine.
void apply(const ElementStep& step, const float* a, const float* b, float* out, std::int64_t count,
           const float* c = nullptr);

/// The same on elements of type `compute`: float64 and integers, which wrap around. `b` of a division or
/// remainder of integers must not be 0.
void apply_typed(DataType compute, const ElementStep& step, const void* a, const void* b, const void* c,
                 void* out, std::int64_t count);
/// True if apply_typed (or apply, for float32) knows the step in that type.
bool can_apply(DataType compute, ElementCode code);

/// Elements in another type by the rules of ONNX's Cast: integers keep their low bits, floating numbers
/// saturate when they become integers, 16-bit ones are rounded to nearest even.
void convert_elements(DataType from, const void* x, DataType to, void* y, std::int64_t count);
/// A whole tensor likewise; the tensor itself if it has that type.
Tensor converted_elements(const Tensor& tensor, DataType to);
/// True for bool, integers of whole bytes, and floating types of 16 bits and more.
bool is_convertible(DataType type);

}  // namespace lapidary::cpu
