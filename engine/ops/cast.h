#pragma once

#include <string>

#include "engine/model/tensor.h"
#include "engine/ops/inference.h"

namespace lapidary {

/// How Cast rounds to float8e8m0, whose values are powers of two.
enum class PowerRounding { Up, Down, Nearest };

struct CastRules {
  /// Float 8 targets: values out of range become the largest finite one (else NaN or infinity).
  bool saturate = true;
  PowerRounding power_rounding = PowerRounding::Up;
};

/// The tensor in another element type by the rules of ONNX's Cast: integers discard high bits, floating
/// numbers saturate when they become integers (the standard leaves that open), strings are read and written
/// as decimal numbers. Throws Error for complex numbers, and for text that is no number.
Tensor cast_tensor(const Tensor& tensor, DataType to, const CastRules& rules = {});

/// Element type from TensorProto's number; Undefined if it is none.
DataType data_type_from_number(std::int64_t number);

}  // namespace lapidary
