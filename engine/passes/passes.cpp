#include "engine/passes/all_passes.h"

namespace lapidary {

const std::vector<Pass>& passes() {
  static const std::vector<Pass> all = {
      // First, since others look for producers and would find an Identity between.
      {"eliminate_identity", "Lets readers of Identity and of idle Dropout read their input",
       PassLevel::Basic, eliminate_identity},
      // Before what needs constant parameters.
      {"fold_constants", "Turns nodes whose results are known into initializers", PassLevel::Basic,
       fold_constants},
      // Early: what they put into the graph is for all others.
      {"inline_functions", "Puts the bodies of the model's functions in the place of their calls",
       PassLevel::Basic, inline_functions},
      {"inline_if", "Puts the branch that a constant condition takes in the place of If", PassLevel::Basic,
       inline_if},
      {"unroll_loops", "Writes the turns of loops with a few turns one after the other", PassLevel::Basic,
       unroll_loops},
      {"fold_shapes", "Makes shapes that are computed from sizes constant, with 0 and -1 for free ones",
       PassLevel::Basic, fold_shapes},
      {"eliminate_no_ops", "Removes nodes that pass their input on as it is", PassLevel::Basic,
       eliminate_no_ops},
      {"merge_reshapes", "Makes one Reshape of several in a row", PassLevel::Basic, merge_reshapes},
      {"merge_transposes", "Cancels Transposes against each other, also through what lies between",
       PassLevel::Basic, merge_transposes},
      {"merge_slices", "Merges Slice, Gather, Split and Concat that work on the same axes", PassLevel::Basic,
       merge_slices},
      {"simplify_quantization", "Removes QuantizeLinear of what was dequantized the same way",
       PassLevel::Basic, simplify_quantization},
      {"fold_pad", "Lets Conv and AveragePool pad what a Pad before them did", PassLevel::Basic, fold_pad},
      // After what makes more nodes alike.
      {"eliminate_common", "Merges nodes that compute the same and weights that hold the same",
       PassLevel::Basic, eliminate_common},
      // Fusions, the longer patterns before what is part of them, and all before scales move out of them.
      {"fuse_layer_normalization", "Writes spelled-out means and variances of rows as LayerNormalization",
       PassLevel::All, fuse_layer_normalization},
      {"fuse_gelu", "Writes x/2·(1 + erf(x/√2)), and its approximation by tanh, as Gelu", PassLevel::All,
       fuse_gelu},
      {"merge_scales", "Makes one Mul or Add of two by constants", PassLevel::Extended, merge_scales},
      {"fold_scale_after",
       "Folds BatchNormalization, Mul, Div, Add and Sub of constants into the product before",
       PassLevel::Extended, fold_scale_after},
      {"fold_scale_before",
       "Folds BatchNormalization, Mul, Div, Add and Sub of constants into the product behind",
       PassLevel::Extended, fold_scale_before},
      {"fold_scale_through", "Folds a single factor into constants further up", PassLevel::Extended,
       fold_scale_through},
      {"fuse_gemm", "Makes Gemm of a product of matrices and the bias behind it", PassLevel::Extended,
       fuse_gemm},
      // Last, since every pass leaves readers behind that nobody needs.
      {"eliminate_unused", "Removes nodes and weights that no output depends on", PassLevel::Basic,
       eliminate_unused},
  };
  return all;
}

std::vector<Pass> passes_up_to(PassLevel level) {
  std::vector<Pass> chosen;
  for (const auto& pass : passes())
    if (pass.level <= level) chosen.push_back(pass);
  return chosen;
}

std::string_view name_of(PassLevel level) {
  return level == PassLevel::Basic ? "basic" : level == PassLevel::Extended ? "extended" : "all";
}

}  // namespace lapidary
