#include "engine/precision/unfit_nodes.h"

#include <algorithm>
#include <cmath>

#include "engine/model/graph_index.h"
#include "engine/model/names.h"
#include "engine/model/short_number.h"
#include "engine/precision/accuracy.h"
#include "engine/precision/rounding.h"

namespace lapidary {
namespace {

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

bool is_finite(const Tensor& tensor) {
  const auto numbers = values_as<float>(tensor);
  return std::all_of(numbers.begin(), numbers.end(), [](float number) { return std::isfinite(number); });
}

/// Tensors that hold a number that is not finite.
std::set<std::string> infinite_tensors(const ModelPointer& model, const Backend& backend,
                                       const InputSets& sets) {
  std::set<std::string> names;
  visit_tensors(model, backend, input_sets_for(*model, sets), Shown::All,
                [&](std::size_t, const std::string& name, const Tensor& tensor) {
                  if (!is_finite(tensor)) names.insert(name);
                });
  return names;
}

}  // namespace

std::map<std::string, std::string> find_unfit_bodies(const ModelPointer& original,
                                                     const ModelPointer& converted, const Backend& backend,
                                                     const InputSets& sets) {
  std::map<std::string, std::string> unfit;
  const auto& nodes = original->graph->nodes;
  if (std::none_of(nodes.begin(), nodes.end(), [](const auto& node) { return !subgraphs_of(*node).empty(); }))
    return unfit;
  const auto before = infinite_tensors(original, backend, sets),
             after = infinite_tensors(converted, backend, sets);
  for (const auto& node : nodes)
    for (const auto& output : node->outputs)
      if (!subgraphs_of(*node).empty() && after.contains(output) && !before.contains(output))
        unfit.emplace(node->label(), "something inside overflows: '" + output + "' is no longer finite");
  return unfit;
}

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
