#include <chrono>

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

ModelPointer optimize(ModelPointer model, const std::function<bool(const Pass&)>& wanted,
                      std::vector<PassReport>& reports) {
  using Clock = std::chrono::steady_clock;
  std::vector<const Pass*> chosen;
  for (const auto& pass : passes())
    if (wanted(pass)) chosen.push_back(&pass);
  reports.clear();
  for (const auto* pass : chosen) reports.push_back({pass->name, 0, 0});
  // Every change removes a node or a weight, so the rounds end.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto begin = Clock::now();
      PassResult result = chosen[i]->apply(model);
      reports[i].ms += std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
      reports[i].changes += result.changed.size();
      if (result.changed.empty()) continue;
      model = std::move(result.model);
      changed = true;
    }
  }
  return model;
}

}  // namespace lapidary
