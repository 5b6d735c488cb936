#include <algorithm>
#include <chrono>

#include "engine/passes/pass.h"

namespace lapidary {
namespace {

/// Enough for the deepest chains of passes that wait for each other; two passes that undo each other end
/// here.
constexpr int most_rounds = 24;

double ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void add_notes(std::vector<std::string>& all, std::vector<std::string>& more) {
  for (auto& note : more)
    if (std::find(all.begin(), all.end(), note) == all.end()) all.push_back(std::move(note));
}

}  // namespace

Optimized optimize(ModelPointer model, const std::vector<Pass>& chosen, PassContext context) {
  Optimized result{std::move(model), {}, {}};
  for (const auto& pass : chosen) result.passes.push_back({pass.name, 0, 0});
  if (!result.model->training_infos.empty()) {
    result.notes.push_back("the model brings training graphs and was left as it is");
    return result;
  }
  // A pass that found nothing in a model need not look at it again.
  std::vector<ModelPointer> finished(chosen.size());
  for (int round = 0; round < most_rounds; ++round) {
    const ModelPointer before = result.model;
    context.types->refresh();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (round > 0 && finished[i] == result.model) continue;
      const auto begin = std::chrono::steady_clock::now();
      context.pass = chosen[i].name;
      PassResult step = chosen[i].apply(result.model, context);
      result.passes[i].ms += ms_since(begin);
      result.passes[i].changes += step.changed.size();
      add_notes(result.notes, step.notes);
      finished[i] = step.changed.empty() ? result.model : nullptr;
      if (step.changed.empty()) continue;
      context.types->follow(result.model, step.model);
      result.model = std::move(step.model);
    }
    if (result.model == before) break;
  }
  return result;
}

}  // namespace lapidary
