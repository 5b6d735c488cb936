#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/precision/calibration.h"
#include "engine/precision/convert_precision.h"

namespace lapidary {

struct QuantizationOptions {
  bool per_channel = true;  ///< weights: a scale for each output channel
  bool symmetric = false;   ///< activations: int8 on both sides of 0 alike; else uint8 over their range
  NodeSelection excluded;   ///< nodes that stay as they are
  std::map<std::string, std::string> kept;  ///< more nodes that stay, by label, with the reason

  /// Why the node stays as it is; empty if nothing speaks against it.
  std::string keep_reason(const Node& node) const;
};

/// The model, or the same in that operator set if its own is older. Throws Error where it cannot be written
/// so.
ModelPointer with_opset_of_at_least(const ModelPointer& model, std::int64_t opset);

/// The model as calibration and quantization see it: optimized to the level Extended, so that normalizations
/// are folded and activations stand behind their products, and raised to the operator set that the result
/// needs.
ModelPointer prepared_for_quantization(const ModelPointer& model);

/// Static quantization in QDQ form: weights become int8, biases int32, each with a DequantizeLinear behind;
/// what QuantizationPlan says goes through QuantizeLinear and DequantizeLinear with scales from `ranges`.
/// Bodies of nodes stay as they are.
PrecisionConversion quantize_static(const ModelPointer& prepared,
                                    const std::map<std::string, ValueRange>& ranges,
                                    const QuantizationOptions& options);

}  // namespace lapidary
