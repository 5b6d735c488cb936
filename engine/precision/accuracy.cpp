#include "engine/precision/accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/graph_index.h"
#include "engine/runtime/suggested_inputs.h"

namespace lapidary {
namespace {

/// Σ(got − want)², Σ want² and the largest difference of one tensor.
struct Sums {
  double errors = 0, squares = 0, largest = 0;

  void add(const Tensor& got, const Tensor& want) {
    const auto a = values_as<double>(got), b = values_as<double>(want);
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (a.size() != b.size()) {
      errors = infinite;
      return;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) {
        if (std::isfinite(b[i])) squares += b[i] * b[i];
        continue;
      }
      const double difference = std::isfinite(a[i]) && std::isfinite(b[i]) ? std::abs(a[i] - b[i]) : infinite;
      errors += difference * difference;
      largest = std::max(largest, difference);
      if (std::isfinite(b[i])) squares += b[i] * b[i];
    }
  }

  TensorAccuracy accuracy_of(const std::string& tensor, const Graph& graph, const GraphIndex& index) const {
    TensorAccuracy made{tensor, {}, {}, 0, largest};
    if (errors > 0)
      made.relative_error =
          squares > 0 ? std::sqrt(errors / squares) : std::numeric_limits<double>::infinity();
    if (const int maker = index.producer(tensor).node; maker >= 0) {
      const Node& node = *graph.nodes[static_cast<std::size_t>(maker)];
      made.node = node.label();
      made.op_type = node.op_type;
    }
    return made;
  }
};

bool is_compared(const Tensor& tensor) { return is_floating(tensor.type()) && tensor.size() > 0; }

}  // namespace

double TensorAccuracy::snr_db() const { return -20 * std::log10(relative_error); }

double Accuracy::worst_error() const {
  double worst = 0;
  for (const auto& output : outputs) worst = std::max(worst, output.relative_error);
  return worst;
}

InputSets input_sets_for(const Model& model, const InputSets& sets) {
  const auto inputs = unfilled_inputs(model);
  InputSets made = sets;
  for (auto& set : made)
    for (std::size_t i = 0; i < std::min(set.size(), inputs.size()); ++i)
      if (set[i].is_tensor() && inputs[i].type.is_tensor() && is_floating(set[i].tensor().type()) &&
          is_floating(inputs[i].type.element))
        set[i] = converted(set[i].tensor().aligned(), inputs[i].type.element);
  return made;
}

AccuracyTest::AccuracyTest(const ModelPointer& original, const Backend& backend, InputSets sets)
    : backend_(backend), sets_(std::move(sets)), wanted_(sets_.size()) {
  for (const auto& output : original->graph->outputs) outputs_.push_back(output.name);
  visit_tensors(original, backend, input_sets_for(*original, sets_), Shown::All,
                [&](std::size_t set, const std::string& name, const Tensor& tensor) {
                  if (is_compared(tensor)) wanted_[set][name] = tensor;
                });
}

void AccuracyTest::measure(const ModelPointer& model, Shown shown, Accuracy& accuracy) const {
  std::map<std::string, Sums> sums;
  visit_tensors(model, backend_, input_sets_for(*model, sets_), shown,
                [&](std::size_t set, const std::string& name, const Tensor& tensor) {
                  const auto want = wanted_[set].find(name);
                  if (want != wanted_[set].end()) sums[name].add(tensor, want->second);
                });
  const Graph& graph = *model->graph;
  const GraphIndex index(graph);
  if (shown == Shown::Outputs) {
    for (const auto& name : outputs_)
      if (sums.contains(name)) accuracy.outputs.push_back(sums[name].accuracy_of(name, graph, index));
    return;
  }
  for (const auto& node : graph.nodes)
    for (const auto& output : node->outputs)
      if (sums.contains(output) && std::find(outputs_.begin(), outputs_.end(), output) == outputs_.end())
        accuracy.layers.push_back(sums[output].accuracy_of(output, graph, index));
}

Accuracy AccuracyTest::measure(const ModelPointer& model) const {
  Accuracy accuracy;
  measure(model, Shown::Outputs, accuracy);
  measure(model, Shown::All, accuracy);
  return accuracy;
}

double AccuracyTest::worst_error(const ModelPointer& model) const {
  Accuracy accuracy;
  measure(model, Shown::Outputs, accuracy);
  return accuracy.worst_error();
}

}  // namespace lapidary
