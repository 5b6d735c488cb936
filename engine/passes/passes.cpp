#include <algorithm>

#include "engine/model/error.h"
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
      {"eliminate_pairs", "Removes what the node behind undoes or does again", PassLevel::Basic,
       eliminate_pairs},
      {"eliminate_expand", "Removes Expand before element-wise nodes that broadcast themselves",
       PassLevel::Basic, eliminate_expand},
      {"merge_reshapes", "Makes one Reshape of several in a row", PassLevel::Basic, merge_reshapes},
      {"merge_reductions", "Lets reductions keep or take away the axes that a Reshape behind them changes",
       PassLevel::Basic, merge_reductions},
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
      // Fusions before scales move out of what they look for; each after those that make its parts.
      {"fuse_clip", "Makes one Clip or Relu of Relu, Clip, Max and Min with a number in a row",
       PassLevel::All, fuse_clip},
      {"fuse_hard_swish", "Writes x·clip(x + 3, 0, 6)/6 as HardSwish, and without the product as HardSigmoid",
       PassLevel::All, fuse_hard_swish},
      {"fuse_gelu", "Writes x/2·(1 + erf(x/√2)), and its approximation by tanh, as Gelu", PassLevel::All,
       fuse_gelu},
      {"fuse_mish", "Writes x·tanh(Softplus(x)) as Mish", PassLevel::All, fuse_mish},
      {"fuse_swish", "Writes x·Sigmoid(alpha·x) as Swish", PassLevel::All, fuse_swish},
      {"fuse_softmax", "Writes exponentials over their sum as Softmax, and their logarithms as LogSoftmax",
       PassLevel::All, fuse_softmax},
      {"fuse_layer_normalization",
       "Writes rows without their mean over their deviation as LayerNormalization", PassLevel::All,
       fuse_layer_normalization},
      {"fuse_rms_normalization", "Writes rows over their root mean square as RMSNormalization",
       PassLevel::All, fuse_rms_normalization},
      {"fuse_group_normalization", "Writes InstanceNormalization of groups of channels as GroupNormalization",
       PassLevel::All, fuse_group_normalization},
      {"fuse_rotary_embedding", "Writes x·cos + Concat(−x₂, x₁)·sin as RotaryEmbedding", PassLevel::All,
       fuse_rotary_embedding},
      {"fuse_attention", "Writes values weighted by the Softmax of scores as Attention", PassLevel::All,
       fuse_attention},
      {"fuse_global_pool", "Writes reductions of all spatial axes as GlobalAveragePool and GlobalMaxPool",
       PassLevel::All, fuse_global_pool},
      {"fuse_space_to_depth", "Writes blocks of pixels that are moved as SpaceToDepth and DepthToSpace",
       PassLevel::All, fuse_space_to_depth},
      {"fuse_convolution_activation",
       "Writes Conv and its activation as FusedConv of com.microsoft, if asked for", PassLevel::All,
       fuse_convolution_activation},
      // After what looks for patterns with scales inside.
      {"merge_scales", "Makes one Mul or Add of two by constants", PassLevel::Extended, merge_scales},
      {"fold_scale_after",
       "Folds BatchNormalization, Mul, Div, Add and Sub of constants into the product before",
       PassLevel::Extended, fold_scale_after},
      {"fold_scale_before",
       "Folds BatchNormalization, Mul, Div, Add and Sub of constants into the product behind",
       PassLevel::Extended, fold_scale_before},
      {"fold_scale_through", "Folds a single factor into constants further up", PassLevel::Extended,
       fold_scale_through},
      {"fuse_gemm", "Makes Gemm of a product of matrices with what is added behind it or turned before",
       PassLevel::Extended, fuse_gemm},
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

std::vector<Pass> chosen_passes(PassLevel level, const std::vector<std::string>& only,
                                const std::vector<std::string>& skipped) {
  const auto holds = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto* names : {&only, &skipped})
    for (const std::string& name : *names)
      if (std::none_of(passes().begin(), passes().end(), [&](const Pass& pass) { return pass.name == name; }))
        throw Error("there is no pass '" + name + "'", Error::Kind::Usage)
            .advice("See lapidary optimize --list");
  std::vector<Pass> chosen = only.empty() ? passes_up_to(level) : passes();
  std::erase_if(chosen, [&](const Pass& pass) {
    return (!only.empty() && !holds(only, pass.name)) || holds(skipped, pass.name);
  });
  return chosen;
}

PassLevel pass_level(std::string_view name) {
  for (const PassLevel level : {PassLevel::Basic, PassLevel::Extended, PassLevel::All})
    if (name == name_of(level)) return level;
  throw Error("there is no level '" + std::string(name) + "'", Error::Kind::Usage)
      .advice("It can be basic, extended or all");
}

std::string_view name_of(PassLevel level) {
  return level == PassLevel::Basic ? "basic" : level == PassLevel::Extended ? "extended" : "all";
}

std::int64_t newest_opset_at(PassLevel level) { return level == PassLevel::All ? 23 : 0; }

}  // namespace lapidary
