#pragma once

#include <cstdint>
#include <vector>

namespace lapidary::cpu {

/// Arithmetic on one element. Those from Add on take two operands.
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
  Add,
  Sub,
  Mul,
  Div,
  Max,
  Min,
  PRelu,  ///< a < 0 ? a·b : a
};

/// One step of an element-wise program. Operands number the inputs first, then the results of earlier steps.
struct ElementStep {
  ElementCode code = ElementCode::Affine;
  int a = 0, b = -1;
  float alpha = 0, beta = 0;
};

/// Several element-wise operators in one pass over memory; the last step's result is the output.
struct ElementProgram {
  int inputs = 0;
  std::vector<ElementStep> steps;
};

/// Applies one step to `count` elements. `out` may be `a` or `b`. Runs on the best instruction set of the
/// machine.
void apply(const ElementStep& step, const float* a, const float* b, float* out, std::int64_t count);

}  // namespace lapidary::cpu
