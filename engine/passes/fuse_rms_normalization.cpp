#include "engine/passes/all_passes.h"
#include "engine/passes/row_normalization.h"

namespace lapidary {
namespace {

/// x with a mean square of 1.
Pattern normalized(const Pattern& x) {
  return over_square_root(x, mean_of_rows(square(x)) + number("epsilon"));
}

}  // namespace

/// x / √(mean(x²) + epsilon)·scale → RMSNormalization, with means along the last axes, also of 16-bit floats
/// that are widened for it. Not where the scale has other sizes than a row, or in float64.
PassResult fuse_rms_normalization(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = row_normalizations("RMSNormalization", 23, normalized, false);
  return fuse(model, context, all);
}

}  // namespace lapidary
