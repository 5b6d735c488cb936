#include "engine/passes/all_passes.h"
#include "engine/passes/row_normalization.h"

namespace lapidary {
namespace {

/// x brought to mean 0 and variance 1.
Pattern normalized(const Pattern& x) {
  const Pattern centred = x - mean_of_rows(x);
  return over_square_root(centred, mean_of_rows(square(centred)) + number("epsilon"));
}

}  // namespace

/// (x − mean(x)) / √(mean((x − mean(x))²) + epsilon)·scale + bias → LayerNormalization, with means along the
/// last axes, also of 16-bit floats that are widened for it. Not where scale or bias have other sizes than a
/// row, or in float64, in which LayerNormalization keeps no statistics.
PassResult fuse_layer_normalization(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = row_normalizations("LayerNormalization", 17, normalized, true);
  return fuse(model, context, all);
}

}  // namespace lapidary
