#pragma once

#include "engine/precision/quantize_static.h"

namespace lapidary {

/// How weights of 4 bits are written: as the standard's blocks (operator set 21), or as MatMulNBits of
/// com.microsoft.
enum class BlockForm { DequantizeLinear, MatMulNBits };

struct BlockOptions {
  DataType type = DataType::Int4;  ///< Int4 (on both sides of 0 alike) or UInt4
  std::int64_t block_size = 32;    ///< numbers along the axis that is summed over which share a scale
  BlockForm form = BlockForm::DequantizeLinear;
  QuantizationOptions nodes;  ///< which stay as they are
};

/// MatMul and Gemm with constant matrices of float32, in bodies too: the weights become 4-bit integers in
/// blocks, what is computed stays float32. The model must be of operator set 21 or newer for
/// BlockForm::DequantizeLinear. Throws Error (Usage) for block sizes that the form does not have.
PrecisionConversion quantize_weights_only(const ModelPointer& model, const BlockOptions& options);

}  // namespace lapidary
