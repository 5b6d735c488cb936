#include "engine/cpu/fusion.h"

namespace lapidary::cpu {

void fuse(LoweredGraph& graph) {
  // In this order: normalizations are found while their parts still stand alone; grouping wants all
  // element-wise operators there; functions are recognized inside groups; products take in whole groups.
  static constexpr void (*rewrites[])(LoweredGraph&) = {
      expand_batch_normalization, recognize_layer_normalization, group_elementwise, simplify_programs,
      fuse_into_products,
  };
  for (const auto rewrite : rewrites) rewrite(graph);
  graph.remove_dead();
}

}  // namespace lapidary::cpu
