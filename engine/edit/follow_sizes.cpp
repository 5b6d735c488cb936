#include "engine/edit/follow_sizes.h"

#include <algorithm>

#include "engine/analysis/inferred_types.h"
#include "engine/edit/names.h"
#include "engine/model/edit.h"
#include "engine/model/nodes.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// Declared types of what nodes make would hold the former numbers against what is derived.
ModelPointer without_declared_types(const Model& model) {
  Graph graph = *model.graph;
  graph.value_infos = {};
  for (auto& output : graph.outputs) output.type.shape.reset();
  return with_graph(model, std::move(graph));
}

class SizeFollower {
 public:
  SizeFollower(const ModelPointer& before, const ModelPointer& model, const std::vector<std::string>& names)
      : former_(infer_types(*before)),
        graph_(*model->graph),
        model_(model),
        names_(names),
        taken_(*model, {}) {}

  ModelPointer run() {
    // A Reshape that is put right brings the symbol to those behind it.
    for (std::size_t left = graph_.nodes.size() + 1; left > 0; --left) {
      types_ = infer_types(*without_declared_types(*with_graph(*model_, graph_)));
      if (!correct_reshapes()) break;
    }
    remove_replaced();
    declare_types();
    return with_graph(*model_, std::move(graph_));
  }

 private:
  bool is_free(const Dimension& dimension) const {
    const auto symbols = dimension.symbols();
    return std::any_of(symbols.begin(), symbols.end(), [&](const std::string& symbol) {
      return std::find(names_.begin(), names_.end(), symbol) != names_.end();
    });
  }

  bool correct_reshapes() {
    bool any = false;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = *graph_.nodes[i];
      if (!is_standard(node, "Reshape") || node.inputs.size() < 2) continue;
      const Tensor* constant = types_.constant_in(nullptr, node.inputs[1]);
      if (!constant || is_input(graph_, node.inputs[1])) continue;
      if (const auto sizes = corrected(node, values_as<std::int64_t>(*constant))) {
        set_shape(i, *sizes);
        any = true;
      }
    }
    return any;
  }

  /// The sizes with a former number replaced: by 0 where it is copied from the same place, else by -1 for the
  /// rest.
  std::optional<Integers> corrected(const Node& node, Integers sizes) const {
    const auto data = types_.type_of(node.inputs[0]).shape, former = former_.type_of(node.inputs[0]).shape;
    if (!data || !former || data->size() != former->size()) return std::nullopt;
    if (node.attribute_or("allowzero", std::int64_t{0}) != 0) return std::nullopt;
    for (std::size_t i = 0; i < std::min(sizes.size(), data->size()); ++i)
      if (sizes[i] == 0 && is_free((*data)[i])) return std::nullopt;  // it is followed already
    const Dimension all = element_count(*data);
    const bool has_rest = std::find(sizes.begin(), sizes.end(), -1) != sizes.end();
    for (std::size_t i = 0; i < std::min(sizes.size(), data->size()); ++i) {
      if (!is_free((*data)[i]) || sizes[i] != (*former)[i].value_or(-2)) continue;
      sizes[i] = 0;
      return sizes;
    }
    if (has_rest || !is_free(all)) return std::nullopt;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      Integers others = sizes;
      others[i] = 1;
      for (std::size_t k = 0; k < others.size() && k < data->size(); ++k)
        if (others[k] == 0) others[k] = (*data)[k].value_or(0);
      const Dimension rest = floor_div(all, Dimension(element_count(others)));
      if (!is_free(rest) || !(rest * Dimension(element_count(others)) == all)) continue;
      sizes[i] = -1;
      return sizes;
    }
    return std::nullopt;
  }

  void set_shape(std::size_t position, const Integers& sizes) {
    Node node = *graph_.nodes[position];
    NamedTensor shape;
    shape.name = taken_.fresh_value(node.inputs[1] + "_any_batch");
    shape.tensor = Tensor::of({static_cast<std::int64_t>(sizes.size())}, sizes);
    const std::string former = node.inputs[1];
    node.inputs[1] = shape.name;
    graph_.initializers =
        appended(graph_.initializers, std::make_shared<const NamedTensor>(std::move(shape)));
    graph_.nodes = graph_.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    replaced_.insert(former);
  }

  /// The former shapes, where nobody else reads them.
  void remove_replaced() {
    for (const auto& node : graph_.nodes)
      for_each_read(*node, [&](const std::string& name) { replaced_.erase(name); });
    auto initializers = graph_.initializers.to_vector();
    std::erase_if(initializers, [&](const auto& tensor) {
      return replaced_.contains(tensor->name) && !is_output(graph_, tensor->name);
    });
    graph_.initializers = PersistentVector(std::move(initializers));
  }

  void declare_types() {
    const auto follow = [&](Value& value) {
      const Type& type = types_.type_of(value.name);
      if (!value.type.shape || !type.shape) return;
      if (value.type.element == type.element) value.type.shape = type.shape;
    };
    for (auto& output : graph_.outputs) follow(output);
    auto infos = graph_.value_infos.to_vector();
    for (auto& info : infos) follow(info);
    graph_.value_infos = PersistentVector(std::move(infos));
  }

  const InferredTypes former_;
  InferredTypes types_;
  Graph graph_;
  ModelPointer model_;
  const std::vector<std::string>& names_;
  TakenNames taken_;
  std::unordered_set<std::string> replaced_;
};

}  // namespace

ModelPointer with_sizes_followed(const ModelPointer& before, const ModelPointer& model,
                                 const std::vector<std::string>& names) {
  return SizeFollower(before, model, names).run();
}

}  // namespace lapidary
