#include "engine/cpu/fusion.h"

namespace lapidary::cpu {

void fuse(LoweredGraph& graph) {
  // In this order: quantized products are looked for between their conversions; 16-bit activations become
  // float32 before patterns are looked for; normalizations are found while their parts still stand alone;
  // grouping wants all element-wise operators there; functions are recognized inside groups; products take in
  // whole groups.
  static constexpr void (*rewrites[])(LoweredGraph&) = {
      choose_quantized_products,  compute_in_float32,
      expand_batch_normalization, recognize_layer_normalization,
      expand_quantization,        expand_einsum,
      group_elementwise,          simplify_programs,
      fuse_into_products,
  };
  for (const auto rewrite : rewrites) rewrite(graph);
  graph.remove_dead();
}

}  // namespace lapidary::cpu
