#include "engine/edit/follow_sizes.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "engine/analysis/inferred_types.h"
#include "engine/edit/names.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"
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
        taken_(*model, {}) {
    for (const auto& input : graph_.inputs) {
      const auto& was = former_.type_of(input.name).shape;
      for (std::size_t axis = 0; was && input.type.shape && axis < was->size(); ++axis)
        if (is_free((*input.type.shape)[axis]) && (*was)[axis].is_constant())
          freed_numbers_.insert((*was)[axis].value());
    }
  }

  ModelPointer run() {
    // A node that is put right brings the symbol to those behind it.
    for (std::size_t left = graph_.nodes.size() + 1; left > 0; --left) {
      types_ = infer_types(*without_declared_types(*with_graph(*model_, graph_)));
      if (!correct_reshapes() && !correct_concats()) break;
    }
    refuse_contradictions();
    remove_replaced();
    declare_types();
    list_new_initializers();
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
      const auto choices = corrections(node, values_as<std::int64_t>(*constant));
      if (choices.empty()) continue;
      set_shape(i, choices.size() == 1 ? choices.front() : best_of(choices, i));
      any = true;
    }
    return any;
  }

  /// The product of all sizes but one, those that are copied as they are in the data.
  static std::int64_t product_of_others(Integers sizes, std::size_t index, const Shape& data) {
    sizes[index] = 1;
    for (std::size_t i = 0; i < std::min(sizes.size(), data.size()); ++i)
      if (sizes[i] == 0) sizes[i] = data[i].value_or(0);
    return element_count(sizes);
  }

  /// The sizes with a former number replaced: by 0 where it is copied from the same place, else by -1 for the
  /// rest, wherever that fits, the likely place first. None if nothing is to be replaced.
  std::vector<Integers> corrections(const Node& node, const Integers& sizes) const {
    const auto data = types_.type_of(node.inputs[0]).shape, former = former_.type_of(node.inputs[0]).shape;
    if (!data || !former || data->size() != former->size()) return {};
    if (node.attribute_or("allowzero", std::int64_t{0}) != 0) return {};
    const std::size_t common = std::min(sizes.size(), data->size());
    for (std::size_t i = 0; i < common; ++i)
      if (sizes[i] == 0 && is_free((*data)[i])) return {};  // it is followed already
    const bool is_made = made_shapes_.contains(node.inputs[1]);
    const bool has_rest = std::find(sizes.begin(), sizes.end(), -1) != sizes.end();
    for (std::size_t i = 0; i < common; ++i) {
      const bool is_symbol =
          (*data)[i].symbols().size() == 1 && (*data)[i] == Dimension::symbol((*data)[i].symbols()[0]);
      if (is_free((*data)[i]) && sizes[i] == (*former)[i].value_or(-2) &&
          (is_symbol || (has_rest && !is_made)))
        return {with(sizes, i, 0)};
    }
    if (has_rest) return {};
    const Dimension all = element_count(*data);
    std::vector<Integers> freed, likely, others;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Dimension known(product_of_others(sizes, i, *data)), rest = floor_div(all, known);
      if (!is_free(rest) || !(rest * known == all)) continue;
      const bool is_copied = i < data->size() && (*data)[i].value_or(-2) == sizes[i];
      auto& place = freed_numbers_.contains(sizes[i]) ? freed : is_copied ? others : likely;
      place.push_back(with(sizes, i, -1));
    }
    freed.insert(freed.end(), likely.begin(), likely.end());
    freed.insert(freed.end(), others.begin(), others.end());
    return freed;
  }

  static Integers with(Integers sizes, std::size_t index, std::int64_t size) {
    sizes[index] = size;
    return sizes;
  }

  /// Nodes that may fit once others are put right: Reshapes, and those that read more than one value that is
  /// computed.
  std::unordered_set<std::string> labels_of_unsettled() const {
    std::unordered_set<std::string> labels, computed;
    for (const auto& input : graph_.inputs)
      if (!initializer_of(graph_, input.name)) computed.insert(input.name);
    for (const auto& node : graph_.nodes) {
      const auto count = std::count_if(node->inputs.begin(), node->inputs.end(),
                                       [&](const std::string& input) { return computed.contains(input); });
      if (count > 1 || is_standard(*node, "Reshape")) labels.insert(node->label());
      if (count > 0) computed.insert(node->outputs.begin(), node->outputs.end());
    }
    return labels;
  }

  /// The choice that contradicts least what comes behind.
  Integers best_of(const std::vector<Integers>& choices, std::size_t position) {
    const Graph saved = graph_;
    const auto unsettled = labels_of_unsettled();
    std::size_t least = std::numeric_limits<std::size_t>::max();
    Integers best;
    for (const auto& choice : choices) {
      set_shape(position, choice);
      auto found = contradictions();
      std::erase_if(found, [&](const Problem& problem) { return unsettled.contains(problem.node); });
      const std::size_t count = found.size();
      graph_ = saved;
      if (count >= least) continue;
      least = count;
      best = choice;
    }
    return best;
  }

  /// A constant of size 1, such as a token that goes before all others, is repeated for each of what it is
  /// joined to.
  bool correct_concats() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = *graph_.nodes[i];
      if (!is_standard(node, "Concat")) continue;
      for (std::size_t to = 0; to < node.inputs.size(); ++to)
        for (const auto& from : node.inputs)
          if (const auto axis = axis_to_expand(node, from, node.inputs[to])) {
            expand_input(i, to, from, *axis);
            return true;
          }
    }
    return false;
  }

  /// The axis along which `from` has a free size and `to` is 1, though it is not the one along which they are
  /// joined.
  std::optional<std::size_t> axis_to_expand(const Node& node, const std::string& from,
                                            const std::string& to) const {
    const auto free = types_.type_of(from).shape, fixed = types_.type_of(to).shape;
    if (!free || !fixed || free->size() != fixed->size()) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(free->size());
    const std::int64_t given = node.attribute_or("axis", std::int64_t{1}),
                       joined = given < 0 ? given + rank : given;
    for (std::size_t axis = 0; axis < free->size(); ++axis)
      if (static_cast<std::int64_t>(axis) != joined && is_free((*free)[axis]) &&
          (*fixed)[axis].value_or(0) == 1)
        return axis;
    return std::nullopt;
  }

  void expand_input(std::size_t position, std::size_t slot, const std::string& from, std::size_t axis) {
    Node node = *graph_.nodes[position];
    const std::size_t rank = types_.type_of(from).shape->size();
    std::vector<std::shared_ptr<const Node>> made;
    const auto make = [&](const char* op_type, std::vector<std::string> inputs,
                          std::vector<Attribute> attributes = {}) {
      Node one;
      one.op_type = op_type;
      one.inputs = std::move(inputs);
      one.outputs = {taken_.fresh_value(node.inputs[slot] + "/" + op_type)};
      one.attributes = std::move(attributes);
      made.push_back(std::make_shared<const Node>(std::move(one)));
      return made.back()->outputs[0];
    };
    const auto constant = [&](const Integers& values) {
      NamedTensor tensor;
      tensor.name = taken_.fresh_value(node.inputs[slot] + "/sizes");
      tensor.tensor = Tensor::of({static_cast<std::int64_t>(values.size())}, values);
      graph_.initializers = appended(graph_.initializers, std::make_shared<const NamedTensor>(tensor));
      return tensor.name;
    };
    std::vector<std::string> parts;
    if (axis > 0) parts.push_back(constant(Integers(axis, 1)));
    parts.push_back(make("Gather", {make("Shape", {from}), constant({static_cast<std::int64_t>(axis)})}));
    if (axis + 1 < rank) parts.push_back(constant(Integers(rank - axis - 1, 1)));
    const std::string sizes = make("Concat", parts, {make_attribute("axis", std::int64_t{0})});
    node.inputs[slot] = make("Expand", {node.inputs[slot], sizes});
    auto nodes = graph_.nodes.to_vector();
    nodes[position] = std::make_shared<const Node>(std::move(node));
    nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>(position), made.begin(), made.end());
    graph_.nodes = PersistentVector(std::move(nodes));
  }

  /// What no longer fits: it shows where the symbols are numbers that nothing else has.
  std::vector<Problem> contradictions() const {
    InferenceOptions options;
    std::int64_t number = 9973;
    for (const auto& name : names_) options.dimensions[name] = number += 2;
    const auto& known = former_.problems();
    const InferredTypes tried = infer_types(*without_declared_types(*with_graph(*model_, graph_)), options);
    std::vector<Problem> found;
    for (const auto& problem : tried.problems()) {
      const bool is_new = std::none_of(known.begin(), known.end(), [&](const Problem& p) {
        return p.node == problem.node && p.message == problem.message;
      });
      if (is_new && problem.severity == Problem::Severity::Error) found.push_back(problem);
    }
    return found;
  }

  void refuse_contradictions() const {
    const auto found = contradictions();
    if (found.empty()) return;
    throw Error("the former size is built in there: " + found.front().message)
        .node(found.front().node)
        .advice("Change that node first, or export the model with this size free");
  }

  void set_shape(std::size_t position, const Integers& sizes) {
    Node node = *graph_.nodes[position];
    NamedTensor shape;
    shape.name = taken_.fresh_value(node.inputs[1] + "_any_batch");
    shape.tensor = Tensor::of({static_cast<std::int64_t>(sizes.size())}, sizes);
    const std::string former = node.inputs[1];
    node.inputs[1] = shape.name;
    made_shapes_.insert(shape.name);
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

  /// Before IR version 4 initializers are listed as inputs, too.
  void list_new_initializers() {
    if (model_->ir_version >= 4) return;
    for (const auto& tensor : graph_.initializers)
      if (!is_input(graph_, tensor->name))
        graph_.inputs.push_back({tensor->name, tensor->tensor.full_type(), {}, {}, {}});
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
  std::unordered_set<std::int64_t> freed_numbers_;
  std::unordered_set<std::string> replaced_, made_shapes_;
};

}  // namespace

ModelPointer with_sizes_followed(const ModelPointer& before, const ModelPointer& model,
                                 const std::vector<std::string>& names) {
  return SizeFollower(before, model, names).run();
}

}  // namespace lapidary
