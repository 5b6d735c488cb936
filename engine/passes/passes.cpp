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
      {"fold_batch_normalization", "Folds BatchNormalization into the convolution before it",
       PassLevel::Extended, fold_batch_normalization},
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
