#include "engine/precision/index_arithmetic.h"

#include <algorithm>

#include "engine/model/graph_index.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

class IndexArithmetic {
 public:
  IndexArithmetic(const Model& model, const Graph& graph, const InferredTypes& types)
      : model_(model), graph_(graph), types_(types), index_(graph) {}

  std::unordered_set<const Node*> find() {
    const auto& order = index_.topological_order();
    for (const int position : order)
      if (comes_from_integers(*node_at(position))) candidates_.insert(node_at(position));
    for (auto position = order.rbegin(); position != order.rend(); ++position)
      if (candidates_.contains(node_at(*position)) && !ends_as_integers(*node_at(*position)))
        candidates_.erase(node_at(*position));
    return std::move(candidates_);
  }

 private:
  const Node* node_at(int position) const { return graph_.nodes[static_cast<std::size_t>(position)].get(); }
  const Type& type_of(const std::string& value) const { return types_.type_in(&graph_, value); }
  bool is_float(const std::string& value) const {
    return type_of(value).is_tensor() && is_floating(type_of(value).element);
  }

  bool comes_from_integers(const Node& node) const {
    if (node.inputs.empty() || !subgraphs_of(node).empty()) return false;
    const bool makes_numbers = std::all_of(node.outputs.begin(), node.outputs.end(), [&](const auto& output) {
      const auto& shape = type_of(output).shape;
      return output.empty() || (is_float(output) && shape && shape->size() <= 1);
    });
    if (!makes_numbers) return false;
    bool any = false;
    for (const auto& input : node.inputs) {
      if (input.empty() || types_.constant_in(&graph_, input)) continue;
      const auto producer = index_.producer(input).node;
      const auto& shape = type_of(input).shape;
      const bool is_integers = is_integer(type_of(input).element) && shape && shape->size() <= 1;
      if (!is_integers && (producer < 0 || !candidates_.contains(node_at(producer)))) return false;
      any = true;
    }
    return any;
  }

  bool ends_as_integers(const Node& node) const {
    for (const auto& output : node.outputs) {
      if (output.empty()) continue;
      if (index_.is_output(output) || index_.consumers(output).empty()) return false;
      for (const auto& use : index_.consumers(output)) {
        const Node& reader = *node_at(use.node);
        const bool makes_integers =
            reader.outputs.size() == 1 && is_integer(type_of(reader.outputs[0]).element);
        if (!makes_integers && !takes_float32_only(reader, use.slot) && !candidates_.contains(&reader))
          return false;
      }
    }
    return true;
  }

  bool takes_float32_only(const Node& node, int slot) const {
    const Operator* record = slot < 0 ? nullptr : find_operator(model_, node);
    const auto index = static_cast<std::size_t>(slot);
    return record && index < record->inputs.size() && record->inputs[index].type == "tensor(float)";
  }

  const Model& model_;
  const Graph& graph_;
  const InferredTypes& types_;
  const GraphIndex index_;
  std::unordered_set<const Node*> candidates_;
};

}  // namespace

std::unordered_set<const Node*> index_arithmetic(const Model& model, const Graph& graph,
                                                 const InferredTypes& types) {
  return IndexArithmetic(model, graph, types).find();
}

}  // namespace lapidary
