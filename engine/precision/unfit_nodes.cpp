#include "engine/precision/unfit_nodes.h"

#include <algorithm>

#include "engine/model/graph_index.h"
#include "engine/model/names.h"
#include "engine/precision/rounding.h"

namespace lapidary {
namespace {

std::string short_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

/// True if a constant is as good as infinite: then numbers of that size come from it, and are clamped with
/// it.
bool has_sentinels(const Graph& graph, DataType target) {
  RoundingLoss loss;
  for (const auto& tensor : graph.initializers) loss.add(tensor->tensor, target);
  for (const auto& node : graph.nodes)
    for (const auto& attribute : node->attributes)
      if (const auto* tensor = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value))
        loss.add((*tensor)->tensor, target);
  return loss.sentinels > 0;
}

std::string unfit_reason(const std::string& name, const RoundingLoss& loss, bool excuses_sentinels,
                         DataType target) {
  const std::string type(name_of(target));
  if (loss.overflows > 0 || (loss.sentinels > 0 && !excuses_sentinels))
    return "'" + name + "' overflows " + type + ": it reaches " + short_number(loss.largest);
  if (loss.underflows())
    return "'" + name + "' underflows " + type + ": rounding it changes it by " +
           short_number(100 * loss.relative_error()) + " %";
  return {};
}

}  // namespace

UnfitNodes find_unfit_nodes(const ModelPointer& model, const Backend& backend, const InputSets& sets,
                            DataType target, const Progress& progress) {
  std::map<std::string, RoundingLoss> losses;
  visit_tensors(
      model, backend, sets, Shown::All,
      [&](std::size_t, const std::string& name, const Tensor& tensor) { losses[name].add(tensor, target); },
      progress);
  const bool excuses_sentinels = has_sentinels(*model->graph, target);
  std::map<std::string, std::string> by_value;
  UnfitNodes unfit;
  for (const auto& [name, loss] : losses)
    if (std::string reason = unfit_reason(name, loss, excuses_sentinels, target); !reason.empty()) {
      unfit.values.insert(name);
      by_value.emplace(name, std::move(reason));
    }
  for (const auto& node : model->graph->nodes) {
    const auto concern = [&](const std::string& name) {
      if (const auto found = by_value.find(name); found != by_value.end())
        unfit.reasons.emplace(node->label(), found->second);
    };
    std::for_each(node->outputs.begin(), node->outputs.end(), concern);
    for_each_read(*node, concern);
  }
  return unfit;
}

}  // namespace lapidary
