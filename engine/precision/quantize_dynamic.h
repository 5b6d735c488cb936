#pragma once

#include "engine/precision/quantize_static.h"

namespace lapidary {

/// Dynamic quantization, in bodies too: MatMul, Gemm and Conv with constant weights become MatMulInteger and
/// ConvInteger of weights in 8 bits and of inputs that DynamicQuantizeLinear rounds to uint8 in each run, so
/// that no ranges are needed. The model must be of operator set 11 or newer.
PrecisionConversion quantize_dynamic(const ModelPointer& model, const QuantizationOptions& options);

}  // namespace lapidary
